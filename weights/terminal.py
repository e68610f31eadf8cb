"""What a person sees while weights arrive: a bar where there is a terminal, else a few lines."""

import importlib.util
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from weights.file import File, Report, megabytes

LINES_PER_FILE = 10
# A file without a known size gets a line for each of these.
UNKNOWN_STEP_BYTES = 100_000_000
# What arrives in a moment needs no line.
SMALL_BYTES = 5_000_000


@contextmanager
def progress(say: Callable[[str], None] = print) -> Iterator[Report]:
    """Show what the report is told: bytes, rate and time left.

    Args:
        say: prints a line, where the output is not a terminal or rich is not installed.
    """
    if not (sys.stdout.isatty() and importlib.util.find_spec("rich")):
        yield in_lines(say)
        return
    from rich import progress as rich

    columns = (
        rich.TextColumn("{task.description}"),
        rich.BarColumn(),
        rich.DownloadColumn(),
        rich.TransferSpeedColumn(),
        rich.TimeRemainingColumn(),
    )
    with rich.Progress(*columns) as bars:
        tasks: dict[str, rich.TaskID] = {}

        def report(file: File, done: int, total: int | None) -> None:
            if file.sha256 not in tasks:
                # What an earlier run left counts for no rate.
                task = bars.add_task(file.name, total=total, completed=done)
                tasks[file.sha256] = task
            bars.update(tasks[file.sha256], total=total, completed=done)

        yield report


def in_lines(say: Callable[[str], None]) -> Report:
    """Return a report that says a line for each tenth of a file."""
    begun: dict[str, tuple[float, int]] = {}
    said: dict[str, int] = {}

    def report(file: File, done: int, total: int | None) -> None:
        now = time.monotonic()
        started, at_first = begun.setdefault(file.sha256, (now, done))
        if total is None:
            tenth, of = done // UNKNOWN_STEP_BYTES, "?"
        elif total < SMALL_BYTES:
            return
        else:
            tenth, of = done * LINES_PER_FILE // total, megabytes(total)
        if tenth <= said.setdefault(file.sha256, tenth):
            return
        said[file.sha256] = tenth
        rate = (done - at_first) / max(now - started, 1e-6)
        left = f", {_seconds((total - done) / rate)} left" if total and done < total else ""
        say(f"{file.name}: {megabytes(done)} of {of}, {rate / 1e6:.1f} MB/s{left}")

    return report


def _seconds(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"
