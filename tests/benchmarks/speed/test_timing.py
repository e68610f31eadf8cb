"""Pairs in turns, medians of ratios, and whose CPU time it was."""

import os
import subprocess
import sys
import time

import pytest

from benchmarks.speed import timing


def test_pairs_take_turns_and_neither_is_always_first() -> None:
    seen: list[str] = []
    timing.pairs(
        lambda number: seen.append(f"a{number}"), lambda number: seen.append(f"b{number}"), 3
    )
    assert seen == ["a-1", "b-1", "a0", "b0", "b1", "a1", "a2", "b2"]


def test_the_ratio_is_the_median_of_the_pairs_ratios() -> None:
    # The ratio of the medians would be 2: one slow moment of the machine hits one pair.
    assert timing.ratio([2.0, 30.0, 40.0], [1.0, 10.0, 20.0]) == 2.0
    assert timing.ratio([3.0, 8.0, 40.0], [1.0, 4.0, 1.0]) == 3.0


def test_the_cpu_time_of_a_process_tree_is_counted_and_a_sleep_is_none() -> None:
    spins = "import time; end = time.process_time() + 0.3\nwhile time.process_time() < end: pass"
    nested = f"import subprocess, sys, time; subprocess.run([sys.executable, '-c', {spins!r} + "
    nested += "'\\ntime.sleep(60)'])"
    with subprocess.Popen([sys.executable, "-c", nested], start_new_session=True) as process:
        try:
            deadline = time.monotonic() + 30
            while timing._cpu(process.pid) < 0.3:
                assert time.monotonic() < deadline
                time.sleep(0.05)
            assert len(timing.tree(process.pid)) == 2
            assert timing.resident(process.pid) > 5_000_000
            _, cpu = timing.timed(lambda: time.sleep(0.2), process.pid)
            assert cpu < 0.2
        finally:
            os.killpg(process.pid, 9)


@pytest.mark.parametrize(("seconds", "told"), [(0.01234, "12.3 ms"), (1.234, "1.23 s")])
def test_durations_are_told_with_three_digits(seconds: float, told: str) -> None:
    assert timing.spoken(seconds) == told


def test_a_percentile_is_one_of_the_values() -> None:
    values = [5.0, 1.0, 3.0, 2.0, 4.0]
    assert timing.percentile(values, 0.5) == 3.0
    assert timing.percentile(values, 0.95) == 5.0
