"""What a run has made so far, in files that are there whole or not at all.

A folder holds the results of one version of a model: `tasks-*.json` what was made, `failed-*.json`
what was not, with reasons. Either is a JSON list, and its name says how many entries it has. So a
run that was killed goes on where it was: an image is in a file, or it is still to be done.
"""

import hashlib
import json
import logging
import os
import re
import tempfile
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from batch.sources import Item

log = logging.getLogger(__name__)

Json = dict[str, Any]
_NAME = re.compile(r"(tasks|failed)-[0-9a-f]{16}-(\d+)\.json")
# Tasks are gigabytes where an archive is large. A failed image's name may be no UTF-8, which the
# quick reader refuses.
_READERS = {"tasks": orjson.loads, "failed": json.loads}
# In a task's `meta`, which Label Studio keeps and shows nowhere: which image, in which state.
MARK = "batch"


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
    """What became of an image: an entry to keep, or a failure."""

    item: Item
    made: Json | None
    failure: Failure | None = None


@dataclass(frozen=True)
class Results:
    """The results of one version of a model.

    Attributes:
        folder: made on the first write.
    """

    folder: Path

    @classmethod
    def of(cls, output: Path, what: str, version: str) -> "Results":
        """Return the place for what is made by a version of a model."""
        return cls(output / what / re.sub(r"[^A-Za-z0-9.@+_-]", "_", version))

    def write(self, outcomes: Iterable[Outcome]) -> None:
        """Keep outcomes: one file for results, one for failures."""
        made, failed = [], []
        for outcome in outcomes:
            mark = {"image": outcome.item.name, "state": outcome.item.state}
            if outcome.failure is None:
                made.append({**(outcome.made or {}), "meta": {MARK: mark}})
            else:
                failed.append(
                    {**mark, "kind": outcome.failure.kind, "reason": outcome.failure.reason}
                )
        for name, entries in (("tasks", made), ("failed", failed)):
            if entries:
                self._write(name, entries)

    def _write(self, name: str, entries: list[Json]) -> None:
        data = json.dumps(entries, ensure_ascii=True).encode()
        digest = hashlib.sha256(data).hexdigest()[:16]
        self.folder.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=self.folder, suffix=".part", delete=False) as draft:
            draft.write(data)
            draft.flush()
            os.fsync(draft.fileno())
        Path(draft.name).replace(self.folder / f"{name}-{digest}-{len(entries)}.json")

    def done(self, retry_failed: bool = False) -> set[Item]:
        """Return the images that need no further try.

        Args:
            retry_failed: try all failed ones again, not only those that may succeed now.
        """
        found = {_item(entry) for entry in self.made()}
        if not retry_failed:
            found |= {_item(entry) for entry in self.failed() if entry["kind"] == "cannot"}
        return found

    def made(self) -> Iterator[Json]:
        """Every result."""
        return self._entries("tasks")

    def failed(self) -> Iterator[Json]:
        """Every failure: `image`, `state`, `kind`, `reason`."""
        return self._entries("failed")

    def _entries(self, name: str) -> Iterator[Json]:
        for path in sorted(self.folder.glob(f"{name}-*.json")):
            try:
                yield from _READERS[name](path.read_bytes())
            except ValueError:
                log.warning("%s is damaged; its images are done again", path)
                path.unlink()

    def forget(self, names: set[str]) -> None:
        """Remove what is there of images that are done anew: failed ones, and replaced ones.

        So that a kill loses nothing, what stays of a file is written before the file goes. What is
        there twice because of one is removed here, too.
        """
        gone = set(names)
        for kind in _READERS:
            for path in sorted(self.folder.glob(f"{kind}-*.json")):
                entries = _READERS[kind](path.read_bytes())
                kept = [entry for entry in entries if _mark(entry)["image"] not in gone]
                gone |= {_mark(entry)["image"] for entry in kept}
                if len(kept) < len(entries):
                    if kept:
                        self._write(kind, kept)
                    path.unlink()

    def count(self, kinds: Collection[str] = tuple(_READERS)) -> int:
        """Return how many images have an outcome, by the names of the files alone.

        Args:
            kinds: of outcomes, "tasks" and "failed".
        """
        if not self.folder.is_dir():
            return 0
        names = (_NAME.fullmatch(entry.name) for entry in os.scandir(self.folder))
        return sum(int(name[2]) for name in names if name and name[1] in kinds)


def _mark(entry: Json) -> Json:
    """The image of an entry, and its state: a task's are in its `meta`."""
    return entry["meta"][MARK] if "meta" in entry else entry


def _item(entry: Json) -> Item:
    mark = _mark(entry)
    return Item(mark["image"], mark["state"])
