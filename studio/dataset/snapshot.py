"""Snapshots: the state of what is labeled under a name, which never changes again.

In a place there is `snapshots/NAME.json`, with the hash of each task, and the tasks themselves
below `snapshots/tasks/`, each under its hash. What two snapshots share is stored once.
"""

import gzip
import hashlib
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from studio.buckets.place import Place
from studio.dataset.labelled import About, Entry, Labelled, LabelledTask, from_json, to_json
from studio.dataset.making import addresses_of
from studio.errors import ExportError, SnapshotError

FOLDER = "snapshots/"
TASKS = "snapshots/tasks/"
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
FORM = 1
NOW = "now"

Fetch = Callable[[int, str], bytes]
Tell = Callable[[int, int], None]


@dataclass(frozen=True)
class TaskInSnapshot:
    """A task of a snapshot.

    Attributes:
        hash: SHA-256 of the task with its annotations.
        pictures: address -> SHA-256 of the picture; empty where they were not looked at.
        first: as in `Entry`.
    """

    id: int
    data: Mapping[str, Any]
    annotations: int
    hash: str
    pictures: Mapping[str, str]
    first: str = ""


@dataclass(frozen=True)
class Snapshot:
    """A snapshot, as `Labelled` has it.

    Attributes:
        made: when, ISO 8601 in UTC.
        fetch: how a picture is had, which is not in the snapshot itself.
    """

    name: str
    made: str
    about: About
    tasks: tuple[TaskInSnapshot, ...]
    place: Place
    fetch: Fetch

    @property
    def entries(self) -> Sequence[Entry]:
        """The tasks with an annotation, in the order of their ids."""
        return tuple(
            Entry(one.id, one.data, one.hash, one.annotations, one.first) for one in self.tasks
        )

    @cached_property
    def _by_id(self) -> Mapping[int, TaskInSnapshot]:
        return {one.id: one for one in self.tasks}

    def read(self, entries: Iterable[Entry]) -> Iterator[LabelledTask]:
        """Yield tasks with their annotations.

        Raises:
            SnapshotError: one is missing in the place, or is not what its hash says.
        """
        for entry in entries:
            content = self.place.read(_path(entry.state))
            if content is None:
                raise SnapshotError(
                    f"{self.place} lacks {_path(entry.state)} of snapshot {self.name}: somebody "
                    "removed it. In a bucket with versioning an earlier version of it is left"
                )
            text = gzip.decompress(content)
            if _hash(text) != entry.state:
                raise SnapshotError(
                    f"{_path(entry.state)} in {self.place} was changed: it is not what snapshot "
                    f"{self.name} holds"
                )
            yield from_json(text)

    def picture(self, entry_id: int, address: str) -> bytes:
        """Return a picture's bytes.

        Raises:
            ExportError: it is another one than when the snapshot was made.
        """
        content = self.fetch(entry_id, address)
        found = _hash(content)
        if found != self._by_id[entry_id].pictures.get(address, found):
            raise ExportError(
                f"its picture {address} was replaced since snapshot {self.name} was made"
            )
        return content


def take_snapshot(
    labelled: Labelled,
    name: str,
    place: Place,
    made: datetime,
    tell: Tell,
    with_pictures: bool = True,
) -> tuple[Snapshot, bool]:
    """Store the state of `labelled` under a name.

    Returns:
        The snapshot, and whether it is new: one of that name and state may have been there.

    Raises:
        SnapshotError: the name is no name, or is that of another state; or nothing is labeled.
    """
    if not NAME.fullmatch(name) or name == NOW:
        raise SnapshotError(
            f"{name!r} cannot be a snapshot's name: use letters, digits, dots, - and _, and not "
            f"{NOW!r}, which stands for what is labeled now"
        )
    if not labelled.entries:
        raise SnapshotError(f"{labelled.about.origin} has no annotation: there is nothing to keep")
    stored = set(place.names(TASKS))
    tasks = []
    entries = {one.id: one for one in labelled.entries}
    tell(0, len(entries))
    for task in labelled.read(entries.values()):
        text = to_json(task)
        found = _hash(text)
        if _path(found) not in stored:
            # Without a time in it: equal tasks give equal bytes.
            place.write(_path(found), gzip.compress(text, mtime=0))
        pictures = {}
        if with_pictures:
            addresses = addresses_of(labelled.about.config, task.data)
            pictures = {one: _hash(labelled.picture(task.id, one)) for one in addresses}
        entry = entries[task.id]
        count = len(task.annotations)
        kept = TaskInSnapshot(task.id, entry.data, count, found, pictures, entry.first)
        tasks.append(kept)
        tell(len(tasks), len(entries))
    time = made.isoformat(timespec="seconds")
    snapshot = Snapshot(name, time, labelled.about, tuple(tasks), place, labelled.picture)
    earlier = place.read(_manifest(name))
    if earlier is None:
        place.write(_manifest(name), _to_json(snapshot))
        return snapshot, True
    if not _is_same(json.loads(earlier), json.loads(_to_json(snapshot))):
        raise SnapshotError(
            f"{place} has another snapshot {name}. A snapshot never changes: choose another name"
        )
    return snapshot, False


def open_snapshot(name: str, place: Place, fetch: Fetch) -> Snapshot:
    """Return a snapshot.

    Raises:
        SnapshotError: there is none of that name.
    """
    content = place.read(_manifest(name))
    if content is None:
        names = ", ".join(names_in(place)) or "none"
        raise SnapshotError(f"{place} has no snapshot {name}; it has {names}")
    read = json.loads(content)
    if read["form"] != FORM:
        raise SnapshotError(f"snapshot {name} was made by a newer Atelier; use that one")
    about = About(**{**read["about"], "models": tuple(read["about"]["models"])})
    tasks = tuple(TaskInSnapshot(**one) for one in read["tasks"])
    return Snapshot(name, read["made"], about, tasks, place, fetch)


def names_in(place: Place) -> list[str]:
    """Return the names of the snapshots in a place."""
    files = (name.removeprefix(FOLDER) for name in place.names(FOLDER))
    return [name.removesuffix(".json") for name in files if "/" not in name]


def _to_json(snapshot: Snapshot) -> bytes:
    content = {
        "form": FORM,
        "name": snapshot.name,
        "made": snapshot.made,
        "about": {**asdict(snapshot.about), "origin": f"snapshot {snapshot.name}"},
        "tasks": [asdict(task) for task in snapshot.tasks],
    }
    return json.dumps(content, ensure_ascii=False, sort_keys=True, indent=1).encode() + b"\n"


def _is_same(one: dict[str, Any], other: dict[str, Any]) -> bool:
    """Whether two are of the same state; pictures count where both looked at them."""
    tasks = [{task["id"]: task for task in side["tasks"]} for side in (one, other)]
    if tasks[0].keys() != tasks[1].keys():
        return False
    for number, task in tasks[0].items():
        twin = tasks[1][number]
        if not task["pictures"] or not twin["pictures"]:
            twin = {**twin, "pictures": task["pictures"]}
        if task != twin:
            return False
    return _about(one) == _about(other)


def _about(content: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in content.items() if key not in ("made", "tasks")}


def _manifest(name: str) -> str:
    return f"{FOLDER}{name}.json"


def _path(found: str) -> str:
    return f"{TASKS}{found[:2]}/{found}.json.gz"


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
