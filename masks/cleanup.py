"""What makes a model's raw mask fit for a labeler: no specks, no pinholes, smooth edges."""

import math
from collections.abc import Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

Rectangle = tuple[slice, slice]


def rectangle_of(mask: NDArray[np.bool_]) -> Rectangle:
    """Return the rows and columns around what a mask, bool (H, W), holds.

    Both are empty for an empty mask.
    """
    x, y, width, height = cv2.boundingRect(mask.view(np.uint8))
    return slice(y, y + height), slice(x, x + width)


def reach_of(rectangle: Rectangle, shape: tuple[int, ...], smooth_px: float) -> Rectangle:
    """Return what `clean` may change of a mask, (H, W) pixels, that lies in a rectangle."""
    # The blur of 8-bit images reaches three sigmas far, and reflects as much at an edge.
    margin = math.ceil(3 * smooth_px) + 2 if smooth_px > 0 else 1
    rows, columns = (
        slice(max(0, side.start - margin), min(length, side.stop + margin))
        for side, length in zip(rectangle, shape, strict=True)
    )
    return rows, columns


def clean(
    mask: NDArray[np.bool_],
    min_area: int,
    smooth_px: float,
    rectangle: Rectangle | None = None,
) -> NDArray[np.bool_]:
    """Return a mask without specks and pinholes below `min_area` pixels and with smoothed edges.

    Only the mask's own rectangle is worked on, with a margin that changes nothing of the result.

    Args:
        mask: bool (H, W).
        min_area: connected parts and holes smaller than this many pixels go. Larger holes stay:
            they may belong to another garment.
        smooth_px: sigma of the edge smoothing in pixels, 0 for none.
        rectangle: what `rectangle_of` returns of the mask, where that is known.
    """
    rectangle = rectangle or rectangle_of(mask)
    if rectangle[0].stop == rectangle[0].start:
        return mask
    reach = reach_of(rectangle, mask.shape, smooth_px)
    rows, columns = _with_room(reach, mask.shape, min_area)
    part = mask[rows, columns]
    if smooth_px > 0:
        part = cv2.GaussianBlur(part.astype(np.uint8) * 255, (0, 0), smooth_px) > 127
    # Outside of the rectangle nothing is painted: what touches its open sides is no hole.
    first = rows.start > 0 or columns.start > 0
    last = rows.stop < mask.shape[0] or columns.stop < mask.shape[1]
    outside = [corner for corner, is_open in (((0, 0), first), ((-1, -1), last)) if is_open]
    part = ~_without_specks(~part, min_area, outside)
    cleaned = np.zeros_like(mask)
    cleaned[rows, columns] = without_specks(part, min_area)
    return cleaned


def _with_room(rectangle: Rectangle, shape: tuple[int, ...], min_area: int) -> Rectangle:
    """Return a rectangle beside whose open sides there is room for at least `min_area` pixels."""
    sides = []
    for side, length, across in zip(rectangle, shape, reversed(shape), strict=True):
        start = side.start if side.start * across >= min_area else 0
        stop = side.stop if (length - side.stop) * across >= min_area else length
        sides.append(slice(start, stop))
    return sides[0], sides[1]


def without_specks(mask: NDArray[np.bool_], min_area: int) -> NDArray[np.bool_]:
    """Return the mask, bool (H, W), without 8-connected parts smaller than `min_area` pixels."""
    return _without_specks(mask, min_area, [])


def _without_specks(
    mask: NDArray[np.bool_], min_area: int, kept: list[tuple[int, int]]
) -> NDArray[np.bool_]:
    """`kept`: places (row, column) whose part stays whatever its area."""
    if min_area <= 1:
        return mask
    _, index, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8))
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
