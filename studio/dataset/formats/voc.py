"""`voc`: PASCAL VOC's segmentation, a map of classes and a map of objects."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from studio.dataset.formats.format import Format, Records, write_lines
from studio.dataset.formats.masks import write_indexed
from studio.dataset.formats.panoptic import HIDDEN
from studio.dataset.item import Item, Record, Written, digest
from studio.dataset.pictures import palette
from studio.errors import ExportError

# 255 is VOC's border between objects, "void"; none is drawn here.
MOST = 254


class Voc(Format):
    """JPEGImages/, SegmentationClass/, SegmentationObject/, ImageSets/, and labelmap.txt."""

    NAME = "voc"
    READER = "torchvision (VOCSegmentation's layout), MMSegmentation, datumaro, CVAT"
    EXACT = "One category and one object a pixel: where objects overlap, the later one is on top."

    def picture(self, path: str, part: str) -> Path:
        return self.folder / "JPEGImages" / path

    def write(self, item: Item) -> Written:
        if len(self.categories.all) > MOST or len(item.drawn.things) > MOST:
            raise ExportError(f"VOC holds at most {MOST} categories, and as many objects a picture")
        classes, _ = item.drawn.category_map()
        things, hidden = item.drawn.thing_map()
        write_indexed(self._path("Class", item.name), classes, palette(self.categories))
        write_indexed(self._path("Object", item.name), things, _distinct())
        losses = {HIDDEN: hidden} if hidden else {}
        return Written([digest(classes), digest(things)], losses=losses)

    def finish(self, records: Records) -> None:
        sets = self.folder / "ImageSets" / "Segmentation"
        for part in self.parts:
            names = (record.name for record in records() if record.part == part)
            write_lines(sets / f"{part}.txt", names)
        both = (record.name for record in records() if record.part != "test")
        write_lines(sets / "trainval.txt", both)
        colours = [("background", (0, 0, 0))]
        colours += [(one.name, one.colour) for one in self.categories.all]
        # As CVAT and datumaro write and read it; torchvision does not look at it.
        lines = (f"{name}:{','.join(map(str, colour))}::" for name, colour in colours)
        write_lines(self.folder / "labelmap.txt", ("# label:color_rgb:parts:actions", *lines))
        self._write_classes()

    def read(self, record: Record) -> Iterator[NDArray[np.integer]]:
        for what in ("Class", "Object"):
            with Image.open(self._path(what, record.name)) as image:
                yield np.asarray(image)

    def _path(self, what: str, name: str) -> Path:
        return self.folder / f"Segmentation{what}" / f"{name}.png"


def _distinct() -> list[int]:
    """A palette in which neighbouring numbers look different."""
    return [(number * step) % 256 for number in range(256) for step in (97, 57, 151)]
