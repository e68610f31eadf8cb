"""One service as a process group of its own, whose every member ends with it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from laptop.processes.strays import MARK
from laptop.progress import Progress
from laptop.settings import ROOT, LaptopError

# What `studio apply` ends with when it did its work: 3 and 4 say that images have no pre-label.
APPLIED = (0, 3, 4)

BOUND = Path(__file__).with_name("bound.py")
TICK_SECONDS = 0.2


@dataclass(frozen=True)
class Command:
    """What to run. The environment is the whole of it, and is not shown: it holds passwords."""

    name: str
    argv: tuple[str, ...]
    environ: Mapping[str, str] = field(repr=False)


class Process:
    """A running command, its output appended to RUN_DIR/NAME.log."""

    def __init__(self, command: Command, run_dir: Path) -> None:
        self.command = command
        self.log = run_dir / f"{command.name}.log"
        argv = [sys.executable, "-I", str(BOUND), str(os.getpid()), *command.argv]
        with self.log.open("ab") as log:
            self._popen = subprocess.Popen(
                argv,
                cwd=ROOT,
                env={**command.environ, MARK: str(run_dir)},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.pid = self._popen.pid

    def exit_code(self) -> int | None:
        """None while it runs; negative for the signal that ended it."""
        return self._popen.poll()

    def signal_group(self, number: signal.Signals) -> None:
        try:
            os.killpg(self.pid, number)
        except (ProcessLookupError, PermissionError):
            # macOS answers "not permitted" for a group of which only a zombie is left.
            return

    def group_lives(self) -> bool:
        """Whether the process, or any that it started in its group, is still there."""
        self._popen.poll()
        try:
            os.killpg(self.pid, 0)
        except (ProcessLookupError, PermissionError):
            return False
        return True

    def kill(self) -> None:
        """Ends the whole group at once and waits for its leader."""
        self.signal_group(signal.SIGKILL)
        self._popen.wait()

    def tail(self, lines: int = 15) -> str:
        """The end of the log."""
        with self.log.open("rb") as log:
            log.seek(max(0, self.log.stat().st_size - 16_384))
            text = log.read().decode(errors="replace")
        return "\n".join(text.splitlines()[-lines:])


def stop(processes: Iterable[Process], deadline_seconds: float = 10.0) -> None:
    """Asks all groups to end, waits for them together, and kills what is left at the deadline."""
    living = [process for process in processes if process.group_lives()]
    for process in living:
        process.signal_group(signal.SIGTERM)
    deadline = time.monotonic() + deadline_seconds
    while living and time.monotonic() < deadline:
        time.sleep(0.05)
        living = [process for process in living if process.group_lives()]
    for process in living:
        process.kill()


def exit_words(code: int) -> str:
    """`exit code 3`, or the name of the signal."""
    return f"exit code {code}" if code >= 0 else f"ended by {signal.Signals(-code).name}"


def run_to_end(
    command: Command,
    run_dir: Path,
    progress: Progress,
    what: str,
    meanwhile: Callable[[], None] = lambda: None,
    good: Collection[int] = (0,),
) -> str:
    """Runs a command to its end, shown as `what` with the last line of its output.

    `meanwhile` is called again and again. `good` are the exit codes of a command that did not fail.
    Returns the end of the output.

    Raises LaptopError, with the last lines of the log, when the command fails.
    """
    with progress.phase(what) as status:
        process = Process(command, run_dir)
        try:
            while (code := process.exit_code()) is None:
                time.sleep(TICK_SECONDS)
                meanwhile()
                status(process.tail(1))
        finally:
            stop([process])
        if code not in good:
            raise LaptopError(
                f"{command.name} failed ({exit_words(code)}). The end of {process.log}:\n"
                f"{process.tail()}"
            )
    return process.tail(50)


def keep_last_logs(run_dir: Path, but: Path) -> None:
    """The last run's logs stay as NAME.log.1, so that none grows for ever."""
    for log in run_dir.glob("*.log"):
        if log != but:
            log.replace(log.with_suffix(".log.1"))
