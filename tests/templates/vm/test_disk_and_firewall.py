"""The steps that need a kernel: a real disk image on a loop device, real packet filter rules."""

import os
import subprocess
from collections.abc import Callable, Generator
from pathlib import Path

import pytest

from tests.templates.vm.conftest import VM, Machine
from tests.templates.vm.metadata_server import Metadata

pytestmark = pytest.mark.skipif(
    os.geteuid() != 0, reason="loop devices, mounts and packet filters are root's"
)

MOUNTS = ("unshare", "--mount")
NETWORK = ("unshare", "--net")
SUBNET = "10.87.251.16/28"
RULE = "-d 169.254.169.254/32 -p tcp -m tcp ! --dport 53 -j REJECT --reject-with tcp-reset"


@pytest.fixture
def image(tmp_path: Path) -> Path:
    file = tmp_path / "disk.img"
    with file.open("wb") as blank:
        blank.truncate(64 * 1024 * 1024)
    return file


@pytest.fixture
def disk(image: Path, tmp_path: Path) -> Generator[Path]:
    """A link to a block device, as udev makes it for a disk's name."""
    command = ["losetup", "--find", "--show", str(image)]
    made = subprocess.run(command, capture_output=True, text=True, check=False)
    if made.returncode != 0:
        pytest.skip(f"this machine lends no loop device: {made.stderr.strip()}")
    link = tmp_path / "google-atelier-data"
    link.symlink_to(made.stdout.strip())
    try:
        yield link
    finally:
        subprocess.run(["losetup", "--detach", made.stdout.strip()], check=True)


def test_a_blank_disk_is_formatted_once_and_keeps_what_is_on_it(
    machine: Machine, disk: Path
) -> None:
    said = machine.run(
        f'ensure_data_disk {disk}; echo kept >"$DATA/frontend/file"; ensure_data_disk {disk}',
        before=MOUNTS,
    )
    assert said.count("formatting the blank data disk") == 1
    # As after a reboot: nothing is mounted, the disk holds its file system.
    said = machine.run(f'ensure_data_disk {disk}; cat "$DATA/frontend/file"', before=MOUNTS)
    assert said.endswith("kept\n")
    assert "formatting" not in said
    table = (machine.root / "etc/fstab").read_text().splitlines()
    assert len(table) == 1
    assert table[0].startswith("UUID=")
    assert table[0].endswith(f" {machine.data} ext4 defaults,nofail,discard 0 2")


def test_another_disk_takes_the_first_ones_place_in_fstab(machine: Machine, disk: Path) -> None:
    machine.run(f"ensure_data_disk {disk}", before=MOUNTS)
    first = (machine.root / "etc/fstab").read_text()
    (machine.root / "etc/fstab").write_text(first + "proc /proc proc defaults 0 0\n")
    subprocess.run(["mkfs.ext4", "-q", "-F", str(disk)], check=True)
    machine.run(f"ensure_data_disk {disk}", before=MOUNTS)
    table = (machine.root / "etc/fstab").read_text().splitlines()
    assert [line.split()[1] for line in table] == ["/proc", str(machine.data)]
    assert table[1] != first.strip()


def may_resize() -> bool:
    """Say whether this process may grow a mounted file system (CAP_SYS_RESOURCE)."""
    status = Path("/proc/self/status").read_text()
    effective = next(line.split()[1] for line in status.splitlines() if line.startswith("CapEff"))
    return bool(int(effective, 16) >> 24 & 1)


@pytest.mark.skipif(not may_resize(), reason="only CAP_SYS_RESOURCE grows a mounted file system")
def test_a_grown_disk_is_used_whole(machine: Machine, disk: Path, image: Path) -> None:
    machine.run(f"ensure_data_disk {disk}", before=MOUNTS)
    os.truncate(image, 128 * 1024 * 1024)
    subprocess.run(["losetup", "--set-capacity", str(disk.resolve())], check=True)
    size = 'df --output=size --block-size=1M "$DATA" | tail -n 1'
    assert int(machine.run(f"ensure_data_disk {disk}; {size}", before=MOUNTS)) > 100


def write(image: Path, pieces: dict[int, bytes]) -> None:
    with image.open("r+b") as file:
        for offset, piece in pieces.items():
            file.seek(offset)
            file.write(piece)


# A master boot record with one Linux partition.
PARTITIONED = {450: b"\x83\0\0\0" + (2048).to_bytes(4, "little") * 2, 510: b"\x55\xaa"}


def make_swap(image: Path) -> None:
    subprocess.run(["mkswap", str(image)], check=True, capture_output=True)


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda image: write(image, {70_000: b"annotations of last week"}), "is not a file system"),
        (lambda image: write(image, PARTITIONED), "holds a partition table and not ext4"),
        (make_swap, "holds swap and not ext4"),
    ],
    ids=["bytes", "partitions", "swap"],
)
def test_a_disk_that_holds_something_else_is_left_alone(
    machine: Machine,
    metadata: Metadata,
    disk: Path,
    image: Path,
    spoil: Callable[[Path], None],
    message: str,
) -> None:
    spoil(image)
    before = image.read_bytes()
    machine.run(f"ensure_data_disk {disk}", before=MOUNTS, status=1)
    assert message in metadata.message
    assert "left alone" in metadata.message
    assert image.read_bytes() == before


def rules(machine: Machine, commands: str) -> list[str]:
    said = machine.run(f"{commands}; iptables --list-rules DOCKER-USER", before=NETWORK)
    return [line.removeprefix("-A DOCKER-USER ") for line in said.splitlines() if "-A" in line]


def test_no_container_reaches_the_metadata_server_and_each_its_name_server(
    machine: Machine,
) -> None:
    assert rules(machine, "ensure_firewall key") == [RULE]


def test_the_rule_stands_once_however_often_it_is_made(machine: Machine) -> None:
    other = "iptables --append DOCKER-USER --jump RETURN"
    commands = f"ensure_firewall key; {other}; ensure_firewall key; ensure_firewall key"
    assert rules(machine, commands) == [RULE, "-j RETURN"]


def test_without_a_key_only_the_containers_that_use_buckets_reach_it(machine: Machine) -> None:
    assert rules(machine, "ensure_firewall key; ensure_firewall keyless") == [
        f"! -s {SUBNET} {RULE}"
    ]
    assert rules(machine, "ensure_firewall keyless; ensure_firewall key") == [RULE]
    assert SUBNET in (VM / "compose.yml").read_text()
