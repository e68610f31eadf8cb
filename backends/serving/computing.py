"""In which threads torch computes on a processor.

Each thread that computes gets helpers of its own, one less than there are cores, and keeps them
until it ends. libgomp lets helpers look out for their next piece of work only while all of them
together are no more than the cores; beyond that they sleep, and are woken for each step
(`gomp_managed_threads` in libgomp's team.c and config/linux/wait.h). A click has hundreds of steps
of some microseconds: on two cores its decoder took 18 ms in the only thread that computes, and 33
beside one more. So what is short is done by one thread for all, in the order in which it is asked
for, and what takes seconds by a thread that ends with it.

Helpers also share each step, and each of them then waits for what the other one has just made: the
same decoder took 25 ms where the cores have no cache in common. What can be cut into parts that
take several steps each is therefore shared by threads that have no helpers.
"""

import logging
import os
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

import torch

log = logging.getLogger(__name__)

A = TypeVar("A")
T = TypeVar("T")

# By then whoever asked has the answer. What is left would take the cores from its making: beside it
# a click's regions took 2.3 ms instead of 0.3.
ANSWERED_SECONDS = 0.05

# Each part has the same steps. Eight on two cores took a fifth more of their time than two.
MOST_PARTS = 8

CPUS = Path("/sys/devices/system/cpu")


class Brief:
    """One thread for what is short, whoever asks, in the order in which it is asked for.

    Args:
        in_parts: whether it is work that is split by `each`. Torch then has no helpers here.

    Attributes:
        count: how many threads `each` has.
    """

    def __init__(self, in_parts: bool = False) -> None:
        self.count = min(torch.get_num_threads(), MOST_PARTS) if in_parts else 1
        self._later = ThreadPoolExecutor(1, "computing-later")
        self._others = None
        if self.count == 1:
            self._thread = ThreadPoolExecutor(1, "computing")
        else:
            cores = _cores(self.count)
            self._thread = _without_helpers(1, cores[:1])
            self._others = _without_helpers(self.count - 1, cores[1:])

    def do(self, work: Callable[[], T]) -> T:
        """Return what `work` does in the thread; it must not call this itself."""
        return self._thread.submit(work).result()

    def each(self, work: Callable[[A], T], items: Sequence[A]) -> list[T]:
        """Return what `work` does with each item, in their order; one in the caller's thread."""
        if self._others is None or len(items) < 2:
            return [work(item) for item in items]
        others = [self._others.submit(work, item) for item in items[1:]]
        try:
            return [work(items[0]), *(one.result() for one in others)]
        except BaseException:
            # Nobody is at work any longer with what the caller has.
            wait(others)
            raise

    def afterwards(self, work: Callable[[], None]) -> None:
        """Do `work` in the thread when the answer is out, and do not wait for it."""
        due = time.monotonic() + ANSWERED_SECONDS

        def logged() -> None:
            try:
                work()
            # Nobody else would hear of it.
            except Exception:
                log.exception("what was left for later failed")

        def when_due() -> None:
            time.sleep(max(0.0, due - time.monotonic()))
            self._thread.submit(logged)

        self._later.submit(when_due)


class Apart:
    """Threads that each compute without torch's helpers, as many as there are cores.

    For whole images, one for each core.
    """

    def __init__(self) -> None:
        self.count = torch.get_num_threads()
        self._threads = _without_helpers(self.count)

    def rounds(self, items: int) -> int:
        """Return how many of so many items are worth it: those that leave no thread idle."""
        return items // self.count * self.count

    def each(self, work: Callable[[A], T], items: Iterable[A]) -> list[T]:
        """Return what `work` does with each item, in their order."""
        return list(self._threads.map(work, items))


def _without_helpers(count: int, cores: Sequence[set[int]] = ()) -> ThreadPoolExecutor:
    """Return threads that compute without torch's helpers, each on a core where there is one."""
    usual = torch.get_num_threads()
    threads = ThreadPoolExecutor(count, "computing-apart")
    started = threading.Barrier(count)

    def start(core: set[int] | None) -> None:
        # The first thing that a thread computes, this question too, gives it the usual number.
        torch.get_num_threads()
        torch.set_num_threads(1)
        if core:
            # Whose cores have changed just now is only slower without one of its own.
            with suppress(OSError):
                os.sched_setaffinity(0, core)
        started.wait()

    list(threads.map(start, cores or [None] * count))
    # What is set in a thread is also for all that begin to compute afterwards.
    torch.set_num_threads(usual)
    return threads


def _cores(count: int) -> list[set[int]]:
    """Return so many cores that this process may use, each the numbers of its CPUs; or none.

    A thread that is woken may go to the core of the one that wakes it, though another one idles:
    after 50 ms without a click two threads shared a core, and made a mask in 27 ms instead of 18.
    A virtual core that the host has taken back does not count as idle, it seems
    (`available_idle_cpu` in Linux' kernel/sched), and the load balancer comes later.
    """
    if not hasattr(os, "sched_getaffinity"):
        return []
    cores: dict[str, set[int]] = {}
    for cpu in sorted(os.sched_getaffinity(0)):
        core = str(cpu)
        # Without the list, each is a core by itself.
        with suppress(OSError):
            core = (CPUS / f"cpu{cpu}/topology/core_cpus_list").read_text()
        cores.setdefault(core, set()).add(cpu)
    return [*cores.values()][:count] if len(cores) >= count else []


def at_length(work: Callable[[], T]) -> T:
    """Return what `work` does in a thread of its own, which is gone afterwards."""
    with ThreadPoolExecutor(1, "computing-at-length") as alone:
        return alone.submit(work).result()
