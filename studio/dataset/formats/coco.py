"""`coco`: COCO's instances, each with its run-length encoding.

pycocotools writes and reads the encoding. `iscrowd` is 0: trainers leave crowds out. Polygons
cannot hold what was drawn, run lengths can.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pycocotools import mask as coco_mask

from studio.dataset.formats.format import Format, Records
from studio.dataset.formats.json_files import write_json
from studio.dataset.item import Item, Record, Written, digest


class Coco(Format):
    """annotations/instances_PART.json beside images/."""

    NAME = "coco"
    READER = "pycocotools, Detectron2 (`mask_format: bitmask`), MMDetection, datumaro, supervision"
    EXACT = "Everything: holes, several parts, overlaps. An object is one annotation."

    def write(self, item: Item) -> Written:
        drawn = item.drawn
        digests, objects = [], []
        for thing in drawn.things:
            mask = thing.mask(drawn.height, drawn.width)
            counts = coco_mask.encode(np.asfortranarray(mask.view(np.uint8)))["counts"]
            digests.append(digest(mask))
            objects.append(
                {
                    "category_id": thing.category,
                    "segmentation": {
                        "size": [drawn.height, drawn.width],
                        "counts": counts if isinstance(counts, str) else counts.decode(),
                    },
                    "area": thing.area,
                    "bbox": list(thing.box),
                    "iscrowd": 0,
                }
            )
        return Written(digests, {"objects": objects})

    def finish(self, records: Records) -> None:
        super().finish(records)
        for part in self.parts:
            write_json(
                self._path(part),
                {"categories": categories_of(self)},
                {"images": images_of(records, part), "annotations": _annotations(records, part)},
            )

    def read(self, record: Record) -> Iterator[NDArray[np.bool_]]:
        found_in_part = self.read_once(self._path(record.part), _by_picture)
        for found in found_in_part.get(record.path, []):
            yield coco_mask.decode(found["segmentation"]).astype(np.bool_)

    def _path(self, part: str) -> Path:
        return self.folder / "annotations" / f"instances_{part}.json"


def categories_of(format_: Format) -> list[dict[str, Any]]:
    """Return the categories as COCO has them; with the colour, as in its panoptic task."""
    return [
        {"id": one.number, "name": one.name, "supercategory": "", "color": list(one.colour)}
        for one in format_.categories.all
    ]


def images_of(records: Records, part: str) -> Iterator[dict[str, Any]]:
    """Yield the images of a part as COCO has them; ids count from 1 in the whole data set."""
    for number, record in enumerate(records(), start=1):
        if record.part == part:
            yield {
                "id": number,
                "file_name": record.path,
                "height": record.height,
                "width": record.width,
            }


def _annotations(records: Records, part: str) -> Iterator[dict[str, Any]]:
    number = 0
    for image, record in enumerate(records(), start=1):
        for found in record.extra["objects"]:
            number += 1
            if record.part == part:
                yield {"id": number, "image_id": image, **found}


def _by_picture(path: Path) -> dict[str, list[dict[str, Any]]]:
    read = json.loads(path.read_text(encoding="utf-8"))
    names = {image["id"]: image["file_name"] for image in read["images"]}
    found: dict[str, list[dict[str, Any]]] = {}
    for annotation in read["annotations"]:
        found.setdefault(names[annotation["image_id"]], []).append(annotation)
    return found
