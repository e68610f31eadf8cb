"""Masks of regions, read with Label Studio's own SDK."""

from typing import Any

import numpy as np
from label_studio_sdk.converter.brush import decode_rle

# What the brush paints and what the magic wand does; the eraser works on either.
PAINTED = ("brush", "magicwand")


def mask_of(region: dict[str, Any]) -> np.ndarray:
    """The mask of a brush region, bool (H, W)."""
    shape = (region["original_height"], region["original_width"], 4)
    return decode_rle(region["value"]["rle"]).reshape(shape)[:, :, 3] > 127


def label_of(region: dict[str, Any]) -> str:
    """The label of one of `masked`."""
    return region["label"]


def masked(result: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The masks of a result, each once, with its label: Label Studio stores a mask as two results
    with one id, and both hold it.
    """
    labels = {one["id"]: one["value"]["labels"][0] for one in result if one["type"] == "labels"}
    return [{**one, "label": labels[one["id"]]} for one in result if one["type"] in PAINTED]


def inner_point(mask: np.ndarray) -> tuple[float, float]:
    """The point of a mask that is farthest from its edge: x, y as shares of width and height."""
    import cv2

    distance = cv2.distanceTransform(np.pad(mask, 1).astype(np.uint8), cv2.DIST_L2, 5)
    row, column = np.unravel_index(int(distance.argmax()), distance.shape)
    return float(column - 0.5) / mask.shape[1], float(row - 0.5) / mask.shape[0]


def bounds(mask: np.ndarray) -> tuple[float, float, float, float]:
    """x0, y0, x1, y1 around a mask, as shares of width and height."""
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    height, width = mask.shape
    return (
        columns[0] / width,
        rows[0] / height,
        (columns[-1] + 1) / width,
        (rows[-1] + 1) / height,
    )


def iou(one: np.ndarray, two: np.ndarray) -> float:
    return float((one & two).sum() / max(1, (one | two).sum()))
