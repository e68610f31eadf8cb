"""The target storage: opened where the file says, and nowhere else by us."""

from pathlib import Path

import pytest

from studio.buckets.address import StorageAddress
from studio.label_studio.storages import TargetStorage
from studio.parts.target import CloseTarget, OpenTarget, compare
from tests.studio.parts.conftest import lines, project_file

NEW = TargetStorage(StorageAddress("new", "b"), "target")
OURS = TargetStorage(StorageAddress("old", "a"), "target", 1)
THEIRS = TargetStorage(StorageAddress("theirs"), "backup", 2)


def test_the_new_one_is_open_before_our_former_one_goes(tmp_path: Path) -> None:
    wanted = project_file(tmp_path, target={"bucket": "gs://new/b/"})
    steps = compare(wanted, [OURS, THEIRS])
    assert steps == [OpenTarget(NEW), CloseTarget(OURS)]
    assert lines(steps) == [
        "save annotations to gs://new/b",
        "stop saving annotations to gs://old/a",
    ]


@pytest.mark.parametrize("title", ["target", "somebody else's"])
def test_a_storage_that_is_there_is_not_created_again(tmp_path: Path, title: str) -> None:
    wanted = project_file(tmp_path, target={"bucket": "gs://new/b"})
    assert compare(wanted, [TargetStorage(NEW.address, title, 4)]) == []


def test_without_a_target_ours_is_closed(tmp_path: Path) -> None:
    assert compare(project_file(tmp_path), [OURS, THEIRS]) == [CloseTarget(OURS)]
