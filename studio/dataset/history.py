"""What a task's annotations were, each time that they were saved, and the way back to one of them.

A target has one file a task. A bucket with versioning keeps each state that it was in, and so does
a folder.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from studio.buckets.place import Place, State
from studio.errors import StorageError, StudioError
from studio.label_studio.client import Studio
from studio.label_studio.records import Project, Task
from studio.label_studio.saved import SavedAnnotation, SavedTask, name_of, read_saved


@dataclass(frozen=True)
class Summary:
    """An annotation in a version, without its masks.

    Attributes:
        labels: regions by label; "" for those without one.
        hash: of its results.
    """

    id: int
    by: str
    updated: str
    skipped: bool
    labels: Mapping[str, int]
    hash: str


@dataclass(frozen=True)
class Version:
    """A state of a task's annotations that was saved.

    Attributes:
        number: 1 for the oldest one that is kept.
        changed: the annotations that were other or not there in the version before.
        removed: ids of those that the version before had, and this one has not.
    """

    number: int
    saved: datetime
    state: State
    annotations: tuple[Summary, ...]
    changed: tuple[Summary, ...]
    removed: tuple[int, ...]


def history(place: Place, task: int) -> list[Version]:
    """Return the versions of a task, oldest first. States with the same annotations are one.

    Raises:
        StorageError: the place has none of the task.
    """
    found: list[Version] = []
    before: dict[int, Summary] = {}
    states = place.states(name_of(task))
    for state in states:
        saved = _read(place, state)
        now = {one.id: _summary(one) for one in saved.annotations}
        if found and now == before:
            continue
        changed = tuple(one for one in now.values() if before.get(one.id) != one)
        removed = tuple(number for number in before if number not in now)
        number = len(found) + 1
        found.append(Version(number, state.written, state, tuple(now.values()), changed, removed))
        before = now
    if not found:
        raise StorageError(
            f"{place} has nothing of task {task}. A task is saved there once somebody submitted "
            "it; its number is in the first column of Label Studio's list"
        )
    return found


def restore(studio: Studio, project: Project, place: Place, task: int, number: int) -> list[int]:
    """Put the annotations of a version back beside those that the task has.

    Those that the task still has, with the same results, are left out. Skips are not put back.

    Returns:
        The numbers of the new annotations.

    Raises:
        StudioError: there is no such version, or the task is about another image by now.
    """
    versions = history(place, task)
    if not 1 <= number <= len(versions):
        raise StudioError(f"task {task} has versions 1 to {len(versions)}, and no version {number}")
    saved = _read(place, versions[number - 1].state)
    _require_same_image(studio, project, task, saved)
    there = studio.annotations(task)
    ids = {int(one["id"]) for one in there}
    results = {_hash(one["result"]) for one in there}
    accounts = {email: account for account, email in studio.users().items()}
    made = []
    for one in saved.annotations:
        if one.skipped or _hash(one.result) in results:
            continue
        fields: dict[str, Any] = {"result": one.result, "lead_time": one.lead_time}
        # Without it, it is of whoever runs this.
        if one.by in accounts:
            fields["completed_by"] = accounts[one.by]
        if one.id in ids:
            fields["parent_annotation"] = one.id
        made.append(studio.make_annotation(task, fields))
        results.add(_hash(one.result))
    return made


def words_of(one: Summary) -> str:
    """Return what is in an annotation, in a few words."""
    if one.skipped:
        return "skipped"
    counts = [f"{label or 'without a label'} {count}" for label, count in one.labels.items()]
    return ", ".join(counts) or "no region"


def _require_same_image(studio: Studio, project: Project, number: int, saved: SavedTask) -> None:
    """A new Label Studio gives its tasks numbers that another one has used in the same target."""
    task = next((one for one in studio.tasks(project.id) if one.id == number), None)
    if task is None:
        raise StudioError(f"project {project.id} ({project.title}) has no task {number}")
    if not _is_same_image(task, saved):
        raise StudioError(
            f"task {number} is about {task.source}, and the version is of {saved.source}: it was "
            "saved by another Label Studio, or the image was replaced. Nothing was changed"
        )


def _is_same_image(task: Task, saved: SavedTask) -> bool:
    if task.content and saved.content:
        return task.content == saved.content
    return saved.source in ("", task.source, task.first_source) or not task.source


def _read(place: Place, state: State) -> SavedTask:
    return read_saved(place.read_state(state), f"{state.name} of {state.written} in {place}")


def _summary(one: SavedAnnotation) -> Summary:
    labels = dict(Counter(_labels_of(one.result)))
    return Summary(one.id, one.by, one.updated, one.skipped, labels, _hash(one.result))


def _labels_of(result: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Yield the labels of each region. Its mask and its label may be two results of one id."""
    regions: dict[str, list[str]] = {}
    for one in result:
        labels = one.get("value", {}).get(one.get("type"))
        named = [str(label) for label in labels] if isinstance(labels, list) else []
        regions.setdefault(str(one.get("id")), []).extend(named)
    for labels in regions.values():
        yield from dict.fromkeys(labels) or ("",)


def _hash(result: Any) -> str:
    text = json.dumps(result, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
