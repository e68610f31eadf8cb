"""What one image may cost: seconds and bytes, wherever it comes from."""

import io
import time

from backends.serving.images.errors import ImageTooLarge, ImageUnreachable


class Budget:
    """Counts down the time of one load and knows the byte limit.

    `image` is the name for messages: it holds no secret.
    """

    def __init__(self, image: str, seconds: float, max_bytes: int) -> None:
        self.image = image
        self.seconds = seconds
        self.max_bytes = max_bytes
        self._ends = time.monotonic() + seconds

    def remaining(self) -> float:
        """Seconds left, always more than 0. Raises ImageUnreachable when they are spent."""
        left = self._ends - time.monotonic()
        if left <= 0:
            raise self.spent()
        return left

    def spent(self) -> ImageUnreachable:
        """The error for a load that took too long."""
        return ImageUnreachable(f"{self.image}: no complete answer within {self.seconds:g} s")

    def check_size(self, size: int) -> None:
        """Raises ImageTooLarge when `size` bytes are more than allowed."""
        if size > self.max_bytes:
            raise ImageTooLarge(
                f"{self.image}: more than the {self.max_bytes / 2**20:g} MiB allowed for one image "
                "(IMAGE_MAX_MB)"
            )


class Body(io.BytesIO):
    """A file's bytes in memory, which refuses to grow beyond its budget."""

    def __init__(self, budget: Budget) -> None:
        super().__init__()
        self._budget = budget

    def write(self, data, /) -> int:
        self._budget.check_size(self.tell() + len(data))
        self._budget.remaining()
        return super().write(data)

    def restart(self) -> None:
        """Forgets everything written: a retry starts from the first byte."""
        self.seek(0)
        self.truncate()
