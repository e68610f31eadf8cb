"""`panoptic`: COCO's panoptic segmentation, one object a pixel."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from studio.dataset.formats.coco import categories_of, images_of
from studio.dataset.formats.format import Format, Records
from studio.dataset.formats.json_files import write_json
from studio.dataset.item import Item, Record, Written, digest

HIDDEN = "pixels under a later object"


class Panoptic(Format):
    """annotations/panoptic_PART.json and annotations/panoptic_PART/NAME.png, beside images/.

    A segment's id is in the PNG as red + 256 green + 65536 blue (cocodataset.org, data format).
    """

    NAME = "panoptic"
    READER = "panopticapi, Detectron2, MMDetection, datumaro"
    EXACT = (
        "One object a pixel: where objects overlap, the later one is on top. Holes and parts stay."
    )

    def write(self, item: Item) -> Written:
        whole, hidden = item.drawn.thing_map()
        path = self._path(item.part, item.name)
        path.parent.mkdir(parents=True, exist_ok=True)
        zero = np.zeros(whole.shape, np.uint8)
        colours = np.stack([(whole & 255).astype(np.uint8), (whole >> 8).astype(np.uint8), zero], 2)
        Image.fromarray(colours).save(path, "PNG")
        segments = []
        for number, thing in enumerate(item.drawn.things, start=1):
            seen = whole[thing.place] == number
            if not seen.any():  # It is hidden altogether.
                continue
            rows, columns = np.flatnonzero(seen.any(1)), np.flatnonzero(seen.any(0))
            x, y = thing.box[:2]
            segments.append(
                {
                    "id": number,
                    "category_id": thing.category,
                    "area": int(seen.sum()),
                    "bbox": [
                        x + int(columns[0]),
                        y + int(rows[0]),
                        int(columns[-1] - columns[0]) + 1,
                        int(rows[-1] - rows[0]) + 1,
                    ],
                    "iscrowd": 0,
                }
            )
        losses = {HIDDEN: hidden} if hidden else {}
        return Written([digest(whole)], {"segments": segments}, losses)

    def finish(self, records: Records) -> None:
        super().finish(records)
        things = [{**one, "isthing": 1} for one in categories_of(self)]
        for part in self.parts:
            write_json(
                self.folder / "annotations" / f"panoptic_{part}.json",
                {"categories": things},
                {"images": images_of(records, part), "annotations": _annotations(records, part)},
            )

    def read(self, record: Record) -> Iterator[NDArray[np.integer]]:
        with Image.open(self._path(record.part, record.name)) as image:
            red, green, blue = np.moveaxis(np.asarray(image.convert("RGB"), np.uint32), 2, 0)
        yield red + 256 * green + 65536 * blue

    def _path(self, part: str, name: str) -> Path:
        return self.folder / "annotations" / f"panoptic_{part}" / f"{name}.png"


def _annotations(records: Records, part: str) -> Iterator[dict[str, Any]]:
    for number, record in enumerate(records(), start=1):
        if record.part == part:
            yield {
                "image_id": number,
                "file_name": f"{record.name}.png",
                "segments_info": record.extra["segments"],
            }
