"""Images wait for each other by their pixels, and not for ever."""

import threading
import time

import pytest

from backends.serving.cache import SingleFlightCache
from backends.serving.errors import Busy
from backends.serving.limits import PixelGate, taking_turns


class AtWork:
    """Counts the pixels that are worked on at a time."""

    def __init__(self, gate: PixelGate) -> None:
        self._gate = gate
        self._lock = threading.Lock()
        self._now = 0
        self.most = 0

    def __call__(self, pixels: int) -> None:
        with self._gate.working_on(pixels):
            with self._lock:
                self._now += pixels
                self.most = max(self.most, self._now)
            time.sleep(0.02)
            with self._lock:
                self._now -= pixels


def test_sixteen_large_images_are_worked_on_one_after_the_other_and_small_ones_together() -> None:
    for pixels, most in ((100, 100), (10, 100), (60, 60)):
        work = AtWork(PixelGate(100))
        threads = [threading.Thread(target=work, args=(pixels,)) for _ in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert pixels <= work.most <= most


def test_an_image_larger_than_the_bound_is_worked_on_alone() -> None:
    with PixelGate(100).working_on(500):
        pass


def test_whoever_waits_too_long_is_told_and_leaves_the_gate_to_the_others() -> None:
    gate = PixelGate(100, wait_seconds=0.05)
    with gate.working_on(100), pytest.raises(Busy, match="try again"), gate.working_on(1):
        pass
    with gate.working_on(100):
        pass


def test_a_large_image_is_not_passed_over_by_small_ones() -> None:
    gate = PixelGate(100)
    order: list[str] = []

    def work(name: str, pixels: int) -> None:
        with gate.working_on(pixels):
            order.append(name)

    with gate.working_on(50):
        large = threading.Thread(target=work, args=("large", 100))
        large.start()
        time.sleep(0.05)
        small = threading.Thread(target=work, args=("small", 1))
        small.start()
        time.sleep(0.05)
    large.join()
    small.join()
    assert order == ["large", "small"]


def test_a_turn_that_does_not_come_is_said() -> None:
    lock = threading.Lock()
    with (
        taking_turns(lock, "others are being read", 0.05),
        pytest.raises(Busy, match="others are being read for more than"),
        taking_turns(lock, "others are being read", 0.05),
    ):
        pass
    assert not lock.locked()


def test_who_waits_for_anothers_computation_gives_up_and_finds_its_result_later() -> None:
    store: SingleFlightCache[str, bytes] = SingleFlightCache(100, len, wait_seconds=0.05)
    release = threading.Event()
    first = threading.Thread(
        target=store.get_or_compute, args=("a", lambda: b"%d" % release.wait(5))
    )
    first.start()
    time.sleep(0.01)
    with pytest.raises(Busy, match="try again"):
        store.get_or_compute("a", lambda: b"mine")
    release.set()
    first.join()
    assert store.get_or_compute("a", lambda: b"mine") == b"1"
