"""Bilinear upsampling of a network's grid to an image, as torch does it without aligned corners.

A pixel is mixed from the four values of the grid around it, with weights that add up to 1. What
holds for all four then holds for every pixel between them, so most pixels need no arithmetic.
"""

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from masks.runs import Runs

# Above this share of cells with both signs, pixels one by one are slower than all at once.
MOST_MIXED = 0.1


def sources(low: int, high: int) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float32]]:
    """Return, per target position, its two source indices and the second one's weight.

    Args:
        low, high: lengths of the source and of the target, along one axis.
    """
    position = _positions(low, high)
    first = np.minimum(position.astype(np.intp), low - 1)
    return first, np.minimum(first + 1, low - 1), position - first.astype(np.float32)


def _positions(low: int, high: int) -> NDArray[np.float32]:
    """Return where target positions lie in the source."""
    return ((torch.arange(high) + 0.5) * (low / high) - 0.5).clamp_(min=0).numpy()


def positive(grid: torch.Tensor, height: int, width: int) -> Runs:
    """Return where a grid is above 0 once it has the size of the image.

    Args:
        grid: float32 (h, w) on the CPU.
        height, width: the image's size in pixels.

    Returns:
        The mask (height, width), as `interpolate(grid, bilinear, align_corners=False) > 0`, but for
        pixels whose value is 0 within float32's rounding.
    """
    values = np.ascontiguousarray(grid.numpy())
    # Only on a finer image has each cell pixels, and cells whose pixels touch have common values.
    if values.shape[0] > height or values.shape[1] > width or values.size >= height * width:
        return _all_at_once(grid, height, width)
    mixed = _of_both_signs(values > 0)
    if np.count_nonzero(mixed) > MOST_MIXED * mixed.size:
        return _all_at_once(grid, height, width)
    rows = _Rows(values, height)
    # Between two columns of the grid a row of pixels is a straight line: it changes its sign once
    # where they differ, and nowhere else.
    row, column = rows.through(mixed)
    left, right = rows(row, column), rows(row, np.minimum(column + 1, values.shape[1] - 1))
    crossed = np.flatnonzero((left > 0) != (right > 0))
    row, left, right = row[crossed], left[crossed], right[crossed]
    crossing = column[crossed] + left / (left - right)
    # A pixel just there is 0, which is not above it: it belongs to the left of a rise.
    crossing = np.where(right > 0, np.nextafter(crossing, np.inf), crossing)
    last_before = np.searchsorted(_positions(values.shape[1], width), crossing) - 1
    # No number is a crossing where logits are infinite.
    last_before = np.minimum(last_before, width - 2)
    # And from the end of a row to the next one.
    every = np.arange(height)
    starts, ends = (rows(every, np.full(height, at)) > 0 for at in (0, values.shape[1] - 1))
    between = np.flatnonzero(ends[:-1] != starts[1:]) * width + width - 1
    # Both are in order.
    changes = np.sort(np.concatenate((row * width + last_before, between)), kind="stable")
    # Two between the same pixels are none.
    if len(changes) > 1 and (changes[1:] == changes[:-1]).any():
        changes, times = np.unique(changes, return_counts=True)
        changes = changes[times % 2 == 1]
    return Runs(height, width, np.append(changes, height * width - 1), bool(starts[0]))


class _Rows:
    """Rows of an image, not yet its columns: a grid that is interpolated one way.

    Args:
        values: float32 (h, w).
        height: of the image in pixels, at least the grid's.
    """

    def __init__(self, values: NDArray[np.float32], height: int) -> None:
        self._value = values.ravel().take
        self._step = values.shape[1]
        self._top, self._bottom, self._down = sources(values.shape[0], height)

    def __call__(self, rows: NDArray[np.intp], columns: NDArray[np.intp]) -> NDArray[np.float64]:
        """Return values of rows of the image at columns of the grid, (N,) each."""
        down = self._down[rows].astype(np.float64)
        above = self._value(self._top[rows] * self._step + columns)
        below = self._value(self._bottom[rows] * self._step + columns)
        return above * (1 - down) + below * down

    def through(self, cells: NDArray[np.bool_]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Return each row of the image with each of some cells, (h, w), on it, by their column.

        A cell lies between a value of the grid and its neighbours to the right and below.
        """
        cell_rows, columns = np.divmod(np.flatnonzero(cells), cells.shape[1])
        limits = np.searchsorted(cell_rows, np.arange(cells.shape[0] + 1))
        rows, which = _counted(limits[self._top], limits[self._top + 1])
        return rows, columns[which]


def _all_at_once(grid: torch.Tensor, height: int, width: int) -> Runs:
    size = (height, width)
    full = functional.interpolate(grid[None, None], size, mode="bilinear", align_corners=False)
    return Runs.of((full[0, 0] > 0).numpy())


def _of_both_signs(sign: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return which cells, (h, w), have a corner of either sign; the last ones have two or one."""
    corners, pixels = np.ones((2, 2), np.uint8), sign.view(np.uint8)
    most = cv2.dilate(pixels, corners, anchor=(0, 0))
    least = cv2.erode(pixels, corners, anchor=(0, 0))
    return most != least


def _counted(
    first: NDArray[np.intp], end: NDArray[np.intp]
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return all numbers of several ranges: which range each is of, and the number."""
    lengths = end - first
    ranges = np.repeat(np.arange(len(first)), lengths)
    within = np.arange(len(ranges)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    return ranges, first[ranges] + within
