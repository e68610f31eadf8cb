"""What a run has made so far, in files that are there whole or not at all.

A folder of the output holds the results of one version of a model. Images are done in shards, and a
shard has up to three files, whose names say which images it has, and how many:

    tasks-KEY-N.json    what was made, as Label Studio imports it
    failed-KEY-N.json   what was not, with reasons: the dead letters
    done-KEY-N.json     the images of the first, written last

A shard that is made twice replaces itself, whoever makes it, for its key comes from its images
alone. The last file spares a later run the first, which has gigabytes of masks in a large archive;
where it is missing, it is made anew. So a run that was killed goes on where it was: an image is in
a file, or it is still to be done.
"""

import hashlib
import json
import logging
import re
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import orjson

from batch.places import Place
from batch.sources import Item

log = logging.getLogger(__name__)

Json = dict[str, Any]
# In a task's `meta`, which Label Studio keeps and shows nowhere: which image, in which state, and
# which content it had.
MARK = "batch"
# Files of a bucket that are read at a time.
READERS = 16


@dataclass(frozen=True)
class Failure:
    """Why an image has no result.

    Attributes:
        kind: "cannot" where another try would fail too, "cannot now" where it may not.
    """

    kind: str
    reason: str


@dataclass(frozen=True)
class Outcome:
    """What became of an image: an entry to keep, or a failure.

    Attributes:
        content: what was looked at, see `Image.content`; "" where it is not told.
    """

    item: Item
    made: Json | None
    failure: Failure | None = None
    content: str = ""


