"""Annotations: what the target lacks is saved again."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from studio.buckets.address import StorageAddress
from studio.parts.annotations import TOLERANCE, SaveAnnotations, Seen, compare, unsaved
from tests.studio.parts.conftest import NOON, lines, project_file, task

ANNOTATED = task(1, annotations=1)
TARGET = {"bucket": "gs://results/a/"}


@pytest.mark.parametrize(
    ("after", "late"), [(timedelta(0), False), (TOLERANCE, False), (TOLERANCE * 1.1, True)]
)
def test_a_task_that_changed_after_it_was_saved_is_unsaved(after: timedelta, late: bool) -> None:
    changed = replace(ANNOTATED, updated=NOON + after)
    assert unsaved([changed], {"1.json": NOON}, ()) == ((changed,) if late else ())


def test_a_task_of_unknown_age_is_saved_if_it_is_there() -> None:
    ageless = replace(ANNOTATED, updated=None)
    assert unsaved([ageless], {"1.json": NOON}, ()) == ()
    assert unsaved([ageless], {}, ()) == (ageless,)


def test_only_annotated_and_skipped_tasks_have_something_to_save() -> None:
    skipped = replace(task(3), skipped=1)
    tasks = [task(2), ANNOTATED, skipped]
    assert unsaved(tasks, {}, ()) == (ANNOTATED, skipped)
    assert unsaved(tasks, {"1.json": NOON, "3.json": NOON}, ()) == ()


def test_a_task_whose_facts_are_about_to_change_is_saved_again() -> None:
    assert unsaved([ANNOTATED, task(2)], {"1.json": NOON}, {1, 2}) == (ANNOTATED,)


def test_one_step_saves_all_of_them(tmp_path: Path) -> None:
    seen = Seen([ANNOTATED, task(2, annotations=1)], {"2.json": NOON}, frozenset({9}))
    steps = compare(project_file(tmp_path, target=TARGET), seen)
    assert steps == [SaveAnnotations(StorageAddress("results", "a"), (ANNOTATED,), frozenset({9}))]
    assert lines(steps) == ["save the annotations of 1 task to the target"]


def test_without_a_target_or_anything_unsaved_there_is_no_step(tmp_path: Path) -> None:
    assert compare(project_file(tmp_path), Seen([ANNOTATED])) == []
    seen = Seen([ANNOTATED], {"1.json": NOON})
    assert compare(project_file(tmp_path, target=TARGET), seen) == []
