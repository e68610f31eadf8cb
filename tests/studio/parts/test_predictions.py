"""Requests for predictions stay far below the time that Label Studio waits."""

from hypothesis import given
from hypothesis import strategies as st

from studio.parts.predictions import AIM_SECONDS, MAX_TASKS, next_size


def test_slow_models_get_single_tasks_and_quick_ones_many() -> None:
    assert next_size(1, 40.0) == 1
    assert next_size(1, 5.0) == 4
    assert next_size(4, 4.0) == 16
    assert next_size(50, 0.0) == MAX_TASKS


@given(st.integers(1, MAX_TASKS), st.floats(0.0, 1000.0))
def test_the_next_request_aims_at_the_time_and_grows_slowly(tasks: int, seconds: float) -> None:
    size = next_size(tasks, seconds)
    assert 1 <= size <= min(MAX_TASKS, 4 * tasks)
    assert size == 1 or size * seconds / tasks <= AIM_SECONDS * 1.001
