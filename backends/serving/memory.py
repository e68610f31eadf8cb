"""Memory that is free again, back to the system."""

import ctypes
import sys
from contextlib import suppress


def give_back() -> None:
    """Let other programs have what this one's C library keeps for later.

    glibc keeps an arena for each thread that ever made something large, and what was freed in it
    (mallopt(3), M_ARENA_MAX). An image is encoded by one of several threads: without this each
    of them keeps some hundred MB.
    """
    if sys.platform == "linux":
        # Another C library than glibc has no such function.
        with suppress(AttributeError):
            ctypes.CDLL(None).malloc_trim(0)
