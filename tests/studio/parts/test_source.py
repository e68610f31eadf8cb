"""The source storage: one for the bucket, and closed for Label Studio's own import."""

from dataclasses import replace
from pathlib import Path

import pytest

from studio.label_studio.storages import SourceStorage
from studio.parts.source import OpenSource, compare
from tests.studio.parts.conftest import lines, project_file

AGREED = SourceStorage("coats", True, 15, False, id=7)


def test_it_is_created_once(tmp_path: Path) -> None:
    steps = compare(project_file(tmp_path), [])
    assert steps == [OpenSource(SourceStorage("coats", True, 15, False))]
    assert lines(steps) == ["open images from gs://coats (presigned)"]
    assert compare(project_file(tmp_path), [AGREED]) == []


def test_it_follows_the_media(tmp_path: Path) -> None:
    proxied = project_file(tmp_path, source={"bucket": "gs://coats", "media": "proxy"})
    steps = compare(proxied, [AGREED])
    assert steps == [OpenSource(replace(AGREED, presign=False))]
    assert lines(steps) == ["change how images are opened from gs://coats (proxy)"]


@pytest.mark.parametrize("change", [{"synchronizable": True}, {"presign_minutes": 1}])
def test_what_people_changed_is_put_back(tmp_path: Path, change: dict) -> None:
    """A synchronizable one would double the tasks."""
    assert compare(project_file(tmp_path), [replace(AGREED, **change)]) == [OpenSource(AGREED)]


def test_storages_of_other_buckets_stay_for_the_tasks_that_came_from_them(tmp_path: Path) -> None:
    former = replace(AGREED, bucket="hats", id=3)
    assert compare(project_file(tmp_path), [former, AGREED]) == []
    assert lines(compare(project_file(tmp_path), [former])) == [
        "open images from gs://coats (presigned)"
    ]
    assert compare(project_file(tmp_path, source={"folder": "."}), [former]) == []


def test_the_first_storage_of_the_bucket_counts(tmp_path: Path) -> None:
    """Label Studio takes that one, too."""
    second = replace(AGREED, id=8)
    steps = compare(project_file(tmp_path), [replace(AGREED, presign=False), second])
    assert steps == [OpenSource(AGREED)]
