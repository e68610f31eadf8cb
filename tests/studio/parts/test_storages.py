"""Storages: what changes between a project file and Label Studio, without either."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from studio.buckets.address import StorageAddress, parse_address
from studio.label_studio.records import Task
from studio.parts.storages import (
    TOLERANCE,
    SourceStorage,
    StorageChanges,
    TargetStorage,
    compare_storages,
    unsaved_tasks,
)
from studio.project.project_file import ProjectFile

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def project(folder: Path, **fields: object) -> ProjectFile:
    (folder / "config.xml").write_text("<View/>")
    content = {"title": "Coats", "labeling_config": "config.xml", **fields}
    content.setdefault("source", {"bucket": "gs://coats/autumn"})
    return ProjectFile.model_validate(content, context={"folder": folder})


def task(number: int, annotations: int = 1, updated: datetime = NOON) -> Task:
    return Task(number, {}, (), annotations, 0, "", updated)


def test_a_source_storage_is_made_once_and_follows_the_media(tmp_path: Path) -> None:
    made = compare_storages(project(tmp_path), [], [], []).source
    assert made == SourceStorage("coats", presign=True)
    there = SourceStorage("coats", presign=True, id=7)
    assert compare_storages(project(tmp_path), [there], [], []) == StorageChanges()
    proxied = project(tmp_path, source={"bucket": "gs://coats", "media": "proxy"})
    changes = compare_storages(proxied, [there], [], [])
    assert changes.source == SourceStorage("coats", presign=False, id=7)
    assert changes.lines() == ["change how images are opened from gs://coats (proxy)"]


def test_a_storage_that_would_double_the_tasks_is_closed_for_import(tmp_path: Path) -> None:
    there = SourceStorage("coats", presign=True, id=7, synchronizable=True)
    changed = compare_storages(project(tmp_path), [there], [], []).source
    assert changed == SourceStorage("coats", presign=True, id=7, synchronizable=False)


def test_storages_of_other_buckets_stay_for_the_tasks_that_came_from_them(tmp_path: Path) -> None:
    former = SourceStorage("hats", presign=True, id=3)
    changes = compare_storages(project(tmp_path), [former], [], [])
    assert changes.source == SourceStorage("coats", presign=True)
    folder = project(tmp_path, source={"folder": "."})
    assert compare_storages(folder, [former], [], []) == StorageChanges()


def test_only_our_own_former_target_is_removed(tmp_path: Path) -> None:
    ours = TargetStorage(StorageAddress("old", "a"), 1)
    somebody = TargetStorage(StorageAddress("theirs"), 2, "backup")
    wanted = project(tmp_path, target={"bucket": "gs://new/b/"})
    changes = compare_storages(wanted, [SourceStorage("coats", True, 7)], [ours, somebody], [])
    assert changes.target == TargetStorage(StorageAddress("new", "b"))
    assert changes.remove_targets == (ours,)


@pytest.mark.parametrize(
    ("after", "late"), [(timedelta(0), []), (TOLERANCE, []), (TOLERANCE * 1.1, [1])]
)
def test_a_task_that_changed_after_it_was_saved_is_unsaved(
    after: timedelta, late: list[int]
) -> None:
    assert unsaved_tasks([task(1, updated=NOON + after)], {"1.json": NOON}, {}) == late


def test_a_task_without_annotations_has_nothing_to_save() -> None:
    assert unsaved_tasks([task(1, annotations=0), task(2)], {}, {}) == [2]
    assert unsaved_tasks([task(1, annotations=0), task(2)], {"2.json": NOON}, {1: {}, 2: {}}) == [2]


@pytest.mark.parametrize("text", ["coats", "gs://", "gs://Coats", "s3://coats/a", "gs://a/b"])
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is no address such as gs://my-bucket"):
        parse_address(text)


def test_a_prefix_is_a_folder_whether_it_ends_in_a_slash_or_not() -> None:
    assert parse_address("gs://coats/a/b").prefix == parse_address("gs://coats/a/b/").prefix
    assert parse_address("gs://coats").prefix == parse_address("gs://coats/").prefix == ""
