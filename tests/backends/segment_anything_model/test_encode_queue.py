"""Order and fairness of the queue, with work that takes as long as the test wants."""

import threading
import time
from collections.abc import Callable

from backends.segment_anything_model.encode_queue import EncodeQueue, Job, Priority


class Encoder:
    """Work whose fetch and encode end when the test says so; it writes down what was encoded."""

    def __init__(self) -> None:
        self.encoded: list[str] = []
        self.at_once = 0
        self.most_at_once = 0
        self.fetched: dict[str, threading.Event] = {}
        self.done = threading.Semaphore(0)
        self.queue: EncodeQueue[str] = EncodeQueue(self.work)

    def work(self, job: Job[str]) -> str:
        if (slow := self.fetched.get(job.source)) is not None:
            assert slow.wait(10)
        with self.queue.turn(job):
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
            self.encoded.append(job.source)
            assert self.done.acquire(timeout=10)
            self.at_once -= 1
        return job.source

    def want(self, priority: Priority, *sources: str) -> list:
        return self.queue.add([(source, f"/{source}") for source in sources], priority)

    def slow_to_fetch(self, source: str) -> threading.Event:
        return self.fetched.setdefault(source, threading.Event())

    def let(self, count: int) -> None:
        self.done.release(count)


def eventually(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.002)


def busy() -> Encoder:
    """An encoder that is at the image "first" already."""
    encoder = Encoder()
    encoder.want(Priority.CREATED, "first")
    eventually(lambda: encoder.encoded == ["first"])
    return encoder


def finish(encoder: Encoder, count: int) -> list[str]:
    """What is encoded after "first", in its order."""
    encoder.let(count + 1)
    eventually(lambda: len(encoder.encoded) == count + 1 and not encoder.queue._running)
    return encoder.encoded[1:]


def test_clicks_come_first_in_their_order_then_the_newest_opened_then_the_rest() -> None:
    encoder = busy()
    encoder.want(Priority.CREATED, "new 1", "new 2")
    encoder.want(Priority.OPENED, "opened before")
    encoder.want(Priority.NEXT, "next 1", "next 2")
    encoder.want(Priority.OPENED, "opened last", "its second image")
    for number in range(3):
        encoder.want(Priority.CLICK, f"click {number}")
        eventually(lambda number=number: len(encoder.queue._ready) == number + 1)
    assert finish(encoder, 10) == [
        *("click 0", "click 1", "click 2"),
        *("opened last", "its second image", "opened before"),
        *("next 1", "next 2", "new 1", "new 2"),
    ]
    assert encoder.most_at_once == 1


def test_a_click_comes_before_an_image_that_was_fetched_ahead_of_it() -> None:
    encoder = busy()
    encoder.want(Priority.OPENED, "ahead")
    eventually(lambda: encoder.queue._running.keys() == {"first"})
    encoder.let(1)
    eventually(lambda: encoder.encoded == ["first", "ahead"])
    encoder.want(Priority.NEXT, "ahead too")
    slow = encoder.slow_to_fetch("click")
    encoder.want(Priority.CLICK, "click")
    encoder.let(1)
    # Free, but an encode that has begun would hold up the click whose image is just coming.
    eventually(lambda: encoder.queue._encoding is None and "ahead too" in encoder.queue._running)
    time.sleep(0.05)
    assert encoder.encoded == ["first", "ahead"]
    slow.set()
    encoder.let(2)
    eventually(lambda: encoder.encoded == ["first", "ahead", "click", "ahead too"])


def test_a_click_whose_image_is_slow_to_come_holds_no_other_click_up() -> None:
    encoder = busy()
    slow = encoder.slow_to_fetch("slow")
    encoder.want(Priority.CLICK, "slow")
    encoder.want(Priority.CLICK, "quick")
    encoder.let(2)
    eventually(lambda: encoder.encoded == ["first", "quick"])
    slow.set()
    encoder.let(1)
    eventually(lambda: encoder.encoded == ["first", "quick", "slow"])


def test_a_click_on_an_image_that_waits_brings_it_forward_and_both_have_one_encode() -> None:
    encoder = busy()
    encoder.want(Priority.OPENED, "opened")
    (created,) = encoder.want(Priority.CREATED, "clicked later")
    (clicked,) = encoder.want(Priority.CLICK, "clicked later")
    assert clicked is created
    assert finish(encoder, 2) == ["clicked later", "opened"]
    assert clicked.result(1) == "clicked later"


def test_what_is_wanted_ahead_is_bounded_and_the_least_wanted_goes() -> None:
    encoder = busy()
    encoder.queue._most = 3
    found = encoder.want(Priority.CREATED, "a", "b", "c", "d")
    assert [future is not None for future in found] == [True, True, True, False]
    encoder.want(Priority.OPENED, "opened")
    clicks = encoder.want(Priority.CLICK, *"vwxyz")
    assert None not in clicks
    assert [source for source in finish(encoder, 8) if len(source) > 1 or source < "v"] == [
        "opened",
        "a",
        "b",
    ]
    assert len(encoder.queue) == 0


def test_a_fault_reaches_all_who_wait_and_the_next_image_is_worked_on() -> None:
    def work(job: Job[str]) -> str:
        if job.source == "damaged":
            raise ValueError("damaged")
        return job.source

    queue: EncodeQueue[str] = EncodeQueue(work)
    (damaged,) = queue.add([("damaged", "")], Priority.CLICK)
    assert damaged is not None
    assert str(damaged.exception(5)) == "damaged"
    (fine,) = queue.add([("fine", "")], Priority.OPENED)
    assert fine is not None
    assert fine.result(5) == "fine"
    assert not queue.has("damaged")


def test_a_job_is_alone_when_nothing_else_waits_or_is_worked_on() -> None:
    encoder = busy()
    (first,) = encoder.queue._running.values()
    assert not encoder.queue.has_others(first)
    encoder.want(Priority.CREATED, "first")
    assert not encoder.queue.has_others(first)
    encoder.want(Priority.CREATED, "waits")
    assert encoder.queue.has_others(first)
    assert finish(encoder, 1) == ["waits"]
