"""In which threads torch computes on a processor.

Each thread that computes gets helpers of its own, one less than there are cores, and keeps them
until it ends. libgomp lets helpers look out for their next piece of work only while all of them
together are no more than the cores; beyond that they sleep, and are woken for each step
(`gomp_managed_threads` in libgomp's team.c and config/linux/wait.h). A click has hundreds of steps
of some microseconds: on two cores its decoder took 18 ms in the only thread that computes, and 33
beside one more. So what is short is done by one thread for all, in the order in which it is asked
for, and what takes seconds by a thread that ends with it.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import torch

log = logging.getLogger(__name__)

A = TypeVar("A")
T = TypeVar("T")

_BRIEF = ThreadPoolExecutor(1, "computing")
_LATER = ThreadPoolExecutor(1, "computing-later")
# By then whoever asked has the answer. What is left would take the cores from its making: beside it
# a click's regions took 2.3 ms instead of 0.3.
ANSWERED_SECONDS = 0.05


def briefly(work: Callable[[], T]) -> T:
    """Return what `work` does in the thread for what is short; it must not call this itself."""
    return _BRIEF.submit(work).result()


def afterwards(work: Callable[[], None]) -> None:
    """Do `work` in the thread for what is short when the answer is out, and do not wait for it."""
    due = time.monotonic() + ANSWERED_SECONDS

    def logged() -> None:
        try:
            work()
        # Nobody else would hear of it.
        except Exception:
            log.exception("what was left for later failed")

    def when_due() -> None:
        time.sleep(max(0.0, due - time.monotonic()))
        _BRIEF.submit(logged)

    _LATER.submit(when_due)


class Apart:
    """Threads that each compute without torch's helpers, as many as there are cores.

    Helpers share each step. Where the cores have no cache in common, as two of a cloud machine
    often have not, they wait for each other's data. Whole images, one for each core, do not.
    """

    def __init__(self) -> None:
        self.count = torch.get_num_threads()
        self._threads = ThreadPoolExecutor(self.count, "computing-apart")
        started = threading.Barrier(self.count)

        def start(_: int) -> None:
            # The first thing that a thread computes, this question too, gives it the usual number.
            torch.get_num_threads()
            torch.set_num_threads(1)
            started.wait()

        list(self._threads.map(start, range(self.count)))
        # What is set in a thread is also for all that begin to compute afterwards.
        torch.set_num_threads(self.count)

    def rounds(self, items: int) -> int:
        """Return how many of so many items are worth it: those that leave no thread idle."""
        return items // self.count * self.count

    def each(self, work: Callable[[A], T], items: Iterable[A]) -> list[T]:
        """Return what `work` does with each item, in their order."""
        return list(self._threads.map(work, items))


def at_length(work: Callable[[], T]) -> T:
    """Return what `work` does in a thread of its own, which is gone afterwards."""
    with ThreadPoolExecutor(1, "computing-at-length") as alone:
        return alone.submit(work).result()
