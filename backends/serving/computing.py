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
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

log = logging.getLogger(__name__)

T = TypeVar("T")

_BRIEF = ThreadPoolExecutor(1, "computing")


def briefly(work: Callable[[], T]) -> T:
    """Return what `work` does in the thread for what is short; it must not call this itself."""
    return _BRIEF.submit(work).result()


def afterwards(work: Callable[[], None]) -> None:
    """Do `work` in the thread for what is short, and do not wait for it."""

    def logged() -> None:
        try:
            work()
        # Nobody else would hear of it.
        except Exception:
            log.exception("what was left for later failed")

    _BRIEF.submit(logged)


def at_length(work: Callable[[], T]) -> T:
    """Return what `work` does in a thread of its own, which is gone afterwards."""
    with ThreadPoolExecutor(1, "computing-at-length") as alone:
        return alone.submit(work).result()
