"""How long a request may wait for others, and how many pixels are worked on at a time.

Label Studio gives up after 100 s (ML_TIMEOUT_PREDICT) and shows a time-out then. Whoever waits here
gives up before that, with a sentence.
"""

import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

from backends.serving.errors import Busy

WAIT_SECONDS = 60.0


class PixelGate:
    """Lets work begin while the images at work have few enough pixels together.

    The memory of a click or a decode grows with the image, so a number of threads bounds nothing.
    Whoever comes first begins first: a large image is not passed over for ever.

    Args:
        most: pixels at work at a time. A single image that has more is worked on alone.
    """

    def __init__(self, most: int, wait_seconds: float = WAIT_SECONDS) -> None:
        self._most = most
        self._wait_seconds = wait_seconds
        self._free = most
        self._queue: deque[object] = deque()
        self._changed = threading.Condition()

    @contextmanager
    def working_on(self, pixels: int, wait_seconds: float | None = None) -> Iterator[None]:
        """Wait for the turn of an image of so many pixels, and hold them during the block.

        Args:
            wait_seconds: at most as long, where the caller has waited for other things before.

        Raises:
            Busy: others have worked for too long.
        """
        taken = min(pixels, self._most)
        place = object()
        ends = time.monotonic() + min(self._wait_seconds, wait_seconds or self._wait_seconds)
        with self._changed:
            self._queue.append(place)
            try:
                while self._queue[0] is not place or self._free < taken:
                    if not self._changed.wait(ends - time.monotonic()):
                        raise Busy("other large images are being worked on; try again in a moment")
                self._free -= taken
            finally:
                self._queue.remove(place)
                self._changed.notify_all()
        try:
            yield
        finally:
            with self._changed:
                self._free += taken
                self._changed.notify_all()


@contextmanager
def taking_turns(lock: threading.Lock, doing: str, wait_seconds: float = WAIT_SECONDS):
    """Hold a lock during the block.

    Args:
        doing: what the lock's holder does, for the message.

    Raises:
        Busy: it was not free in time.
    """
    if not lock.acquire(timeout=wait_seconds):
        raise Busy(f"{doing} for more than {wait_seconds:g} s; try again in a moment")
    try:
        yield
    finally:
        lock.release()
