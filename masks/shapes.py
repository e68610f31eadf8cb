"""Which pixels a region covers, whatever it was drawn with.

A pixel is covered where the shape holds its centre. That is how `masks.polygon` writes masks as
outlines, and what a browser's canvas paints half or more of.
"""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from masks.errors import RegionError
from masks.regions import mask_of
from masks.results import DrawnRegion

Points = NDArray[np.float64]

OUTLINES = ("polygon", "rectangle", "ellipse")
PAINTED = ("brush", "bitmask", "magicwand")
# What covers pixels. Points and vectors do not.
AREAS = (*PAINTED, *OUTLINES)


def size_of(region: DrawnRegion) -> tuple[int, int]:
    """Return height and width, in pixels, of the picture that a region was drawn on.

    Raises:
        RegionError: it does not say.
    """
    try:
        height, width = (int(region.result[f"original_{side}"]) for side in ("height", "width"))
    except (KeyError, TypeError, ValueError):
        height = width = 0
    if height < 1 or width < 1:
        raise RegionError(f"region {region.id} does not say how large its picture is")
    return height, width


def covered(region: DrawnRegion, height: int, width: int) -> NDArray[np.bool_]:
    """Return the pixels, bool (height, width), that a region covers.

    Raises:
        RegionError: it has no shape that can be read, or of another size.
    """
    if region.shape not in OUTLINES:
        return mask_of(dict(region.result), height, width)
    value = region.result["value"]
    if region.shape == "ellipse":
        return _ellipse(
            _numbers(region, value, "x", "y", "radiusX", "radiusY"), value, height, width
        )
    if region.shape == "rectangle":
        corners = _rectangle(
            _numbers(region, value, "x", "y", "width", "height"), value, height, width
        )
    else:
        corners = _polygon(region, value) * [width / 100, height / 100]
    return fill(corners, height, width)


def fill(corners: Points, height: int, width: int) -> NDArray[np.bool_]:
    """Return the pixels, bool (height, width), whose centres are inside of a closed outline.

    Where it crosses itself, the non-zero rule holds, as in the editor's canvas. Libraries paint the
    pixels on the outline too (OpenCV, Pillow) or take time by the product of pixels and corners
    (scikit-image).

    Args:
        corners: (N, 2), x and y in pixels; may lie outside of the image.
    """
    start, end = corners, np.roll(corners, -1, axis=0)
    first = np.clip(np.ceil(start[:, 1] - 0.5), 0, height).astype(np.int64)
    last = np.clip(np.ceil(end[:, 1] - 0.5), 0, height).astype(np.int64)
    sign = np.sign(last - first)
    top, count = np.minimum(first, last), np.abs(last - first)
    # One entry for each edge and each row of pixels whose centres it passes.
    edge = np.repeat(np.arange(len(corners)), count)
    row = np.arange(len(edge)) - np.repeat(np.cumsum(count) - count, count) + top[edge]
    slope = np.zeros(len(corners))
    crosses = count > 0
    run, rise = (end - start)[crosses].T
    slope[crosses] = run / rise
    x = start[edge, 0] + (row + 0.5 - start[edge, 1]) * slope[edge]
    column = np.clip(np.ceil(x - 0.5), 0, width).astype(np.int64)
    mask = np.zeros((height, width), np.bool_)
    if not len(row):
        return mask
    rows = slice(int(row.min()), int(row.max()) + 1)
    columns = slice(int(column.min()), int(column.max()))
    winding = np.zeros((rows.stop - rows.start, columns.stop - columns.start + 1), np.int32)
    np.add.at(winding, (row - rows.start, column - columns.start), sign[edge])
    mask[rows, columns] = winding.cumsum(axis=1)[:, :-1] != 0
    return mask


def _rectangle(numbers: list[float], value: Mapping[str, Any], height: int, width: int) -> Points:
    """The corners; a rectangle is turned clockwise about its first one."""
    x, y, w, h = _scaled(numbers, height, width)
    cos, sin = _turn(value)
    return np.array(
        [
            [x + a * cos - b * sin, y + a * sin + b * cos]
            for a, b in ((0, 0), (w, 0), (w, h), (0, h))
        ]
    )


def _ellipse(
    numbers: list[float], value: Mapping[str, Any], height: int, width: int
) -> NDArray[np.bool_]:
    """The pixels whose centres are inside; an ellipse is turned clockwise about its centre."""
    x, y, a, b = _scaled(numbers, height, width)
    mask = np.zeros((height, width), np.bool_)
    if not a or not b:
        return mask
    cos, sin = _turn(value)
    reach_x, reach_y = math.hypot(a * cos, b * sin), math.hypot(a * sin, b * cos)
    left, right = (int(min(max(edge, 0), width)) for edge in (x - reach_x, x + reach_x + 1))
    top, bottom = (int(min(max(edge, 0), height)) for edge in (y - reach_y, y + reach_y + 1))
    dx = np.arange(left, right)[None, :] + 0.5 - x
    dy = np.arange(top, bottom)[:, None] + 0.5 - y
    along, across = dx * cos + dy * sin, dy * cos - dx * sin
    mask[top:bottom, left:right] = (along / a) ** 2 + (across / b) ** 2 <= 1
    return mask


def _scaled(numbers: list[float], height: int, width: int) -> tuple[float, float, float, float]:
    x, y, across, down = numbers
    return x * width / 100, y * height / 100, across * width / 100, down * height / 100


def _turn(value: Mapping[str, Any]) -> tuple[float, float]:
    angle = math.radians(float(value.get("rotation") or 0))
    return math.cos(angle), math.sin(angle)


def _polygon(region: DrawnRegion, value: Mapping[str, Any]) -> Points:
    points = value.get("points")
    try:
        corners = np.array([[float(x), float(y)] for x, y, *_ in points or ()])
    except (TypeError, ValueError):
        corners = np.empty((0, 2))
    if not len(corners) or not np.isfinite(corners).all():
        raise RegionError(f"region {region.id} has no points [x, y] in percent")
    return corners


def _numbers(region: DrawnRegion, value: Mapping[str, Any], *keys: str) -> list[float]:
    numbers = [value.get(key) for key in keys]
    found = [float(one) for one in numbers if isinstance(one, int | float) and math.isfinite(one)]
    if len(found) < len(keys):
        raise RegionError(f"region {region.id} has no numbers {', '.join(keys)} in percent")
    return found
