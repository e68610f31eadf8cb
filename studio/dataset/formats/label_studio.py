"""`label-studio`: the tasks with the annotations as they were made, to be imported again."""

import itertools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from studio.dataset.formats.format import Format, Records
from studio.dataset.formats.json_files import write_json_list
from studio.dataset.item import Item, Record, Written, digest
from studio.dataset.things import read_things
from studio.errors import ExportError


class LabelStudioTasks(Format):
    """PART.json: a list of tasks, as Label Studio's import takes it."""

    NAME = "label-studio"
    READER = "Label Studio (*Import*), label-studio-sdk"
    EXACT = "Everything, as it was stored; also what is no part of the other formats."

    def write(self, item: Item) -> Written:
        if len(item.annotations) > 1:
            raise ExportError(
                "the format label-studio holds annotations as they were made, and no consensus; "
                "choose --annotations newest or all"
            )
        annotation = next(iter(item.annotations))
        drawn = item.drawn
        kept = {
            "id": annotation.id,
            "created_at": annotation.created,
            "updated_at": annotation.updated,
            "lead_time": annotation.lead_time,
            "result": annotation.result,
        }
        digests = [digest(one.mask(drawn.height, drawn.width)) for one in drawn.things]
        extra = {"data": dict(item.task.data), "annotation": kept, "image": item.image}
        return Written(digests, extra)

    def finish(self, records: Records) -> None:
        super().finish(records)
        for part in self.parts:
            write_json_list(self._path(part), _tasks(records, part))

    def read(self, record: Record) -> Iterator[NDArray[np.bool_]]:
        (number,) = record.annotations
        place = self.read_once(self._path(record.part), _places)[number]
        with self._path(record.part).open("rb") as file:
            file.seek(place)
            task = json.loads(_task_in(file.readline()))
        (stored,) = (one for one in task["annotations"] if one["id"] == number)
        image, index = record.extra["image"]
        drawn = read_things(stored["result"], self.categories, image, index)
        for thing in drawn.things:
            yield thing.mask(record.height, record.width)

    def _path(self, part: str) -> Path:
        return self.folder / f"{part}.json"


def _tasks(records: Records, part: str) -> Iterator[dict[str, Any]]:
    of_part = (record for record in records() if record.part == part)
    for task, found in itertools.groupby(of_part, key=lambda record: record.task):
        together = list(found)
        # A task with several pictures has several records of one annotation.
        annotations = {one.annotations[0]: one.extra["annotation"] for one in together}
        yield {
            "id": task,
            "data": together[0].extra["data"],
            "annotations": list(annotations.values()),
        }


def _places(path: Path) -> dict[int, int]:
    """Annotation -> where the line of its task begins; only one of them is held at a time."""
    places, place = {}, 0
    with path.open("rb") as file:
        for line in file:
            if line.startswith(b"{"):
                task = json.loads(_task_in(line))
                places.update((one["id"], place) for one in task["annotations"])
            place += len(line)
    return places


def _task_in(line: bytes) -> bytes:
    """The task of a line as `write_json_list` writes it, without what separates it."""
    return line.rstrip(b",]\n")
