"""Snapshots: the same for ever, whatever is labeled later."""

import io
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from rich.console import Console

from studio.buckets.place import FolderPlace
from studio.dataset.choosing import Rule
from studio.dataset.difference import difference
from studio.dataset.export import Wish, export
from studio.dataset.labelled import Labelled
from studio.dataset.snapshot import Snapshot, names_in, open_snapshot, take_snapshot
from studio.dataset.splits import Split
from studio.errors import ExportError, SnapshotError
from studio.output import Output
from tests.studio.dataset.given import (
    Given,
    annotation,
    drawn_with_brush,
    given,
    hard_masks,
    picture,
)

NOON = datetime(2026, 6, 9, 12, tzinfo=UTC)
COCO = Wish("coco", Rule("newest"), Split((80, 10, 10)), with_pictures=True)


def take(project: Given, name: str, place: FolderPlace) -> bool:
    return take_snapshot(project, name, place, NOON, lambda *_: None)[1]


def opened(name: str, place: FolderPlace, project: Given) -> Snapshot:
    return open_snapshot(name, place, project.picture)


def exported(labelled: Labelled, place: Path) -> dict[str, bytes]:
    export(labelled, COCO, place, Output(Console(file=io.StringIO())))
    return {
        path.relative_to(place).as_posix(): path.read_bytes()
        for path in place.rglob("*")
        if path.is_file()
    }


def test_an_export_of_it_is_the_same_whatever_was_labeled_since(tmp_path: Path) -> None:
    project, place = given(4), FolderPlace(tmp_path / "versions")
    assert take(project, "v1", place)
    before = exported(opened("v1", place, project), tmp_path / "before")
    for number in range(50):
        task = 1 + number % 4
        kept = project.tasks[task].annotations
        project.change(task, *kept, annotation([], day=2 + number % 27))
    project.add("new.jpg", annotation(drawn_with_brush(hard_masks())))
    assert exported(opened("v1", place, project), tmp_path / "after") == before
    assert "snapshot v1" in before["README.md"].decode()


def test_a_picture_that_was_moved_is_known_by_its_first_place_in_it_too(tmp_path: Path) -> None:
    project, place = given(2), FolderPlace(tmp_path)
    project.first[1] = "spring/1.jpg"
    take(project, "v1", place)
    identities = [one.identity for one in opened("v1", place, project).entries]
    assert identities == ["spring/1.jpg", "autumn/nothing.jpg"]


def test_what_two_snapshots_share_is_stored_once(tmp_path: Path) -> None:
    project, place = given(4), FolderPlace(tmp_path)
    take(project, "v1", place)
    stored = len(place.names("snapshots/tasks/"))
    project.change(1, annotation([], day=5))
    take(project, "v2", place)
    assert len(place.names("snapshots/tasks/")) == stored + 1
    assert names_in(place) == ["v1", "v2"]


def test_a_name_stands_for_one_state(tmp_path: Path) -> None:
    project, place = given(2), FolderPlace(tmp_path)
    assert take(project, "v1", place)
    assert not take(project, "v1", place), "the same state again changes nothing"
    project.change(1, annotation([], day=5))
    with pytest.raises(SnapshotError, match="A snapshot never changes"):
        take(project, "v1", place)
    assert opened("v1", place, project).entries[0].annotations == 1


def test_whether_pictures_are_looked_at_makes_no_other_state(tmp_path: Path) -> None:
    project = given(2)
    for number, order in enumerate([(True, False), (False, True)]):
        place = FolderPlace(tmp_path / str(number))
        taken = [
            take_snapshot(project, "v1", place, NOON, lambda *_: None, looked)[1]
            for looked in order
        ]
        assert taken == [True, False]
    project.pictures["/data/upload/1/0123abcd-1.jpg"] = picture(orientation=2)
    with pytest.raises(SnapshotError, match="A snapshot never changes"):
        take(project, "v1", FolderPlace(tmp_path / "0"))


def test_the_labelers_addresses_are_for_the_owner_alone(tmp_path: Path) -> None:
    place = FolderPlace(tmp_path)
    take(given(2), "v1", place)
    modes = {path.stat().st_mode & 0o777 for path in tmp_path.rglob("*.json*")}
    assert modes == {0o600}


@pytest.mark.parametrize("name", ["", "../v1", "now", "a/b", ".hidden", "ü"])
def test_a_name_that_is_none_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(SnapshotError, match="cannot be a snapshot's name"):
        take(given(2), name, FolderPlace(tmp_path))


def test_a_snapshot_that_is_not_there_is_said_with_those_that_are(tmp_path: Path) -> None:
    project, place = given(2), FolderPlace(tmp_path)
    take(project, "v1", place)
    with pytest.raises(SnapshotError, match="has no snapshot v2; it has v1"):
        opened("v2", place, project)


def test_what_was_damaged_or_replaced_is_noticed(tmp_path: Path) -> None:
    project, place = given(2), FolderPlace(tmp_path)
    take(project, "v1", place)
    project.pictures["/data/upload/1/0123abcd-1.jpg"] = picture(orientation=2)
    with pytest.raises(ExportError, match="was replaced since snapshot v1"):
        exported(opened("v1", place, project), tmp_path / "set")
    first, second = place.names("snapshots/tasks/")
    content = place.read(second)
    assert content is not None
    place.write(first, content)
    snapshot = opened("v1", place, project)
    with pytest.raises(SnapshotError, match="was changed"):
        list(snapshot.read(snapshot.entries))
    (place.folder / first).unlink()
    with pytest.raises(SnapshotError, match="somebody removed it"):
        list(snapshot.read(snapshot.entries))


def test_a_difference_is_told_by_picture_and_label(tmp_path: Path) -> None:
    project, place = given(4), FolderPlace(tmp_path)
    take(project, "v1", place)
    before = opened("v1", place, project)
    (label, coat), *others = hard_masks()
    smaller = coat.copy()
    smaller[:, :20] = False
    project.change(1, annotation(drawn_with_brush([(label, smaller), *others[:1]]), day=5))
    moved = replace(project.tasks[2].annotations[0], lead_time=9.0)
    project.change(2, moved)
    project.add("new.jpg", annotation([]))
    found = difference(before, project)
    assert [(one.picture, one.label) for one in found.changes] == [
        ("autumn/1.jpg", "coat"),
        ("autumn/1.jpg", "hat"),
    ]
    change, gone = found.changes
    assert (change.before, change.after) == (coat.sum(), smaller.sum())
    assert change.iou == pytest.approx(smaller.sum() / coat.sum())
    assert (gone.after, gone.iou) == (0, 0)
    assert found.touched == ("autumn/2.jpg",)
    assert found.added == ("new.jpg",)
    assert found.same == 2
    assert difference(project, before).removed == ("new.jpg",)
