"""How far two sets of masks of one image agree, label by label."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from masks.errors import RegionError
from masks.results import drawn_regions
from masks.shapes import covered, size_of

Mask = NDArray[np.bool_]
# An image of a task, and a label: to_name, item_index, label.
Place = tuple[str, int, str]


@dataclass(frozen=True)
class LabelMasks:
    """What a set of results covers.

    Attributes:
        masks: bool (H, W) of each label on each image; regions of one label are joined.
        regions: how many regions have each label.
        unreadable: regions with a label that hold no mask, or one of another size.
    """

    masks: Mapping[Place, Mask]
    regions: Mapping[str, int]
    unreadable: int = 0


def label_masks(results: Iterable[Mapping[str, Any]], prompts: Collection[str] = ()) -> LabelMasks:
    """Return the masks of all regions that cover pixels; what has no label is left out.

    A region with several labels counts for each, as in an export.

    Args:
        prompts: the controls whose regions are prompts; what a smart tool left over is no mask.
    """
    masks: dict[Place, Mask] = {}
    regions: dict[str, int] = {}
    unreadable = 0
    for region in drawn_regions(results):
        if not region.labels or region.from_name in prompts:
            continue
        try:
            mask = covered(region, *size_of(region))
        except RegionError:
            unreadable += 1
            continue
        places = [(region.to_name, region.item_index or 0, label) for label in region.labels]
        if any(masks[place].shape != mask.shape for place in places if place in masks):
            unreadable += 1
            continue
        for place in places:
            masks[place] = masks[place] | mask if place in masks else mask
            regions[place[2]] = regions.get(place[2], 0) + 1
    return LabelMasks(masks, regions, unreadable)


def agreement(one: Mapping[Place, Mask], other: Mapping[Place, Mask]) -> dict[Place, float]:
    """Return the intersection over union of each label that either has: 0 where only one has it.

    A label whose masks are of different sizes, or empty on both sides, is left out.
    """
    found = {}
    for place in {**one, **other}:
        a, b = one.get(place), other.get(place)
        if a is None or b is None:
            if bool((b if a is None else a).any()):  # pyright: ignore[reportOptionalMemberAccess]
                found[place] = 0.0
            continue
        if a.shape != b.shape:
            continue
        union = int((a | b).sum())
        if union:
            found[place] = int((a & b).sum()) / union
    return found


def differences(
    one: Mapping[Place, Mask], other: Mapping[Place, Mask], image: tuple[str, int]
) -> tuple[Mask, Mask, Mask] | None:
    """Return where two agree on an image of a task, and where only the first or the second marks.

    Label by label: a pixel with two labels is marked by both, and agreed by none.

    Args:
        image: to_name and item_index.

    Returns:
        Three of bool (H, W); None where nobody marked it, or the sizes differ.
    """
    places = [place for place in {**one, **other} if place[:2] == image]
    shapes = {side[place].shape for place in places for side in (one, other) if place in side}
    if len(shapes) != 1:
        return None
    (shape,) = shapes
    empty = np.zeros(shape, dtype=bool)
    both, first, second = empty.copy(), empty.copy(), empty.copy()
    for place in places:
        a, b = one.get(place, empty), other.get(place, empty)
        both |= a & b
        first |= a & ~b
        second |= b & ~a
    return both, first, second
