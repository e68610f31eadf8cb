"""What torch computes is done in few threads."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch

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
    done, threads = threading.Event(), []

    def work() -> None:
        threads.append((threading.get_ident(), time.monotonic()))
        done.set()
        raise LookupError("nothing there")

    asked = time.monotonic()
    computing.afterwards(work)
    assert done.wait(10)
    # Not while the answer is still being made of what the thread has returned.
    assert threads[0][1] - asked >= computing.ANSWERED_SECONDS
    assert computing.briefly(threading.get_ident) == threads[0][0]
    assert "nothing there" in caplog.text


def test_what_is_apart_is_computed_without_helpers_and_in_order() -> None:
    usual = torch.get_num_threads()
    apart = computing.Apart()
    together = threading.Barrier(apart.count)

    def work(number: int) -> tuple[int, int]:
        # All cores at once, or nobody gets further.
        together.wait(10)
        return number, torch.get_num_threads()

    assert apart.each(work, range(apart.count)) == [(n, 1) for n in range(apart.count)]
    assert apart.count == usual == torch.get_num_threads()
    assert computing.at_length(torch.get_num_threads) == usual


@pytest.mark.parametrize("way", [computing.briefly, computing.at_length])
def test_a_fault_is_that_of_whoever_asked(way) -> None:
    def fails() -> None:
        raise LookupError("nothing there")

    with pytest.raises(LookupError, match="nothing there"):
        way(fails)
    assert way(lambda: "next") == "next"
