"""A cache bounded in bytes that computes each missing value once, however many ask for it."""

import threading
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from typing import Generic, TypeVar

from cachetools import LRUCache

from backends.serving.errors import Busy
from backends.serving.limits import WAIT_SECONDS

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class SingleFlightCache(Generic[Key, Value]):
    """Least recently used values go out first; concurrent misses of a key share one computation.

    Args:
        max_bytes: the most that all values may take together. A value larger than that is handed to
            those who wait for it and not kept.
        size_of: bytes that a value takes.
        wait_seconds: how long one waits for another's computation.
    """

    def __init__(
        self,
        max_bytes: int,
        size_of: Callable[[Value], int],
        wait_seconds: float = WAIT_SECONDS,
    ) -> None:
        self._wait_seconds = wait_seconds
        self._lock = threading.Lock()
        self._values: LRUCache[Key, Value] = LRUCache(max_bytes, getsizeof=size_of)
        self._size_of = size_of
        self._flights: dict[Key, Future[Value]] = {}

    def get(self, key: Key) -> Value | None:
        """Return the value of a key and mark it as used, or None."""
        with self._lock:
            return self._values.get(key)

    def get_or_compute(self, key: Key, compute: Callable[[], Value]) -> Value:
        """Return the value of a key, from `compute` when it is missing.

        An error of `compute` reaches everyone who waited for it and is not remembered.

        Raises:
            Busy: another's computation takes too long. It goes on.
        """
        with self._lock:
            value = self._values.get(key)
            if value is not None:
                return value
            flight = self._flights.get(key)
            mine = flight is None
            if flight is None:
                flight = self._flights[key] = Future()
        if not mine:
            return self._result_of(flight)
        try:
            value = compute()
        except BaseException as error:
            with self._lock:
                del self._flights[key]
            flight.set_exception(error)
            raise
        self.put(key, value)
        with self._lock:
            del self._flights[key]
        flight.set_result(value)
        return value

    def put(self, key: Key, value: Value) -> None:
        """Keep a value that was computed elsewhere, unless it is larger than all may be."""
        with self._lock:
            if self._size_of(value) <= self._values.maxsize:
                self._values[key] = value
            else:
                self._values.pop(key, None)

    def _result_of(self, flight: Future[Value]) -> Value:
        try:
            return flight.result(self._wait_seconds)
        except TimeoutError:
            if flight.done():
                raise  # It is the computation's own.
            raise Busy(
                f"it has been worked on for more than {self._wait_seconds:g} s; try again in a "
                "moment"
            ) from None

    def discard(self, key: Key) -> None:
        """Forget the value of a key; one that is being computed is not touched."""
        with self._lock:
            self._values.pop(key, None)

    @property
    def bytes_held(self) -> int:
        with self._lock:
            return int(self._values.currsize)

    def __len__(self) -> int:
        with self._lock:
            return len(self._values)
