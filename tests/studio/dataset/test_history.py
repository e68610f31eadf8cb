"""The history of a task, as a target's states tell it."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from studio.buckets.place import FolderPlace
from studio.dataset.history import history, words_of
from studio.errors import StorageError

NOON = datetime(2026, 6, 9, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def region(number: int, label: str) -> list[dict]:
    """A mask and its label: two results of one id."""
    mask = {"format": "rle", "rle": [0, number]}
    return [
        {"id": f"r{number}", "type": "brush", "value": mask},
        {"id": f"r{number}", "type": "labels", "value": {**mask, "labels": [label]}},
    ]


def annotation(number: int, *labels: str, skipped: bool = False, by: str = "Ann@x.org") -> dict:
    return {
        "id": number,
        "completed_by": {"id": 1, "email": by},
        "created_at": "2026-06-09T11:00:00Z",
        "updated_at": "2026-06-09T11:30:00Z",
        "was_cancelled": skipped,
        "lead_time": 2.5,
        "result": [one for at, label in enumerate(labels) for one in region(at, label)],
    }


@pytest.fixture
def place(tmp_path: Path) -> FolderPlace:
    return FolderPlace(tmp_path)


def save(place: FolderPlace, hours: int, *annotations: dict, **facts: str) -> None:
    content = {"data": {"source": "a.jpg", **facts}, "annotations": annotations}
    place.keep("7.json", json.dumps(content).encode(), NOON + hours * HOUR)


def test_a_version_says_what_changed_when_and_by_whom(place: FolderPlace) -> None:
    save(place, 0, annotation(3, "coat", "coat", "hat"))
    save(place, 1, annotation(3, "coat"), annotation(4, by="ben@x.org"))
    save(place, 2, annotation(4, by="ben@x.org"))
    save(place, 3, annotation(4, skipped=True, by="ben@x.org"))
    told = [
        (one.number, one.saved, [(it.id, it.by, words_of(it)) for it in one.changed], one.removed)
        for one in history(place, 7)
    ]
    assert told == [
        (1, NOON, [(3, "ann@x.org", "coat 2, hat 1")], ()),
        (2, NOON + HOUR, [(3, "ann@x.org", "coat 1"), (4, "ben@x.org", "no region")], ()),
        (3, NOON + 2 * HOUR, [], (3,)),
        (4, NOON + 3 * HOUR, [(4, "ben@x.org", "skipped")], ()),
    ]


def test_states_with_the_same_annotations_are_one_version(place: FolderPlace) -> None:
    save(place, 0, annotation(3, "coat"))
    save(place, 1, annotation(3, "coat"), Name="another fact")
    save(place, 2, annotation(3, "hat"))
    assert [(one.number, one.saved) for one in history(place, 7)] == [
        (1, NOON),
        (2, NOON + 2 * HOUR),
    ]


def test_a_task_that_nobody_submitted_has_none(place: FolderPlace) -> None:
    with pytest.raises(StorageError, match="nothing of task 8"):
        history(place, 8)


def test_a_file_that_is_no_task_is_named(place: FolderPlace) -> None:
    place.keep("8.json", b"[]", NOON)
    with pytest.raises(StorageError, match=r"8\.json of 2026-06-09 12:00:00.* is no task"):
        history(place, 8)
