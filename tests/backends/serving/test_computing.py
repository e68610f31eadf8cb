"""What torch computes is done in few threads."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from backends.serving import computing


def test_what_is_short_is_done_in_one_thread_whoever_asks() -> None:
    with ThreadPoolExecutor(8) as askers:
        asked = [askers.submit(computing.briefly, threading.get_ident) for _ in range(50)]
        threads = {one.result() for one in asked}
    assert len(threads) == 1
    assert threading.get_ident() not in threads


def test_what_is_long_has_a_thread_that_ends_with_it() -> None:
    thread = computing.at_length(threading.current_thread)
    assert thread is not threading.current_thread()
    assert not thread.is_alive()


def test_what_has_time_is_done_in_the_thread_for_what_is_short_and_its_fault_is_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    begin, threads = threading.Event(), []

    def work() -> None:
        assert begin.wait(10)
        threads.append(threading.get_ident())
        raise LookupError("nothing there")

    computing.afterwards(work)
    begin.set()
    assert computing.briefly(threading.get_ident) == threads[0]
    assert "nothing there" in caplog.text


@pytest.mark.parametrize("way", [computing.briefly, computing.at_length])
def test_a_fault_is_that_of_whoever_asked(way) -> None:
    def fails() -> None:
        raise LookupError("nothing there")

    with pytest.raises(LookupError, match="nothing there"):
        way(fails)
    assert way(lambda: "next") == "next"
