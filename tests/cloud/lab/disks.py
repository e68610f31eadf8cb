"""Disks: sparse files behind loop devices, so that they are formatted, mounted, filled and cut off
for real."""

import fcntl
import json
import os
import shutil
import struct
from pathlib import Path

from tests.cloud.lab.place import run

# ext4's shutdown request (linux/ext4.h) and its flag for: drop what the journal does not have yet.
EXT4_SHUTDOWN = 0x8004587D
NO_FLUSH = struct.pack("I", 2)


class Disk:
    """A disk of a size in GB (10^9 bytes), in a file that is made at first use."""

    def __init__(self, file: Path, size_gb: float) -> None:
        self.file = file
        if not file.exists():
            file.parent.mkdir(parents=True, exist_ok=True)
            with file.open("wb") as new:
                new.truncate(int(size_gb * 1e9))

    def attach(self) -> Path:
        """Return the block device that the disk is, attached first where it is not."""
        there = attached(self.file)
        if there:
            return there[0]
        device = Path(run(["losetup", "--find", "--show", self.file]).stdout.strip())
        # ext4 mounted with `discard` still frees blocks after it was cut off, also those that the
        # journal on the disk needs: files would be found full of zeros, which no power cut does.
        Path("/sys/block", device.name, "queue", "discard_max_bytes").write_text("0")
        return device

    def detach(self) -> None:
        """Take the device away. It goes at once, or when its last mount does."""
        for device in attached(self.file):
            run(["losetup", "--detach", device])

    def format(self) -> None:
        """Make an ext4 file system on it."""
        options = ["-E", "lazy_itable_init=1,lazy_journal_init=1,nodiscard"]
        run(["mkfs.ext4", "-q", *options, self.file])

    def copy(self, file: Path) -> "Disk":
        """Return a copy, as a snapshot would be. The disk must not be in use."""
        run(["cp", "--sparse=always", "--reflink=auto", self.file, file])
        return Disk(file, 0)

    def remove(self) -> None:
        """Detach it and delete its file."""
        self.detach()
        self.file.unlink(missing_ok=True)


def attached(below: Path) -> list[Path]:
    """Return the loop devices whose file is `below`, or is in that folder."""
    listed = run(["losetup", "--list", "--json", "--output", "NAME,BACK-FILE"]).stdout.strip()
    devices = json.loads(listed)["loopdevices"] if listed else []
    found: list[Path] = []
    for device in devices:
        file = Path(device["back-file"].removesuffix(" (deleted)"))
        if file == below or below in file.parents:
            found.append(Path(device["name"]))
    return found


def detach_all(folder: Path) -> None:
    """Detach every disk whose file is in a folder."""
    for device in attached(folder):
        run(["losetup", "--detach", device], check=False)


def cut_off(process: int, devices: list[Path]) -> list[str]:
    """Drop what these devices' file systems have not written yet, as the loss of power does.

    `process` is one that sees them mounted. Return the mount points that were cut off: each of its
    file systems answers with an error from now on.
    """
    numbers = {os.stat(device).st_rdev for device in devices}
    wanted = {f"{os.major(number)}:{os.minor(number)}" for number in numbers}
    cut: list[str] = []
    for line in Path(f"/proc/{process}/mountinfo").read_text().splitlines():
        number, mount_point = line.split()[2], line.split()[4]
        if number not in wanted:
            continue
        wanted.remove(number)  # One mount of a file system stands for all of them.
        there = os.open(f"/proc/{process}/root{mount_point}", os.O_RDONLY)
        try:
            fcntl.ioctl(there, EXT4_SHUTDOWN, NO_FLUSH)
        finally:
            os.close(there)
        cut.append(mount_point)
    return cut


def free_bytes(folder: Path) -> int:
    """Return how much fits into a folder's file system."""
    return shutil.disk_usage(folder).free
