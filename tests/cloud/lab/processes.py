"""Processes that outlive the command which started them, and are ended by identity.

Each is written down with its process id and its start time in clock ticks: a number alone may by
then belong to a stranger (proc(5), field 22 of /proc/PID/stat).
"""

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO

from tests.cloud.lab.place import LabError, Place, write


def started_at(pid: int) -> int | None:
    """Return the start time of a running process in clock ticks; None where there is none."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    fields = stat.rpartition(")")[2].split()  # The name before it may hold anything.
    return None if fields[0] == "Z" else int(fields[19])


class Processes:
    """The processes of one lab, by name, in the folder `processes` of its state."""

    def __init__(self, place: Place) -> None:
        self.place = place

    def note(self, name: str) -> Path:
        return self.place.folder("processes") / f"{name}.json"

    def log(self, name: str) -> Path:
        """Return the file that a process writes to."""
        return self.place.folder("log") / f"{name}.log"

    def start(
        self,
        name: str,
        command: Sequence[str | Path],
        *,
        lowest: bool = False,
        lock: IO[str] | None = None,
    ) -> int:
        """Start a process in a session of its own; return its id. `lowest`: with low priority.

        It holds `lock` for as long as it runs.

        Raises:
            LabError: when one of that name runs already.
        """
        if self.pid(name) is not None:
            raise LabError(f"{name} runs already as process {self.pid(name)}")
        words = [str(word) for word in command]
        with self.log(name).open("ab") as log:
            process = subprocess.Popen(
                ["nice", "-n", "10", *words] if lowest else words,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                pass_fds=(lock.fileno(),) if lock else (),
            )
        self.record(name, process.pid)
        # A Popen that is collected warns about a process that still runs; this one is meant to.
        process.returncode = 0
        return process.pid

    def record(self, name: str, pid: int) -> None:
        """Write down a process that something else started."""
        started = started_at(pid)
        if started is None:
            raise LabError(f"{name} ended at once:\n{self.end_of_log(name)}")
        write(self.note(name), json.dumps({"pid": pid, "started": started}))

    def pid(self, name: str) -> int | None:
        """Return the id of a process that runs, or None."""
        note = self.note(name)
        if not note.exists():
            return None
        known = json.loads(note.read_text())
        return known["pid"] if started_at(known["pid"]) == known["started"] else None

    def names(self) -> list[str]:
        """Return the names of all processes that were started and not ended."""
        return sorted(note.stem for note in self.place.folder("processes").glob("*.json"))

    def end(self, name: str, *, force: bool = False) -> None:
        """End a process and wait for it; SIGKILL at once with `force`, else after five seconds.

        Raises:
            LabError: when it is still there after that.
        """
        pid = self.pid(name)
        if pid is not None:
            for number in (signal.SIGKILL,) if force else (signal.SIGTERM, signal.SIGKILL):
                kill(pid, number)
                if self.gone(name, pid, 60 if number == signal.SIGKILL else 5):
                    break
            else:
                raise LabError(f"{name} (process {pid}) does not end")
        self.note(name).unlink(missing_ok=True)

    def gone(self, name: str, pid: int, seconds: float) -> bool:
        """Wait for the end of a process; return whether it came."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            reap(pid)
            if self.pid(name) is None:
                return True
            time.sleep(0.02)
        return False

    def end_of_log(self, name: str) -> str:
        """Return the last lines that a process wrote."""
        log = self.log(name)
        return log.read_text(errors="replace")[-2000:] if log.exists() else ""


def waits_for_lock(pid: int) -> bool:
    """Return whether the kernel lists a process among those that a lock of a file blocks."""
    lines = Path("/proc/locks").read_text().splitlines()
    return any("->" in line and str(pid) in line.split() for line in lines)


def kill(pid: int, number: int) -> None:
    """Signal a process and those that it started: nsenter, for one, passes no signal on."""
    try:
        os.killpg(pid, number)
    except ProcessLookupError:
        return


def reap(pid: int) -> None:
    """Collect a child that ended; what is no child of this process is its parent's."""
    try:
        os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        return


def wait_until(what: str, seconds: float, ready: Callable[[], object], every: float = 0.1) -> None:
    """Ask `ready` until it answers true.

    Raises:
        LabError: when it has not after `seconds`, naming `what` was waited for.
    """
    deadline = time.monotonic() + seconds
    while not ready():
        if time.monotonic() > deadline:
            raise LabError(f"{what}: not within {seconds:.0f} s")
        time.sleep(every)
