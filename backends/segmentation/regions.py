"""Class maps -> scored regions of a labeling config."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from backends.segmentation.class_map import ClassMap
from backends.segmentation.label_map import LabelMap
from masks.cleanup import Rectangle, clean, components, rectangle_of, surroundings
from masks.labeling_config import MaskControl
from masks.labels import Label, LabelList
from masks.regions import Region, regions_of
from masks.runs import Runs

# Sigma of the edge smoothing: the network's own resolution is a quarter of its input, so edges
# carry steps of that size at most.
SMOOTH_SHARE = 0.0015


def scored_regions(
    class_map: ClassMap,
    label_map: LabelMap,
    control: MaskControl,
    min_area: float,
    per_component: bool,
    item_index: int | None = None,
) -> tuple[list[Region], float]:
    """Return the regions of a segmented image and the score of the whole.

    Args:
        class_map: the segmented image.
        label_map: which classes become which label; labels that the control has not are left out.
        control: the control that holds the regions.
        min_area: parts and holes below this share of the image are noise.
        per_component: one region for each connected part, instead of one for each label.
        item_index: which image of a list it is; None for an image of its own.

    Returns:
        The results, each with the mean certainty of its mask's pixels as `score`, and that of all
        of them together (0.0 without any): low values mark the images to look at first.
    """
    height, width = class_map.classes.shape
    shape = height, width
    min_pixels = max(1, round(min_area * height * width))
    smooth_px = SMOOTH_SHARE * max(height, width)
    regions: list[Region] = []
    painted = 0
    certainty_sum = 0.0
    labels = _classes_by_label(label_map, control)
    painted_by_label = _painted(class_map.classes, [classes for _, classes in labels])
    for (label, _), found in zip(labels, painted_by_label, strict=True):
        if found is None:
            continue
        # No mask of the image's size is made: each is worked on where it is.
        within = surroundings(found.rectangle, shape, min_pixels, smooth_px)
        whole = clean(found.part(within), min_pixels, smooth_px, within, shape)
        for mask in components(whole) if per_component else [whole]:
            area, certainty = _certainty(mask, class_map.certainty[within])
            runs = Runs.within(mask, within, shape)
            regions += regions_of(runs, control, label, certainty, item_index)
            painted += area
            certainty_sum += area * certainty
    return regions, round(certainty_sum / painted, 4) if painted else 0.0


def _classes_by_label(
    label_map: LabelMap, control: MaskControl
) -> list[tuple[tuple[LabelList, Label] | None, tuple[int, ...]]]:
    """Two names may be one label of the control (`predicted_values`); a control without labels
    keeps the map's own division and sends none.
    """
    if not control.is_labelled:
        return [(None, classes) for classes in label_map.labels.values()]
    merged: dict[tuple[LabelList, Label], tuple[int, ...]] = {}
    for name, classes in label_map.labels.items():
        label = control.label_for(name)
        if label is not None:
            merged[label] = (*merged.get(label, ()), *classes)
    return list(merged.items())


@dataclass(frozen=True)
class _Painted:
    """Where a label's classes are.

    Attributes:
        rectangle: the rows and columns around them.
        flags: uint8 (H, W), of up to eight labels.
        bit: this label's.
    """

    rectangle: Rectangle
    flags: NDArray[np.uint8]
    bit: np.uint8

    def part(self, within: Rectangle) -> NDArray[np.bool_]:
        """Return where they are in some rows and columns, bool (h, w)."""
        return (self.flags[within] & self.bit) != 0


def _painted(
    classes: NDArray[np.uint8], wanted: Sequence[tuple[int, ...]]
) -> Iterator[_Painted | None]:
    """Yield for each label where its classes are, or None for nowhere.

    Eight labels at a time are a bit each of one image, which tells the rectangles of all of them.
    """
    for first in range(0, len(wanted), 8):
        some = wanted[first : first + 8]
        bits = [np.uint8(1 << number) for number in range(len(some))]
        table = np.zeros(256, np.uint8)
        for bit, of_label in zip(bits, some, strict=True):
            table[[*of_label]] |= bit
        flags = np.asarray(cv2.LUT(classes, table), np.uint8)
        in_rows, in_columns = np.bitwise_or.reduce(flags, 1), np.bitwise_or.reduce(flags, 0)
        for bit in bits:
            rows, columns = np.flatnonzero(in_rows & bit), np.flatnonzero(in_columns & bit)
            if not len(rows):
                yield None
                continue
            rectangle = slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
            yield _Painted(rectangle, flags, bit)


def _certainty(mask: NDArray[np.bool_], certainty: NDArray[np.uint8]) -> tuple[int, float]:
    rectangle = rectangle_of(mask)
    part = mask[rectangle]
    area = int(np.count_nonzero(part))
    return area, float(certainty[rectangle][part].mean()) / 255 if area else 0.0
