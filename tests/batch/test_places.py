"""Files in a folder, by names with slashes, and what an address means."""

from pathlib import Path

import pytest

from batch.errors import BatchError
from batch.places import BucketPlace, FolderPlace, place_of


def test_a_file_is_there_whole_and_in_place_of_the_one_before(tmp_path: Path) -> None:
    place = FolderPlace(tmp_path / "ready")
    place.write("a/1.json", b"one")
    place.write("a/1.json", b"two!")
    assert place.read("a/1.json") == b"two!"
    assert place.sizes("a/") == {"a/1.json": 4}
    assert [path.name for path in (tmp_path / "ready" / "a").iterdir()] == ["1.json"]


def test_files_are_found_by_how_their_names_begin(tmp_path: Path) -> None:
    place = FolderPlace(tmp_path)
    for name in ("a/tasks-2", "a/tasks-1", "a/failed-1", "b/tasks-1", "top"):
        place.write(name, b"x")
    assert [*place.sizes("a/tasks-")] == ["a/tasks-1", "a/tasks-2"]
    assert [*place.sizes("to")] == ["top"]
    assert place.sizes("nowhere/") == {}


def test_what_is_gone_already_is_removed_without_a_word(tmp_path: Path) -> None:
    place = FolderPlace(tmp_path)
    place.write("1", b"x")
    place.remove("1")
    place.remove("1")
    assert place.sizes("") == {}


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(BatchError, match=r"file/1\.json cannot be written: File exists"):
        FolderPlace(tmp_path / "file").write("1.json", b"")


def test_a_place_is_a_folder_or_below_an_address(tmp_path: Path) -> None:
    assert place_of(str(tmp_path)) == FolderPlace(tmp_path)
    assert place_of("gs://ours/ready/") == BucketPlace("ours", "ready/")
    assert place_of("gs://ours/ready") == BucketPlace("ours", "ready/")
    assert place_of("gs://ours") == BucketPlace("ours", "")
    assert str(place_of("gs://ours/ready")) == "gs://ours/ready"
    assert place_of(str(place_of("gs://ours"))) == BucketPlace("ours", "")
    with pytest.raises(BatchError, match="names no bucket"):
        place_of("gs://")
