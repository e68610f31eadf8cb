"""Class maps -> scored regions of a labeling config."""

from collections.abc import Iterator, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from backends.segmentation.class_map import ClassMap
from backends.segmentation.label_map import LabelMap
from masks.cleanup import Rectangle, clean, components, reach_of, rectangle_of
from masks.labeling_config import MaskControl
from masks.labels import Label, LabelList
from masks.regions import Region, regions_of

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
        raw, rectangle = found
        whole = clean(raw, min_pixels, smooth_px, rectangle)
        within = reach_of(rectangle, whole.shape, smooth_px)
        for mask in components(whole) if per_component else [whole]:
            area, certainty = _certainty(mask[within], class_map.certainty[within])
            regions += regions_of(mask, control, label, certainty, item_index)
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


def _painted(
    classes: NDArray[np.uint8], wanted: Sequence[tuple[int, ...]]
) -> Iterator[tuple[NDArray[np.bool_], Rectangle] | None]:
    """Yield for each label where its classes are, bool (H, W), and its rectangle; None for nowhere.

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
            raw = np.zeros(classes.shape, np.bool_)
            raw[rectangle] = flags[rectangle] & bit
            yield raw, rectangle


def _certainty(mask: NDArray[np.bool_], certainty: NDArray[np.uint8]) -> tuple[int, float]:
    rectangle = rectangle_of(mask)
    part = mask[rectangle]
    area = int(np.count_nonzero(part))
    return area, float(certainty[rectangle][part].mean()) / 255 if area else 0.0
