"""A machine: Debian with its own systemd, network, process ids, devices and disks.

It shares the host's kernel, so what the kernel does (drivers, memory, cgroup versions) is the
host's. Power cuts are real as far as disks go: what ext4 had not written is lost, and every
process at once.
"""

import shutil
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path

from tests.cloud.lab import cgroups
from tests.cloud.lab.disks import Disk, attached, cut_off
from tests.cloud.lab.network import Network, child, is_in_own_namespace
from tests.cloud.lab.place import HERE, LabError, Place, run
from tests.cloud.lab.processes import Processes, wait_until

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
NAMESPACES = ("--net", "--mount", "--pid", "--uts", "--ipc", "--cgroup")
STARTUP = "google-startup-scripts"


class Machine:
    """`number` (1 to 60) gives its addresses. Boot disk and console log are in the lab's state."""

    def __init__(
        self, place: Place, network: Network, processes: Processes, name: str, number: int
    ) -> None:
        self.place, self.network, self.processes = place, network, processes
        self.name, self.number = name, number
        self.folder = place.folder("machines", name)
        self.address = f"10.99.{number}.2"
        self.outside = f"198.51.100.{number}"  # TEST-NET-2: leads to the machine, in the lab only.
        self.process = f"machine-{name}"

    @property
    def cgroup(self) -> str:
        return f"{self.place.name}-{self.name}"

    @property
    def console(self) -> Path:
        """Return the file of what the machine writes to its console."""
        return self.folder / "console.log"

    @property
    def first(self) -> int:
        """Return the machine's systemd, as the host numbers it. Raises LabError when it is off."""
        outer = self.processes.pid(self.process)
        first = child(outer) if outer else None
        if first is None:
            raise LabError(f"the machine {self.name} is off; its console is {self.console}")
        return first

    @property
    def is_on(self) -> bool:
        return self.processes.pid(self.process) is not None

    def boot_disk(self, size_gb: float = 60) -> Disk:
        """Return the boot disk, made and formatted where there is none."""
        file = self.folder / "boot.img"
        is_new = not file.exists()
        disk = Disk(file, size_gb)
        if is_new:
            disk.format()
        return disk

    def boot(self, root: Path, disks: Mapping[str, Disk], boot_gb: float = 60) -> None:
        """Start the machine on the root file system with data disks, by device name.

        Raises:
            LabError: when it is on already, or systemd does not begin.
        """
        self.console.touch()
        devices = [f"{self.boot_disk(boot_gb).attach()}=persistent-disk-0"]
        devices += [f"{disk.attach()}={name}" for name, disk in disks.items()]
        gateway = f"10.99.{self.number}.1"
        init = ["bash", HERE / "machine.sh", self.folder, root, self.name, self.address, gateway]
        join = "; ".join(f"echo $$ >{file}" for file in cgroups.make(self.cgroup))
        join += f'; exec unshare {" ".join(NAMESPACES)} --fork --kill-child "$@"'
        self.processes.start(self.process, ["bash", "-ec", join, "machine", *init, *devices])
        wait_until(f"the machine {self.name}", 60, self.has_namespaces)
        self.plug_in(gateway)
        wait_until(f"systemd of {self.name}", 120, self.has_systemd)

    def has_namespaces(self) -> bool:
        if not self.is_on:
            raise LabError(f"{self.name} ended: {self.processes.end_of_log(self.process)}")
        outer = self.processes.pid(self.process)
        first = child(outer) if outer else None
        return first is not None and is_in_own_namespace(first)

    def has_systemd(self) -> bool:
        if not self.is_on:
            raise LabError(f"{self.name} ended: {self.processes.end_of_log(self.process)}")
        return self.run("systemctl", "list-jobs", check=False).returncode == 0

    def plug_in(self, gateway: str) -> None:
        """Join the machine's eth0 with the cloud's network, and lead its outside address to it."""
        # Only the network's namespace is entered: process ids have to be the host's.
        ip = ["nsenter", "-t", str(self.network.first), "--net", "--", "ip"]
        port = f"vm{self.number}"
        run([*ip, "link", "del", port], check=False)  # Of a boot before, where it is still there.
        peer = ["type", "veth", "peer", "name", "eth0", "netns", str(self.first)]
        run([*ip, "link", "add", port, *peer])
        run([*ip, "addr", "add", f"{gateway}/30", "dev", port])
        run([*ip, "link", "set", port, "up"])
        for chain in ("PREROUTING", "OUTPUT"):
            rule = [chain, "-d", self.outside, "-j", "DNAT", "--to-destination", self.address]
            table = ("iptables", "-t", "nat")
            if self.network.run(*table, "-C", *rule, check=False).returncode:
                self.network.run(*table, "-A", *rule)

    def inside(self, *command: str | Path) -> list[str]:
        """Return a command that runs `command` in the machine as root."""
        enter = ["nsenter", "-t", str(self.first), *NAMESPACES, "--"]
        return [*enter, "env", "-i", f"PATH={PATH}", "HOME=/root", "TERM=dumb", *map(str, command)]

    def run(
        self, *command: str | Path, check: bool = True, timeout: float = 120
    ) -> subprocess.CompletedProcess[str]:
        """Run a command in the machine. Raises LabError as `place.run` does."""
        return run(self.inside(*command), check=check, timeout=timeout)

    def startup(self, seconds: float) -> str:
        """Wait until the startup script of this boot has ended; return what it wrote.

        Raises:
            LabError: when it failed, or is not done after `seconds`.
        """
        wait_until(f"{self.name}: the startup script", seconds, self.startup_has_ended, every=0.5)
        said = self.startup_log()
        # The unit is `active` even when the script failed: the runner's own words tell.
        if "startup-script exit status 0" not in said:
            raise LabError(f"{self.name}: the startup script failed:\n{said[-3000:]}")
        return said

    def startup_has_ended(self) -> bool:
        show = ("systemctl", "show", "-p", "ActiveState", "--value", STARTUP)
        return self.run(*show, check=False).stdout.strip() in ("active", "failed")

    def startup_log(self) -> str:
        """Return what this boot's startup script wrote so far."""
        show = ("systemctl", "show", "-p", "InvocationID", "--value", STARTUP)
        invocation = self.run(*show).stdout.strip()
        # Not by boot: the machine has the host's boot id, at every boot.
        wanted = f"_SYSTEMD_INVOCATION_ID={invocation or 'none'}"
        return self.run("journalctl", "--no-pager", "-o", "cat", wanted, check=False).stdout

    def shut_down(self, seconds: float = 90) -> None:
        """Turn the machine off as `gcloud compute instances stop` does.

        Raises:
            LabError: when its services have not ended after `seconds`.
        """
        self.run("systemctl", "poweroff", "--no-wall", check=False)
        wait_until(f"{self.name} to turn off", seconds, lambda: not self.is_on)
        self.unplug()

    def cut_power(self) -> list[str]:
        """Turn the machine off at once; return the mount points that lost what was not written."""
        cut = cut_off(self.first, attached(self.place.state))
        self.processes.end(self.process, force=True)
        self.unplug()
        return cut

    def unplug(self) -> None:
        """Give back what a machine that is off still holds."""
        self.processes.end(self.process, force=True)
        deadline = time.monotonic() + 20
        for file in sorted(self.folder.glob("*.img")):
            while (held := attached(file)) and time.monotonic() < deadline:
                run(["losetup", "--detach", held[0]], check=False)
                time.sleep(0.1)
        cgroups.remove(self.cgroup)

    def remove(self) -> None:
        """End the machine and delete its boot disk; one that never was on has none."""
        self.processes.end(self.process, force=True)
        self.unplug()
        if self.folder.exists():
            shutil.rmtree(self.folder)
