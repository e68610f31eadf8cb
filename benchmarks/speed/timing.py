"""Times of pairs, and what else the machine did meanwhile.

On a shared machine seconds drift, so two things are timed in turns and the median of their ratios
is reported. CPU time of the measured processes says how much of the wall time was theirs.
"""

import os
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")
PROC = Path("/proc")


@dataclass
class Samples:
    """Wall seconds of one thing, and CPU seconds of the processes that did it."""

    wall: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)

    @property
    def median(self) -> float:
        return statistics.median(self.wall)

    def told(self) -> str:
        """Medians for people, in milliseconds or seconds."""
        cpu = f" (CPU {spoken(statistics.median(self.cpu))})" if self.cpu else ""
        return f"{spoken(self.median)}{cpu}"


def compared(peers: Samples, own: Samples) -> str:
    """Both sides' medians for people, and the ratio of their CPU time where the clock saw any."""
    cpu = statistics.median(own.cpu) if own.cpu else 0.0
    by_cpu = f"; by CPU {statistics.median(peers.cpu) / cpu:.3g} times" if cpu > 0 else ""
    return f"peer {peers.told()}, ours {own.told()}{by_cpu}"


def spoken(seconds: float) -> str:
    """A duration for people."""
    return f"{seconds:.3g} s" if seconds >= 1 else f"{1000 * seconds:.3g} ms"


def timed(call: Callable[[], object], pid: int | None = None) -> tuple[float, float]:
    """Return wall and CPU seconds of a call; the CPU is that of a process tree, or of this one."""
    before, since = _cpu(pid), time.perf_counter()
    call()
    wall = time.perf_counter() - since
    return wall, _cpu(pid) - before


def pairs(
    one: Callable[[int], object],
    other: Callable[[int], object],
    count: int,
    pids: tuple[int | None, int | None] = (None, None),
    warm_up: int = 1,
) -> tuple[float, Samples, Samples]:
    """Time two calls in turns.

    Args:
        one, other: called with the number of the pair, from 0; the warm-up's are negative.
        count: pairs that are timed.
        pids: the processes whose CPU time counts for each; None is this process.
        warm_up: pairs that are not.

    Returns:
        The median of one ÷ other, and the samples of both.
    """
    for number in range(-warm_up, 0):
        one(number)
        other(number)
    samples = Samples(), Samples()
    for number in range(count):
        # Each goes first half of the time.
        order = ((0, one), (1, other)) if number % 2 == 0 else ((1, other), (0, one))
        for which, call in order:
            wall, cpu = timed(lambda call=call, number=number: call(number), pids[which])
            samples[which].wall.append(wall)
            samples[which].cpu.append(cpu)
    return ratio(samples[0].wall, samples[1].wall), *samples


def ratio(one: Sequence[float], other: Sequence[float]) -> float:
    """The median of the ratios of pairs."""
    return statistics.median(a / b for a, b in zip(one, other, strict=True))


def percentile(values: Sequence[float], share: float) -> float:
    """The value that this share of all is at or below."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def tree(pid: int) -> list[int]:
    """A process and all that it has started, directly or not."""
    children: dict[int, list[int]] = {}
    for entry in PROC.iterdir():
        if entry.name.isdigit() and (fields := _stat(int(entry.name))):
            children.setdefault(int(fields[1]), []).append(int(entry.name))
    found = [pid]
    for known in found:
        found += children.get(known, [])
    return found


def resident(pid: int) -> int:
    """Bytes of memory that a process tree holds, shared pages counted once for each process."""
    return sum(int(fields[21]) * PAGE for one in tree(pid) if (fields := _stat(one)))


class Contention:
    """What share of the machine other processes used, from its making until it is asked."""

    def __init__(self) -> None:
        self._since = self._now()

    def share(self) -> float:
        """0 for a machine of our own, 1 for one that others used up."""
        busy, total, own = (b - a for a, b in zip(self._since, self._now(), strict=True))
        return max(0.0, min(1.0, (busy - own) / total)) if total > 0 else 0.0

    @staticmethod
    def _now() -> tuple[float, float, float]:
        words = (PROC / "stat").read_text().split("\n", 1)[0].split()[1:]
        times = [int(word) / TICKS for word in words[:8]]
        idle = times[3] + times[4]
        # Children that have ended are counted where their parent waited for them.
        own = sum(_ticks(pid, ended=True) for pid in tree(os.getpid()))
        return sum(times) - idle, sum(times), own


def _cpu(pid: int | None) -> float:
    return time.process_time() if pid is None else sum(_ticks(one) for one in tree(pid))


def _ticks(pid: int, ended: bool = False) -> float:
    fields = _stat(pid)
    return sum(int(word) for word in fields[11 : 15 if ended else 13]) / TICKS if fields else 0.0


def _stat(pid: int) -> list[str]:
    """The fields of /proc/PID/stat from the third on; none for a process that has ended."""
    try:
        text = (PROC / str(pid) / "stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return []
    return text.rpartition(")")[2].split()
