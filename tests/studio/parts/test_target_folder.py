"""A target folder: what it lacks is written."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from studio.parts import annotations, target
from studio.parts.target_folder import Seen, WriteAnnotations, compare
from tests.studio.parts.conftest import NOON, lines, project_file, task

ANNOTATED = task(1, annotations=1)
SAVED = {"1.json": NOON.timestamp()}
FOLDER = {"folder": "results"}


def late(tmp_path: Path, seen: Seen) -> frozenset[int]:
    steps = compare(project_file(tmp_path, target=FOLDER), seen)
    return steps[0].tasks if steps and isinstance(steps[0], WriteAnnotations) else frozenset()


def test_one_step_writes_what_is_not_there(tmp_path: Path) -> None:
    seen = Seen([ANNOTATED, task(2), replace(task(3), skipped=1)])
    steps = compare(project_file(tmp_path, target=FOLDER), seen)
    assert steps == [WriteAnnotations(tmp_path / "results", frozenset({1, 3}))]
    assert lines(steps) == [f"write the annotations of 2 tasks to {tmp_path / 'results'}"]


@pytest.mark.parametrize(("after", "is_late"), [(0.0, False), (0.01, True), (-3600.0, True)])
def test_a_task_that_changed_is_written_again(tmp_path: Path, after: float, is_late: bool) -> None:
    changed = replace(ANNOTATED, updated=NOON + timedelta(seconds=after))
    assert late(tmp_path, Seen([changed], SAVED)) == ({1} if is_late else set())


def test_a_task_whose_last_annotation_is_gone_is_written_again(tmp_path: Path) -> None:
    emptied = replace(task(1), updated=NOON + timedelta(hours=1))
    assert late(tmp_path, Seen([emptied], SAVED)) == {1}


def test_a_task_whose_facts_are_about_to_change_is_written_again(tmp_path: Path) -> None:
    assert late(tmp_path, Seen([ANNOTATED, task(2)], SAVED, frozenset({1, 2}))) == {1}


def test_label_studio_gets_no_storage_for_a_folder_and_a_bucket_no_files(tmp_path: Path) -> None:
    wanted = project_file(tmp_path, target=FOLDER)
    assert target.compare(wanted, []) == []
    assert annotations.compare(wanted, annotations.Seen([ANNOTATED])) == []
    in_bucket = project_file(tmp_path, target={"bucket": "gs://results"})
    assert compare(in_bucket, Seen([ANNOTATED])) == []
