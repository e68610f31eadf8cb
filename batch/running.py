"""What a run in this process shares with its pipeline: how far it is, and whether it shall stop."""

import threading


class Running:
    """Thread-safe.

    Attributes:
        stopping: set, it lets a run end as if what is not begun were not there.
    """

    def __init__(self) -> None:
        self.stopping = threading.Event()
        self._lock = threading.Lock()
        self._kept = 0

    @property
    def kept(self) -> int:
        """How many images have an outcome by now that is written."""
        return self._kept

    def keep(self, images: int) -> None:
        """Count images whose outcomes are written."""
        with self._lock:
            self._kept += images


# Where a runner has workers elsewhere, each has its own, which nobody asks.
running = Running()
