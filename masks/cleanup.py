"""What makes a model's raw mask fit for a labeler: no specks, no pinholes, smooth edges."""

import math
from collections.abc import Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

Rectangle = tuple[slice, slice]
Shape = tuple[int, int]


def rectangle_of(mask: NDArray[np.bool_]) -> Rectangle:
    """Return the rows and columns around what a mask, bool (H, W), holds.

    Both are empty for an empty mask.
    """
    x, y, width, height = cv2.boundingRect(mask.view(np.uint8))
    return slice(y, y + height), slice(x, x + width)


def surroundings(rectangle: Rectangle, shape: Shape, min_area: int, smooth_px: float) -> Rectangle:
    """Return the rows and columns that `clean` has to see of a mask, (H, W) pixels.

    Args:
        rectangle: where the mask is painted. It may not be empty.
    """
    # The blur of 8-bit images reaches three sigmas far, and reflects as much at an edge.
    margin = math.ceil(3 * smooth_px) + 2 if smooth_px > 0 else 1
    sides = []
    for side, length, across in zip(rectangle, shape, reversed(shape), strict=True):
        start, stop = max(0, side.start - margin), min(length, side.stop + margin)
        # What goes on beside an open side must be too large for a hole.
        sides.append(
            slice(
                start if start * across >= min_area else 0,
                stop if (length - stop) * across >= min_area else length,
            )
        )
    return sides[0], sides[1]


def clean(
    part: NDArray[np.bool_], min_area: int, smooth_px: float, within: Rectangle, shape: Shape
) -> NDArray[np.bool_]:
    """Return a mask without specks and pinholes below `min_area` pixels and with smoothed edges.

    Args:
        part: of the mask, bool, what `surroundings` says.
        min_area: connected parts and holes smaller than this many pixels go. Larger holes stay:
            they may belong to another garment.
        smooth_px: sigma of the edge smoothing in pixels, 0 for none.
        within: the rows and columns of the part.
        shape: (H, W) of the whole mask.

    Returns:
        The same part of the mask. What is beside it stays unpainted.
    """
    rows, columns = within
    if smooth_px > 0:
        part = cv2.GaussianBlur(part.view(np.uint8) * 255, (0, 0), smooth_px) > 127
    # Outside of the part nothing is painted: what touches its open sides is no hole.
    first = rows.start > 0 or columns.start > 0
    last = rows.stop < shape[0] or columns.stop < shape[1]
    outside = [corner for corner, is_open in (((0, 0), first), ((-1, -1), last)) if is_open]
    return without_specks(~_without_specks(~part, min_area, outside), min_area)


def without_specks(mask: NDArray[np.bool_], min_area: int) -> NDArray[np.bool_]:
    """Return the mask, bool (H, W), without 8-connected parts smaller than `min_area` pixels."""
    return _without_specks(mask, min_area, [])


def _without_specks(
    mask: NDArray[np.bool_], min_area: int, kept: list[tuple[int, int]]
) -> NDArray[np.bool_]:
    """`kept`: places (row, column) whose part stays whatever its area."""
    if min_area <= 1:
        return mask
    # Most are one part, and to count parts takes a quarter of measuring them.
    count, _ = cv2.connectedComponents(mask.view(np.uint8))
    if count == 2 and cv2.countNonZero(mask.view(np.uint8)) >= min_area:
        return mask
    _, index, stats, _ = cv2.connectedComponentsWithStats(mask.view(np.uint8))
    keep = stats[:, cv2.CC_STAT_AREA] >= min_area
    for place in kept:
        keep[index[place]] = True
    keep[0] = False
    return mask if keep[1:].all() else keep[np.asarray(index, np.intp)]


def components(mask: NDArray[np.bool_]) -> Iterator[NDArray[np.bool_]]:
    """Yield the 8-connected parts of a mask, bool (H, W) each, the largest first."""
    rectangle = rectangle_of(mask)
    if not mask[rectangle].size:  # OpenCV crashes on it.
        return
    count, index, stats, _ = cv2.connectedComponentsWithStats(mask[rectangle].astype(np.uint8))
    for number in sorted(range(1, count), key=lambda i: -stats[i, cv2.CC_STAT_AREA]):
        part = np.zeros_like(mask)
        part[rectangle] = index == number
        yield part
