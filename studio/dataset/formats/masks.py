"""`masks`: one indexed PNG a picture, each pixel its category's number."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from studio.dataset.formats.format import Format
from studio.dataset.item import Item, Record, Written, digest
from studio.dataset.pictures import palette

# Beside the background, what a palette has room for.
MOST_INDEXED = 255
HIDDEN = "pixels under a later object of another category"


class Masks(Format):
    """One channel: 0 is the background, then the categories. 16 bits beyond 255 categories."""

    NAME = "masks"
    READER = "Pillow (`np.array(Image.open(path))`), OpenCV with IMREAD_UNCHANGED, torchvision"
    EXACT = "One category a pixel: where objects overlap, the later one is on top."

    def write(self, item: Item) -> Written:
        whole, hidden = item.drawn.category_map()
        wide = len(self.categories.all) > MOST_INDEXED
        write_indexed(self._path(item.name), whole, palette(self.categories), wide)
        return Written([digest(whole)], losses={HIDDEN: hidden} if hidden else {})

    def read(self, record: Record) -> Iterator[NDArray[np.integer]]:
        with Image.open(self._path(record.name)) as image:
            yield np.asarray(image)

    def _path(self, name: str) -> Path:
        return self.folder / "masks" / f"{name}.png"


def write_indexed(
    path: Path, whole: NDArray[np.uint16], colours: list[int], wide: bool = False
) -> None:
    """Write a map, (H, W): 8 bits with a palette, or 16 without one where it is `wide`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if wide:
        Image.fromarray(whole).save(path, "PNG")
        return
    image = Image.fromarray(whole.astype(np.uint8), mode="P")
    image.putpalette(colours)
    image.save(path, "PNG")
