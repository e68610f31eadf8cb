"""A data set in a bucket: it is replaced by the next one, and completed if it was cut off."""

import io
from pathlib import Path

import pytest
from rich.console import Console

from studio.buckets.place import FolderPlace
from studio.dataset.choosing import Rule
from studio.dataset.export import Wish, export
from studio.dataset.splits import Split
from studio.dataset.uploading import UPLOADING, require_replaceable_at, upload
from studio.errors import ExportError
from studio.output import Output
from tests.studio.dataset.given import Given, annotation, given

MASKS = Wish("masks", Rule("newest"), Split((100, 0, 0)), with_pictures=True)


class Bucket(FolderPlace):
    """A place that counts what is written, and can be cut off; a folder here, as in `snapshots`."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.written: list[str] = []
        self.cut_after = -1

    def write(self, name: str, content: bytes) -> None:
        if len(self.written) == self.cut_after:
            raise KeyboardInterrupt
        self.written.append(name)
        super().write(name, content)


def made(project: Given, folder: Path) -> Path:
    export(project, MASKS, folder, Output(Console(file=io.StringIO())))
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def put(folder: Path, bucket: Bucket) -> None:
    upload(folder, bucket, lambda *_: None)


def test_what_marks_it_as_a_data_set_comes_last_and_a_second_run_writes_nothing(
    tmp_path: Path,
) -> None:
    bucket, folder = Bucket(tmp_path / "bucket"), made(given(), tmp_path / "set")
    put(folder, bucket)
    assert bucket.written[0] == UPLOADING
    assert bucket.written[-1] == "dataset.json"
    assert contents(bucket.folder) == contents(folder)
    bucket.written.clear()
    put(folder, bucket)
    assert bucket.written == []


def test_a_later_one_takes_its_place_and_what_is_the_same_is_not_written_again(
    tmp_path: Path,
) -> None:
    bucket, project = Bucket(tmp_path / "bucket"), given(3)
    put(made(project, tmp_path / "set"), bucket)
    before = bucket.checksums("")
    del project.tasks[2]
    project.change(1, annotation([], day=9))
    bucket.written.clear()
    put(made(project, tmp_path / "set"), bucket)
    assert contents(bucket.folder) == contents(tmp_path / "set")
    after = bucket.checksums("")
    changed = {name for name in after if before.get(name) != after[name]}
    assert set(bucket.written) == changed | {UPLOADING}


@pytest.mark.parametrize("cut_after", [1, 3, 5])
def test_one_that_was_cut_off_is_no_data_set_until_the_next_run(
    tmp_path: Path, cut_after: int
) -> None:
    bucket, project = Bucket(tmp_path / "bucket"), given(3)
    put(made(project, tmp_path / "set"), bucket)
    project.change(1, annotation([], day=9))
    folder = made(project, tmp_path / "set")
    bucket.written.clear()
    bucket.cut_after = cut_after
    with pytest.raises(KeyboardInterrupt):
        put(folder, bucket)
    assert bucket.read("dataset.json") is None
    bucket.cut_after = -1
    put(folder, bucket)
    assert contents(bucket.folder) == contents(folder)


def test_what_somebody_put_beside_it_is_named_and_kept(tmp_path: Path) -> None:
    bucket, folder = Bucket(tmp_path / "bucket"), made(given(), tmp_path / "set")
    put(folder, bucket)
    bucket.write("runs/best.pt", b"a week of training")
    with pytest.raises(ExportError, match=r"not of it: runs/best\.pt\. Move them"):
        put(folder, bucket)
    assert bucket.read("runs/best.pt") == b"a week of training"


@pytest.mark.parametrize(
    ("name", "content"), [("a.jpg", b"x"), ("dataset.json", b"{}"), (UPLOADING, b"{")]
)
def test_what_is_no_data_set_is_left_alone(tmp_path: Path, name: str, content: bytes) -> None:
    bucket = Bucket(tmp_path)
    require_replaceable_at(bucket)
    bucket.write(name, content)
    with pytest.raises(ExportError, match=r"has 1 file, such as .* and is no data set"):
        require_replaceable_at(bucket)
