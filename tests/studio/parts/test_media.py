"""An image of the bucket is opened on every run."""

from pathlib import Path

from studio.parts.media import OpenImage, compare
from tests.studio.parts.conftest import lines, project_file, task


def test_it_is_a_check_and_no_line_of_the_plan(tmp_path: Path) -> None:
    (step,) = compare(project_file(tmp_path), None)
    assert isinstance(step, OpenImage)
    assert lines([step]) == []
    assert compare(project_file(tmp_path, source={"folder": "."}), None) == []


def test_the_first_task_of_this_very_bucket_is_taken(tmp_path: Path) -> None:
    (step,) = compare(project_file(tmp_path), None)
    assert isinstance(step, OpenImage)
    other, first, second = (
        task(2, "gs://coats-2/a"),
        task(3, "gs://coats/b"),
        task(4, "gs://coats/c"),
    )
    assert step.task_of([task(1), other, first, second]) == first
    assert step.task_of([task(1), other]) is None
