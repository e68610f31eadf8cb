"""What a C library does with memory that is free again: keep it, or give it back to the system."""

import ctypes
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

# mallopt(3) and malloc.h.
M_TRIM_THRESHOLD, M_MMAP_MAX, M_ARENA_MAX = -1, -4, -8
# With 64 MB each encode of vit_b had 300 MB of pages brought anew, a twentieth of its time. With
# 256 MB it has none.
KEPT_BYTES = 256 * 2**20
IDLE_SECONDS = 5.0


def keep_for_next() -> None:
    """Let the next click have the memory of the last one.

    glibc gives anything large back as soon as it is free. A click then gets its dozen megabytes
    page by page from the kernel, which takes a fifth of its time. Nothing is too large for that: a
    picture of 12 megapixels is 9,000 pages. What is kept is kept once for all threads, and not once
    in each.
    """
    settings = {M_TRIM_THRESHOLD: KEPT_BYTES, M_MMAP_MAX: 0, M_ARENA_MAX: 1}
    if sys.platform == "linux":
        # Another C library than glibc has no such function.
        with suppress(AttributeError):
            for parameter, value in settings.items():
                ctypes.CDLL(None).mallopt(parameter, value)


def give_back() -> None:
    """Let other programs have what this one's C library keeps for later.

    glibc keeps what was freed between things that are still there. An encode leaves some hundred
    MB so.
    """
    if sys.platform == "linux":
        # Another C library than glibc has no such function.
        with suppress(AttributeError):
            ctypes.CDLL(None).malloc_trim(0)


class GivingBack:
    """Gives back what is kept once nothing was done for some seconds."""

    def __init__(self, seconds: float = IDLE_SECONDS) -> None:
        self._seconds = seconds
        self._timer: threading.Timer | None = None
        self._working = 0
        self._lock = threading.Lock()

    @contextmanager
    def afterwards(self) -> Iterator[None]:
        """Count the seconds from the end of the block, and of all others, on."""
        with self._lock:
            self._working += 1
            if self._timer is not None:
                self._timer.cancel()
        try:
            yield
        finally:
            with self._lock:
                self._working -= 1
                if not self._working:
                    self._timer = threading.Timer(self._seconds, give_back)
                    self._timer.daemon = True
                    self._timer.start()
