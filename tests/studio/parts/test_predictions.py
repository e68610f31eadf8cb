"""Predictions: of the current model for every task, in requests that Label Studio waits for."""

from dataclasses import replace
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from studio.left import NEVER
from studio.part import Remark
from studio.parts.predictions import (
    AIM_SECONDS,
    MAX_TASKS,
    RetrievePredictions,
    Seen,
    compare,
    lacking,
    left_unasked,
    next_size,
)
from studio.project.project_file import ProjectFile
from tests.studio.parts.conftest import FIRST, SECOND, lines, project_file, task

AGREED = Seen((task(1, "a", "v2"), task(2, "b", "v1", "v2")), (FIRST, SECOND))


def test_what_agrees_stays(project: ProjectFile) -> None:
    assert compare(project, AGREED) == []


def test_tasks_without_the_current_models_prediction_are_predicted(project: ProjectFile) -> None:
    tasks = (task(1, "a", "v1"), task(2, "b"), task(3, "c", "v2"))
    steps = compare(project, replace(AGREED, tasks=tasks, new_tasks=1))
    assert steps == [RetrievePredictions("first", 3)]
    assert lines(steps) == ["retrieve predictions of 3 tasks"]


def test_of_an_unknown_model_any_prediction_will_do() -> None:
    tasks = (task(1, "a", "v1"), task(2, "b"))
    assert lacking(tasks, "") == [tasks[1]]


def test_an_image_that_the_model_cannot_use_is_not_asked_for_again(project: ProjectFile) -> None:
    refused = task(1, "big.jpg", "v2 cannot: more than the 100 megapixels allowed")
    tasks = (refused, task(2, "b.jpg", "v2"))
    (remark,) = compare(project, replace(AGREED, tasks=tasks))
    assert remark == Remark(
        "cannot be pre-labelled: more than the 100 megapixels allowed: 1 task (big.jpg)"
    )
    assert left_unasked(project, replace(AGREED, tasks=tasks)).exit_status == NEVER
    steps = compare(project, replace(AGREED, tasks=tasks, again=True))
    assert steps == [RetrievePredictions("first", 1, again=True)]
    newer = replace(FIRST, model_version="v3")
    steps = compare(project, replace(AGREED, tasks=tasks, backends=(newer, SECOND)))
    assert steps == [RetrievePredictions("first", 2)], "another model may be able to"


def test_any_prediction_will_do_while_the_model_is_unknown(project: ProjectFile) -> None:
    tasks = (task(1, "a", "v1"), task(2, "b"))
    assert compare(project, Seen(tasks, ())) == [RetrievePredictions("first", 1)]


def test_another_model_may_leave_tasks_without_a_prediction(project: ProjectFile) -> None:
    steps = compare(project, replace(AGREED, may_change_model=True))
    assert steps == [RetrievePredictions("first", 0)]
    assert lines(steps) == ["retrieve predictions from 'first' where they are missing"]
    assert compare(project, Seen(may_change_model=True)) == [], "no task, no prediction"


def test_without_backends_there_are_no_predictions(tmp_path: Path) -> None:
    assert compare(project_file(tmp_path), Seen((task(1, "a"),))) == []


def test_slow_models_get_single_tasks_and_quick_ones_many() -> None:
    assert next_size(1, 40.0) == 1
    assert next_size(1, 5.0) == 4
    assert next_size(4, 4.0) == 16
    assert next_size(4, 10.0) == 10
    assert next_size(50, 0.0) == MAX_TASKS


@given(st.integers(1, MAX_TASKS), st.floats(0.0, 1000.0))
def test_the_next_request_aims_at_the_time_and_grows_slowly(tasks: int, seconds: float) -> None:
    size = next_size(tasks, seconds)
    assert 1 <= size <= min(MAX_TASKS, 4 * tasks)
    assert size == 1 or size * seconds / tasks <= AIM_SECONDS * 1.001