@dataclass(frozen=True)
class Results:
    """The results of one version of a model. Goes to the workers.

    Attributes:
        place: where they are.
        folder: below it; ends in a slash.
    """

    place: Place
    folder: str

    def __str__(self) -> str:
        return f"{self.place}/{self.folder}".rstrip("/")

    @classmethod
    def of(cls, place: Place, what: str, version: str) -> "Results":
        """Return the results of what is made by a version of a model."""
        return cls(place, f"{what}/{re.sub(r'[^A-Za-z0-9.@+_-]', '_', version)}/")

    def write(self, outcomes: Sequence[Outcome]) -> None:
        """Keep the outcomes of a shard."""
        made, failed = [], []
        for outcome in outcomes:
            mark = {"image": outcome.item.name, "state": outcome.item.state}
            if outcome.failure is None:
                content = {"content": outcome.content} if outcome.content else {}
                made.append({**(outcome.made or {}), "meta": {MARK: {**mark, **content}}})
            else:
                failed.append(
                    {**mark, "kind": outcome.failure.kind, "reason": outcome.failure.reason}
                )
        self._write(_ending([outcome.item for outcome in outcomes]), made, failed)

    def _write(self, ending: str, made: list[Json], failed: list[Json]) -> None:
        size = 0
        if failed:
            self._put(f"failed-{ending}", failed)
        if made:
            size = self._put(f"tasks-{ending}", made)
        self._put_index(ending, size, map(_item, made))

    def _put_index(self, ending: str, size: int, items: Iterable[Item]) -> None:
        images = [[item.name, item.state] for item in items]
        self._put(f"done-{ending}", {"bytes": size, "images": images})

    def _put(self, name: str, content: object) -> int:
        try:
            data = orjson.dumps(content)
        except orjson.JSONEncodeError:
            # Names of files that are no UTF-8. The quick writer refuses them, as its reader does.
            data = json.dumps(content, ensure_ascii=True).encode()
        self.place.write(self.folder + name, data)
        return len(data)

    def has(self, items: Sequence[Item]) -> bool:
        """Whether a shard of these images is complete already."""
        return bool(self.place.sizes(f"{self.folder}done-{_ending(items)}"))

    def done(self, retry_failed: bool = False) -> set[Item]:
        """Return the images that need no further try.

        Args:
            retry_failed: try all failed ones again, not only those that may succeed now.
        """
        found = self.made()
        if not retry_failed:
            found |= {_item(entry) for entry in self.failed() if entry["kind"] == "cannot"}
        return found

    def made(self) -> set[Item]:
        """Return the images that have a result."""
        return {item for items in self._index().values() for item in items}

    def failed(self) -> Iterator[Json]:
        """Every failure that no later try mended: `image`, `state`, `kind`, `reason`."""
        made = self.made()
        for name in self._names("failed"):
            # Not by the quick reader, which refuses names that are no UTF-8.
            entries = self._entries(name, json.loads)
            yield from (entry for entry in entries if _item(entry) not in made)

    def forget(self, names: set[str]) -> None:
        """Remove what is there of images that are done anew: failed ones, and replaced ones.

        So that a kill loses nothing, what stays of a file is written before the file goes. What is
        there twice because of one is removed here, too.
        """
        gone = set(names)
        for name, items in self._index().items():
            kept = {item for item in items if item.name not in gone}
            gone |= {item.name for item in kept}
            if len(kept) < len(items):
                made = [entry for entry in self._entries(name) if _item(entry) in kept]
                if kept:
                    self._write(_ending(sorted(kept)), made, [])
                self._remove(name)
        for name in self._names("failed"):
            entries = self._entries(name, json.loads)
            failed = [entry for entry in entries if entry["image"] not in gone]
            gone |= {entry["image"] for entry in failed}
            if len(failed) < len(entries):
                if failed:
                    self._put(f"failed-{_ending(sorted(map(_item, failed)))}", failed)
                if not self.place.sizes(name.replace("/failed-", "/tasks-")):
                    self.place.remove(_beside(name))  # Or the shard would count as complete.
                self.place.remove(name)

    def _names(self, kind: str) -> list[str]:
        return [*self.place.sizes(f"{self.folder}{kind}-")]

    def _index(self) -> dict[str, list[Item]]:
        """Return which images each file of tasks has."""
        sizes = self.place.sizes(self.folder)
        tasks = [name for name in sizes if name.startswith(f"{self.folder}tasks-")]

        def listed(name: str) -> list[Item] | None:
            return self._listed(_beside(name), sizes[name]) if _beside(name) in sizes else None

        found = {}
        with ThreadPoolExecutor(READERS, "results") as readers:
            every = [*readers.map(listed, tasks)]
        for name, items in zip(tasks, every, strict=True):
            if items is None:
                items = [_item(entry) for entry in self._entries(name)]
                if items:
                    self._put_index(name.rpartition("tasks-")[2], sizes[name], items)
            if items:
                found[name] = items
        return found

    def _listed(self, name: str, size: int) -> list[Item] | None:
        """Return the images that a `done-` file lists; None if it is not of a file of that size."""
        try:
            told = json.loads(self.place.read(name))
        except ValueError:
            return None
        if told["bytes"] != size:
            return None
        return [Item(name, state) for name, state in told["images"]]

    def _entries(self, name: str, reader: Any = orjson.loads) -> list[Json]:
        try:
            return reader(self.place.read(name))
        except ValueError:
            log.warning("%s is damaged; its images are done again", name)
            self._remove(name)
            return []

    def _remove(self, name: str) -> None:
        """Remove a file, and that beside it which says what is in it."""
        self.place.remove(_beside(name))
        self.place.remove(name)


def _ending(items: Sequence[Item]) -> str:
    """The end of the names of a shard's files: its key, and how many images it has."""
    names = json.dumps(sorted([item.name, item.state] for item in items)).encode()
    return f"{hashlib.sha256(names).hexdigest()[:16]}-{len(items)}.json"


def _beside(name: str) -> str:
    return re.sub(r"(tasks|failed)(-[^/]*)$", r"done\2", name)


def _item(entry: Json) -> Item:
    """The image of an entry, and its state: a task's are in its `meta`."""
    mark = entry["meta"][MARK] if "meta" in entry else entry
    return Item(mark["image"], mark["state"])
