"""What torch computes is done in few threads."""

import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import torch

from backends.serving import computing
from backends.serving.computing import Brief


@pytest.fixture(params=[False, True], ids=["whole", "in parts"])
def brief(request: pytest.FixtureRequest) -> Brief:
    return Brief(in_parts=request.param)


def test_what_is_short_is_done_in_one_thread_whoever_asks(brief: Brief) -> None:
    with ThreadPoolExecutor(8) as askers:
        asked = [askers.submit(brief.do, threading.get_ident) for _ in range(50)]
        threads = {one.result() for one in asked}
    assert len(threads) == 1
    assert threading.get_ident() not in threads


def test_what_is_long_has_a_thread_that_ends_with_it() -> None:
    thread = computing.at_length(threading.current_thread)
    assert thread is not threading.current_thread()
    assert not thread.is_alive()


def test_what_has_time_is_done_in_the_thread_for_what_is_short_and_its_fault_is_logged(
    brief: Brief, caplog: pytest.LogCaptureFixture
) -> None:
    done, threads = threading.Event(), []

    def work() -> None:
        threads.append((threading.get_ident(), time.monotonic()))
        done.set()
        raise LookupError("nothing there")

    asked = time.monotonic()
    brief.afterwards(work)
    assert done.wait(10)
    # Not while the answer is still being made of what the thread has returned.
    assert threads[0][1] - asked >= computing.ANSWERED_SECONDS
    assert brief.do(threading.get_ident) == threads[0][0]
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


def test_parts_are_computed_at_once_in_order_and_each_on_a_core_of_its_own() -> None:
    usual = torch.get_num_threads()
    brief = Brief(in_parts=True)
    together = threading.Barrier(brief.count)
    cores = computing._cores(brief.count)

    def part(number: int) -> tuple[int, int, frozenset[int]]:
        # All parts at once, or nobody gets further.
        together.wait(10)
        return number, torch.get_num_threads(), frozenset(os.sched_getaffinity(0) if cores else ())

    found = brief.do(lambda: brief.each(part, range(brief.count)))
    assert [(number, helpers) for number, helpers, _ in found] == [
        (number, 1) for number in range(brief.count)
    ]
    if cores:
        assert len({core for _, _, core in found}) == brief.count
    assert brief.count == usual == torch.get_num_threads()
    assert computing.at_length(torch.get_num_threads) == usual
    assert Brief().count == 1


@pytest.mark.parametrize(
    ("siblings", "count", "cores"),
    [
        ({0: "0,2", 1: "1,3", 2: "0,2", 3: "1,3"}, 2, [{0, 2}, {1, 3}]),
        ({0: "0-1", 1: "0-1", 4: "4", 6: "6"}, 2, [{0, 1}, {4}]),
        ({0: "0-1", 1: "0-1"}, 2, []),
        ({2: None, 5: None}, 2, [{2}, {5}]),
    ],
    ids=["threads of a core", "only as many as are wanted", "too few", "nothing is told"],
)
def test_a_core_has_all_its_cpus_that_may_be_used(
    siblings: dict[int, str | None],
    count: int,
    cores: list[set[int]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for cpu, told in siblings.items():
        (topology := tmp_path / f"cpu{cpu}" / "topology").mkdir(parents=True)
        if told is not None:
            (topology / "core_cpus_list").write_text(f"{told}\n")
    monkeypatch.setattr(computing, "CPUS", tmp_path)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(siblings), raising=False)
    assert computing._cores(count) == cores


@pytest.mark.parametrize("failing", [0, 1])
def test_a_part_that_fails_is_not_told_before_the_others_have_ended(failing: int) -> None:
    brief, ended = Brief(in_parts=True), []

    def part(number: int) -> None:
        if number == failing:
            raise LookupError("nothing there")
        time.sleep(0.2)
        ended.append(number)

    with pytest.raises(LookupError, match="nothing there"):
        brief.do(lambda: brief.each(part, [0, 1, 2]))
    assert sorted([*ended, failing])[-2:] == [1, 2] or brief.count == 1


@pytest.mark.parametrize("way", [Brief().do, Brief(in_parts=True).do, computing.at_length])
def test_a_fault_is_that_of_whoever_asked(way) -> None:
    def fails() -> None:
        raise LookupError("nothing there")

    with pytest.raises(LookupError, match="nothing there"):
        way(fails)
    assert way(lambda: "next") == "next"
