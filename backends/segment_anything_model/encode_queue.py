"""Who is encoded next: clicks first, in their order, then what was opened, then the rest.

Images are fetched by a few threads and encoded by one at a time: an encode takes all cores and
gigabytes. Nobody who waits for one holds the others up, and one that nobody waits for any longer is
finished all the same, for the next try.
"""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from enum import IntEnum
from typing import Generic, TypeVar

Value = TypeVar("Value")

# Images that are fetched, decoded or wait for the encoder, at a time.
WORKERS = 8
# Images that wait without a click; of more, the least wanted are dropped.
MOST_AHEAD = 64


class Priority(IntEnum):
    """Why an image is encoded; the lower comes first."""

    CLICK = 0  # Somebody waits for a mask: in the order of the clicks.
    OPENED = 1  # Its task is on a labeler's screen: the newest first.
    NEXT = 2  # Its task is likely to be opened next: the newest first.
    CREATED = 3  # Its task is new, or somebody asked for all of them: in their order.


class Job(Generic[Value]):
    """One image on its way; all who want it wait for its `future`.

    Attributes:
        source: the image's identity.
        url: its address.
        rank: (priority, order, number); the smallest is the most wanted. It may be wanted more
            while it is worked on.
        may_be_stale: whether the image behind the address has to be looked at, though known.
    """

    def __init__(self, source: str, url: str, rank: tuple[int, int, int]) -> None:
        self.source = source
        self.url = url
        self.rank = rank
        self.may_be_stale = rank[0] == Priority.OPENED
        self.future: Future[Value] = Future()

    @property
    def priority(self) -> Priority:
        return Priority(self.rank[0])

    @property
    def is_click(self) -> bool:
        return self.rank[0] == Priority.CLICK


class EncodeQueue(Generic[Value]):
    """Works on images in the order in which they are wanted, each once however many ask for it.

    Args:
        work: makes the value of a job: fetches its image, and encodes it while it holds `turn`.
            What it raises is the future's exception.
    """

    def __init__(
        self, work: Callable[[Job[Value]], Value], workers: int = WORKERS, most: int = MOST_AHEAD
    ) -> None:
        self._work = work
        self._most = most
        self._calls = 0
        self._waiting: dict[str, Job[Value]] = {}
        self._running: dict[str, Job[Value]] = {}
        self._ready: list[Job[Value]] = []
        self._encoding: Job[Value] | None = None
        self._changed = threading.Condition()
        for number in range(workers):
            threading.Thread(target=self._run, name=f"encode-{number}", daemon=True).start()

    def add(self, images: list[tuple[str, str]], priority: Priority) -> list[Future[Value] | None]:
        """Want images, each a (source, url), the most wanted first.

        One that is wanted already is wanted more from now on, if this priority comes first.

        Returns:
            For each its future; None for those that found no place.
        """
        with self._changed:
            self._calls += 1
            newest_first = priority in (Priority.OPENED, Priority.NEXT)
            order = -self._calls if newest_first else self._calls
            jobs = [
                self._want(source, url, (priority, order, number))
                for number, (source, url) in enumerate(images)
            ]
            self._drop_the_least()
            self._changed.notify_all()
            kept = (self._waiting, self._running)
            return [
                job.future if any(known.get(job.source) is job for known in kept) else None
                for job in jobs
            ]

    def has(self, source: str) -> bool:
        """Whether an image waits, or is being worked on."""
        with self._changed:
            return source in self._waiting or source in self._running

    def has_others(self, job: Job[Value]) -> bool:
        """Whether images other than a job's wait, or are being worked on."""
        with self._changed:
            return bool(self._waiting.keys() | self._running.keys() - {job.source})

    def __len__(self) -> int:
        """Images that wait for a worker."""
        with self._changed:
            return len(self._waiting)

    @contextmanager
    def turn(self, job: Job[Value]) -> Iterator[None]:
        """Wait until the job is the most wanted one that is ready, and have the encoder alone.

        Without a click it is not taken while the image of one is still being fetched: an encode
        that has begun cannot be stopped.
        """
        with self._changed:
            self._ready.append(job)
            while self._encoding is not None or not self._is_next(job):
                self._changed.wait()
            self._ready.remove(job)
            self._encoding = job
        try:
            yield
        finally:
            with self._changed:
                self._encoding = None
                self._changed.notify_all()

    def _is_next(self, job: Job[Value]) -> bool:
        if min(self._ready, key=lambda one: one.rank) is not job:
            return False
        return job.is_click or not self._has_click()

    def _has_click(self) -> bool:
        return any(one.is_click for jobs in (self._waiting, self._running) for one in jobs.values())

    def _want(self, source: str, url: str, rank: tuple[int, int, int]) -> Job[Value]:
        job = self._waiting.get(source) or self._running.get(source)
        if job is None:
            job = self._waiting[source] = Job(source, url, rank)
        elif rank < job.rank:
            job.rank = rank
            job.may_be_stale |= rank[0] == Priority.OPENED
        return job

    def _drop_the_least(self) -> None:
        ahead = sorted(
            (job for job in self._waiting.values() if not job.is_click), key=lambda job: job.rank
        )
        for job in ahead[self._most :]:
            del self._waiting[job.source]
            job.future.cancel()

    def _run(self) -> None:
        while True:
            with self._changed:
                while (job := self._take()) is None:
                    self._changed.wait()
            try:
                value = self._work(job)
            # The thread must outlive any one image; whoever waits for it gets the fault.
            except Exception as error:  # noqa: BLE001
                self._end(job)
                job.future.set_exception(error)
            else:
                self._end(job)
                job.future.set_result(value)
            del job

    def _take(self) -> Job[Value] | None:
        """The most wanted job. One at a time is ahead of its click, so that clicks find workers."""
        if not self._waiting:
            return None
        job = min(self._waiting.values(), key=lambda one: one.rank)
        if not job.is_click and any(not one.is_click for one in self._running.values()):
            return None
        del self._waiting[job.source]
        self._running[job.source] = job
        return job

    def _end(self, job: Job[Value]) -> None:
        with self._changed:
            del self._running[job.source]
            self._changed.notify_all()
