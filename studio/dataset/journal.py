"""What an export has done so far, so that one that was cut off goes on from there."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from studio.dataset.item import Record

NAME = ".journal"


class Journal:
    """A file with a line for each task that was written, and the records of its items.

    Only the places of the lines are held in memory.
    """

    def __init__(self, folder: Path, purpose: str) -> None:
        """Open the journal of a folder, or begin one.

        Args:
            purpose: what the export is for; a journal of another purpose is begun anew.
        """
        self._path = folder / NAME
        self._places: dict[int, tuple[str, int]] = {}
        self._begun: dict[int, str] = {}
        self.is_new = not self._read_places(purpose)
        if self.is_new:
            self._places, self._begun = {}, {}
            self._path.write_bytes(json.dumps({"purpose": purpose}).encode() + b"\n")
        self._file = self._path.open("r+b")
        self._file.seek(0, 2)

    def _read_places(self, purpose: str) -> bool:
        """Note where each task's line begins; a line that was cut off goes."""
        if not self._path.exists():
            return False
        whole = 0
        with self._path.open("rb") as file:
            for number, line in enumerate(file):
                if not line.endswith(b"\n"):
                    break
                content = json.loads(line)
                if number == 0 and content != {"purpose": purpose}:
                    return False
                if "begun" in content:
                    self._begun[content["task"]] = content["begun"]
                elif number:
                    self._places[content["task"]] = (content["state"], whole)
                whole += len(line)
        with self._path.open("r+b") as file:
            file.truncate(whole)
        return whole > 0

    def has(self, task: int, state: str) -> bool:
        """Whether a task was written in its present state."""
        return self._places.get(task, ("", 0))[0] == state

    def fits(self, states: Mapping[int, str]) -> bool:
        """Whether all that was written is of tasks in the states that they are in now."""
        return all(states.get(task) == state for task, state in self._begun.items())

    def begin(self, task: int, state: str) -> None:
        """Note a task before its first file is written."""
        self._begun[task] = state
        self._append({"task": task, "begun": state})

    def add(self, task: int, state: str, records: Iterable[Record]) -> None:
        """Note a task whose files are written."""
        line = {"task": task, "state": state, "items": [asdict(record) for record in records]}
        self._places[task] = (state, self._append(line))

    def _append(self, line: dict[str, Any]) -> int:
        place = self._file.seek(0, 2)
        self._file.write(json.dumps(line, ensure_ascii=False).encode() + b"\n")
        self._file.flush()
        return place

    def records(self) -> Iterator[Record]:
        """Yield the records in the order of the tasks' ids."""
        for task in sorted(self._places):
            yield from self._of(task)

    def _of(self, task: int) -> list[Record]:
        self._file.seek(self._places[task][1])
        items = json.loads(self._file.readline())["items"]
        return [
            Record(**{**one, "things": [tuple(thing) for thing in one["things"]]}) for one in items
        ]

    def close(self, remove: bool = False) -> None:
        """Close the file, and remove it once nothing is left to do."""
        self._file.close()
        if remove:
            self._path.unlink()
