import threading
import time

import pytest

from backends.serving.cache import SingleFlightCache


def cache(max_bytes: int = 100) -> SingleFlightCache[str, bytes]:
    return SingleFlightCache(max_bytes, len)


def test_a_value_is_computed_once() -> None:
    store = cache()
    assert store.get_or_compute("a", lambda: b"one") == b"one"
    assert store.get_or_compute("a", lambda: b"two") == b"one"


def test_nine_who_ask_together_share_one_computation() -> None:
    store = cache()
    calls: list[int] = []
    barrier = threading.Barrier(9)
    answers: list[bytes] = []

    def compute() -> bytes:
        calls.append(1)
        time.sleep(0.1)
        return b"value"

    def ask() -> None:
        barrier.wait()
        answers.append(store.get_or_compute("a", compute))

    threads = [threading.Thread(target=ask) for _ in range(9)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [b"value"] * 9
    assert len(calls) == 1


def test_one_key_does_not_wait_for_another() -> None:
    store = cache()
    release = threading.Event()
    slow = threading.Thread(
        target=store.get_or_compute, args=("slow", lambda: b"%d" % release.wait(5))
    )
    slow.start()
    started = time.monotonic()
    assert store.get_or_compute("quick", lambda: b"q") == b"q"
    assert time.monotonic() - started < 1
    release.set()
    slow.join()
    assert store.get("slow") == b"1"


def test_the_least_recently_used_goes_first_and_the_bytes_stay_bounded() -> None:
    store = cache(100)
    for key in "abc":
        store.get_or_compute(key, lambda: b"x" * 40)
        store.get("a")
    assert (store.get("a") is None, store.get("b") is None, store.get("c") is None) == (
        False,
        True,
        False,
    )
    assert store.bytes_held == 80


def test_a_value_larger_than_the_cache_is_handed_out_and_not_kept() -> None:
    store = cache(10)
    assert store.get_or_compute("big", lambda: b"x" * 11) == b"x" * 11
    assert len(store) == 0


def test_an_error_reaches_the_asker_and_is_not_remembered() -> None:
    store = cache()

    def fail() -> bytes:
        raise OSError("gone")

    with pytest.raises(OSError, match="gone"):
        store.get_or_compute("a", fail)
    assert store.get_or_compute("a", lambda: b"back") == b"back"


def test_a_discarded_value_is_computed_anew() -> None:
    store = cache()
    store.get_or_compute("a", lambda: b"old")
    store.discard("a")
    store.discard("never there")
    assert store.get_or_compute("a", lambda: b"new") == b"new"
