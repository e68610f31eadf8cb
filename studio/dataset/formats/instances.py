"""`instances`: one black and white PNG an object, with a table of them."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from studio.dataset.formats.format import Format, Records, write_table
from studio.dataset.item import Item, Record, Written, digest

COLUMNS = ("picture", "part", "object", "number", "category", "area", "x", "y", "width", "height")


class Instances(Format):
    """objects/NAME/001.png is True where the first object is; objects.csv says what it is."""

    NAME = "instances"
    READER = "Pillow (`np.array(Image.open(path))`), OpenCV; objects.csv by pandas"
    EXACT = "Everything: holes, several parts, overlaps."

    def write(self, item: Item) -> Written:
        drawn = item.drawn
        digests, rows = [], []
        for number, thing in enumerate(drawn.things, start=1):
            mask = thing.mask(drawn.height, drawn.width)
            path = self._path(item.name, number)
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(mask).save(path, "PNG")
            digests.append(digest(mask))
            rows.append([thing.category, thing.area, *thing.box])
        return Written(digests, {"rows": rows})

    def finish(self, records: Records) -> None:
        super().finish(records)
        rows = (row for record in records() for row in self._rows(record))
        write_table(self.folder / "objects.csv", COLUMNS, rows)

    def _rows(self, record: Record) -> Iterator[list[object]]:
        names = {category.number: category.name for category in self.categories.all}
        for number, (category, *rest) in enumerate(record.extra["rows"], start=1):
            file = _file(record.name, number)
            yield [record.path, record.part, file, category, names[category], *rest]

    def read(self, record: Record) -> Iterator[NDArray[np.bool_]]:
        for number in range(1, len(record.things) + 1):
            with Image.open(self._path(record.name, number)) as image:
                yield np.asarray(image.convert("1"))

    def _path(self, name: str, number: int) -> Path:
        return self.folder / _file(name, number)


def _file(name: str, number: int) -> str:
    return f"objects/{name}/{number:03}.png"
