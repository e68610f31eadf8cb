"""Class maps -> scored regions of a labeling config."""

import cv2
import numpy as np
from numpy.typing import NDArray

from backends.segmentation.class_map import ClassMap
from backends.segmentation.label_map import LabelMap
from masks.cleanup import clean, components, rectangle_of
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
    for label, classes in _classes_by_label(label_map, control):
        raw = _painted(class_map.classes, classes)
        whole = clean(raw, min_pixels, smooth_px)
        for mask in components(whole) if per_component else [whole]:
            area, certainty = _certainty(mask, class_map.certainty)
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


def _painted(classes: NDArray[np.uint8], wanted: tuple[int, ...]) -> NDArray[np.bool_]:
    if len(wanted) == 1:
        return classes == wanted[0]
    table = np.zeros(256, np.uint8)
    table[[*wanted]] = 1
    return cv2.LUT(classes, table).view(np.bool_)


def _certainty(mask: NDArray[np.bool_], certainty: NDArray[np.uint8]) -> tuple[int, float]:
    rectangle = rectangle_of(mask)
    part = mask[rectangle]
    area = int(np.count_nonzero(part))
    return area, float(certainty[rectangle][part].mean()) / 255 if area else 0.0
