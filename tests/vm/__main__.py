"""python -m tests.vm [GROUP...]: what only root may, in groups side by side, a line as each ends.

    full  machines with the real images, and a laptop with Docker
    tiny  machines with images of a few MB
    root  no machine, but names and ports of Cloud Storage on loopback, a watched network and loop
          devices: skipped for anybody else

Two run at a time: while one waits for a boot or a time-out, the other keeps the second core busy.
Each group of machines has a lab of its own. Ctrl-C ends both, and their labs with them.
"""

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from tests.cloud.lab import tools
from tests.cloud.lab.place import LabError

HERE = Path(__file__).resolve().parent
TINY = ("test_boot", "test_faults", "test_first_boot", "test_restore")
# Side by side, each one group after the other. "full" takes about as long as the other two.
LANES = (("full",), ("tiny", "root"))
ROOT_GROUP = (
    "tests/cloud/storage",
    "tests/e2e/test_outside.py",
    "tests/scripts/test_apt_install.py",
    "tests/studio/buckets",
    "tests/templates/vm/test_disk_and_firewall.py",
)


def groups() -> dict[str, list[str]]:
    """Return pytest's arguments for each group."""
    machines: dict[str, list[str]] = {"full": ["-m", "vm"], "tiny": ["-m", "vm"]}
    for file in sorted(HERE.glob("test_*.py")):
        machines["tiny" if file.stem in TINY else "full"].append(str(file))
    return machines | {"root": ["-m", "not vm", *ROOT_GROUP]}


class Group(NamedTuple):
    """One group that has run: pytest's exit status, and the cases that did not pass."""

    name: str
    status: int
    failed: list[str]


def run(name: str, arguments: Sequence[str]) -> Group:
    """Run one group, a line as each case ends."""
    began = time.monotonic()
    failed: list[str] = []
    command = [sys.executable, "-u", "-m", "pytest", "-v", "-s", "--no-header", *arguments]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert process.stdout is not None
    for line in process.stdout:
        print(f"{name}: {line.removeprefix('tests/vm/')}", end="", flush=True)
        if line.startswith(("FAILED ", "ERROR ")):
            failed.append(line.strip())
    status = process.wait()
    print(f"{name}: exit {status} after {time.monotonic() - began:.0f} s", flush=True)
    return Group(name, status, failed)


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
    stopped = threading.Event()
    # The terminal tells pytest too, and it takes its lab down: wait for that.
    signal.signal(signal.SIGINT, lambda *_: stopped.set())

    def run_lane(lane: Sequence[str]) -> list[Group]:
        names = [name for name in lane if not wanted or name in wanted]
        return [run(name, known[name]) for name in names if not stopped.is_set()]

    with ThreadPoolExecutor(len(LANES)) as pool:
        ended = [group for lane in pool.map(run_lane, LANES) for group in lane]
    # Once more, at the end: the group that ended last may have had nothing to say.
    for group in ended:
        for line in group.failed:
            print(f"{group.name}: {line}")
    return 1 if stopped.is_set() or any(group.status for group in ended) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
