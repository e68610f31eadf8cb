"""Annotations -> things: what was drawn, each with its category and its pixels."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from masks.cleanup import Rectangle, rectangle_of
from masks.errors import MasksError
from masks.results import DrawnRegion, drawn_regions
from masks.shapes import AREAS, covered, size_of
from studio.dataset.categories import Categories
from studio.errors import ExportError

Mask = NDArray[np.bool_]

NO_LABEL = "regions without a label"
NO_AREA = "points, vectors and prompts, which cover no pixels"
NO_PIXEL = "regions that hold no pixel's centre"


@dataclass(frozen=True)
class Thing:
    """Something that was drawn.

    Attributes:
        category: its number.
        place: rows and columns of the rectangle around it.
        crop: bool, the pixels within that rectangle.
    """

    category: int
    place: Rectangle
    crop: Mask

    def mask(self, height: int, width: int) -> Mask:
        """Return its pixels, bool (height, width)."""
        whole = np.zeros((height, width), np.bool_)
        whole[self.place] = self.crop
        return whole

    @property
    def area(self) -> int:
        """How many pixels it has."""
        return int(self.crop.sum())

    @property
    def box(self) -> tuple[int, int, int, int]:
        """x, y, width and height of the rectangle around it, in pixels."""
        rows, columns = self.place
        return columns.start, rows.start, columns.stop - columns.start, rows.stop - rows.start


@dataclass(frozen=True)
class Drawn:
    """What was drawn on one picture, in the order in which it was.

    Attributes:
        height, width: the picture's size in pixels, as it is shown; 0 where nothing was drawn.
        left_out: what is no part of the data set, and how often.
    """

    height: int
    width: int
    things: tuple[Thing, ...]
    left_out: Counter[str] = field(default_factory=Counter)

    def category_map(self) -> tuple[NDArray[np.uint16], int]:
        """Return each pixel's category, uint16 (height, width), and how many pixels were hidden.

        What was drawn later lies over what was drawn before, as in the editor. A pixel counts as
        hidden where a thing of another category lies over it.
        """
        return self._map([thing.category for thing in self.things])

    def thing_map(self) -> tuple[NDArray[np.uint16], int]:
        """Return each pixel's thing, from 1, uint16 (height, width), and the hidden pixels."""
        return self._map(range(1, len(self.things) + 1))

    def _map(self, values: Sequence[int]) -> tuple[NDArray[np.uint16], int]:
        whole = np.zeros((self.height, self.width), np.uint16)
        hidden = 0
        for value, thing in zip(values, self.things, strict=True):
            part = whole[thing.place]
            under = part[thing.crop]
            hidden += int(((under != 0) & (under != value)).sum())
            part[thing.crop] = value
        return whole, hidden


def read_things(
    results: Iterable[Mapping[str, Any]],
    categories: Categories,
    image: str,
    item_index: int | None,
) -> Drawn:
    """Return what an annotation has on one image.

    Args:
        results: the annotation's, as Label Studio has them.
        image: name of the `<Image>` of the labeling config.
        item_index: which image of a `valueList`; None for an image of its own.

    Raises:
        ExportError: a region cannot be read, has a label that the config does not know, or was
            drawn on another size than the others, or on a turned image.
    """
    left_out: Counter[str] = Counter()
    sizes: set[tuple[int, int]] = set()
    things: list[Thing] = []
    prompts = categories.config.prompts
    for region in drawn_regions(results):
        if region.to_name != image or (region.item_index or 0) != (item_index or 0):
            continue
        if region.shape not in AREAS or region.from_name in prompts:
            left_out[NO_AREA] += 1
            continue
        height, width = _size(region)
        sizes.add((height, width))
        if len(sizes) > 1:
            raise ExportError("its regions were drawn on pictures of different sizes")
        found = categories.of(region)
        if not found:
            left_out[NO_LABEL] += 1
            continue
        try:
            mask = covered(region, height, width)
        except MasksError as error:
            raise ExportError(str(error)) from None
        place = rectangle_of(mask)
        if not mask[place].size:
            left_out[NO_PIXEL] += 1
            continue
        crop = mask[place].copy()
        things += [Thing(category.number, place, crop) for category in found]
    height, width = sizes.pop() if sizes else (0, 0)
    return Drawn(height, width, tuple(things), left_out)


def _size(region: DrawnRegion) -> tuple[int, int]:
    try:
        found = size_of(region)
    except MasksError as error:
        raise ExportError(str(error)) from None
    if region.result.get("image_rotation"):
        raise ExportError(
            "it was labeled while the picture was turned in the editor; turn it back there and "
            "draw it again"
        )
    return found


def majority(opinions: Iterable[Drawn]) -> Drawn:
    """Return what more than half of several annotations say of each pixel, category by category.

    Of two annotations, both have to agree. Things cannot be told apart in it: each category is one
    thing.

    Raises:
        ExportError: they are of different sizes.
    """
    all_of_them = list(opinions)
    left_out = sum((one.left_out for one in all_of_them), Counter())
    sizes = {(one.height, one.width) for one in all_of_them if one.height}
    if len(sizes) > 1:
        raise ExportError("its annotations were drawn on pictures of different sizes")
    height, width = sizes.pop() if sizes else (0, 0)
    things = []
    for category in sorted({thing.category for one in all_of_them for thing in one.things}):
        votes = np.zeros((height, width), np.uint16)
        for one in all_of_them:
            said = np.zeros((height, width), np.bool_)
            for thing in one.things:
                if thing.category == category:
                    said[thing.place] |= thing.crop
            votes += said
        agreed = votes * 2 > len(all_of_them)
        place = rectangle_of(agreed)
        if agreed[place].size:
            things.append(Thing(category, place, agreed[place].copy()))
    return Drawn(height, width, tuple(things), left_out)
