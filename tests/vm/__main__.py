"""python -m tests.vm [GROUP...]: what only root may, in groups side by side, a line as each ends.

    full  machines with the real images, and a laptop with Docker
    tiny  machines with images of a few MB
    root  no machine, but names and ports of Cloud Storage on loopback, a watched network and loop
          devices: skipped for anybody else

While one group waits for a boot or a time-out, the others keep the cores busy. Each group of
machines has a lab of its own. Ctrl-C ends all of them, and their labs with them.
"""

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from tests.cloud.lab import tools
from tests.cloud.lab.place import LabError

HERE = Path(__file__).resolve().parent
TINY = ("test_boot", "test_faults")
ROOT_GROUP = (
    "tests/cloud/storage",
    "tests/e2e/test_outside.py",
    "tests/studio/buckets",
    "tests/templates/vm/test_disk_and_firewall.py",
)


def groups() -> dict[str, list[str]]:
    """Return pytest's arguments for each group."""
    machines: dict[str, list[str]] = {"full": ["-m", "vm"], "tiny": ["-m", "vm"]}
    for file in sorted(HERE.glob("test_*.py")):
        machines["tiny" if file.stem in TINY else "full"].append(str(file))
    return machines | {"root": ["-m", "not vm", *ROOT_GROUP]}


class Group:
    """One group, running."""

    def __init__(self, name: str, arguments: Sequence[str]) -> None:
        self.name = name
        self.began = time.monotonic()
        # Cases that did not pass, as pytest names them in the end.
        self.failed: list[str] = []
        command = [sys.executable, "-u", "-m", "pytest", "-v", "-s", "--no-header", *arguments]
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        self.thread = threading.Thread(target=self.tell)
        self.thread.start()

    def tell(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            print(f"{self.name}: {line.removeprefix('tests/vm/')}", end="", flush=True)
            if line.startswith(("FAILED ", "ERROR ")):
                self.failed.append(line.strip())
        seconds = time.monotonic() - self.began
        print(f"{self.name}: exit {self.process.wait()} after {seconds:.0f} s", flush=True)

    def wait(self) -> int:
        """Wait for its end; return its exit status."""
        self.thread.join()
        return self.process.wait()


def main(wanted: Sequence[str]) -> int:
    known = groups()
    if unknown := set(wanted) - set(known):
        print(f"there is no group {', '.join(sorted(unknown))}; there are {', '.join(known)}")
        return 2
    try:
        tools.check()
    except LabError as error:
        print(f"make test-vm: {error}")
        return 2
    running = [Group(name, those) for name, those in known.items() if not wanted or name in wanted]
    # The terminal tells the groups too, and they take their labs down: wait for that.
    signal.signal(signal.SIGINT, lambda *_: None)
    status = max(group.wait() for group in running)
    # Once more, at the end: the group that ended last may have had nothing to say.
    for group in running:
        for line in group.failed:
            print(f"{group.name}: {line}")
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
