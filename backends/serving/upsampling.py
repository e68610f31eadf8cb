"""Bilinear upsampling of a network's grid to an image, as torch does it without aligned corners.

A pixel is mixed from the four values of the grid around it, with weights that add up to 1. What
holds for all four then holds for every pixel between them, so most pixels need no arithmetic.
"""

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
    position = ((torch.arange(high) + 0.5) * (low / high) - 0.5).clamp_(min=0).numpy()
    first = np.minimum(position.astype(np.intp), low - 1)
    return first, np.minimum(first + 1, low - 1), position - first.astype(np.float32)


def positive(grid: torch.Tensor, height: int, width: int) -> Runs:
    """Return where a grid is above 0 once it has the size of the image.

    Args:
        grid: float32 (h, w) on the CPU.
        height, width: the image's size in pixels.

    Returns:
        The mask (height, width), as `interpolate(grid, bilinear, align_corners=False) > 0`, but for
        pixels whose value is 0 within float32's rounding.
    """
    values = grid.numpy()
    # Only on a finer image has each cell pixels, and cells whose pixels touch have common values.
    if values.shape[0] > height or values.shape[1] > width or values.size >= height * width:
        return _all_at_once(grid, height, width)
    sign = values > 0
    both = _with_next(_with_next(sign, np.logical_and, 0), np.logical_and, 1)
    mixed = _with_next(_with_next(sign, np.logical_or, 0), np.logical_or, 1) ^ both
    if np.count_nonzero(mixed) > MOST_MIXED * mixed.size:
        return _all_at_once(grid, height, width)
    at = _Interpolated(values, height, width)
    # A row's value changes within cells of both signs, and beside them, and nowhere else.
    rows, first, last = at.rows_through(mixed)
    pixels_of, columns = _counted(first, last + 1)
    found = at(rows[pixels_of], columns)
    changes = (found[1:] != found[:-1]) & (pixels_of[1:] == pixels_of[:-1])
    where = np.flatnonzero(changes)
    within = rows[pixels_of[where]] * width + columns[where]
    # And from the end of a row to the next one.
    every = np.arange(height)
    starts, ends = at(every, np.zeros_like(every)), at(every, np.full_like(every, width - 1))
    between = np.flatnonzero(ends[:-1] != starts[1:]) * width + width - 1
    inner = np.sort(np.concatenate((within, between)))
    return Runs(height, width, np.append(inner, height * width - 1), bool(starts[0]))


class _Interpolated:
    """A grid's sign at the pixels of an image.

    Args:
        values: float32 (h, w).
        height, width: the image's size in pixels, at least the grid's.
    """

    def __init__(self, values: NDArray[np.float32], height: int, width: int) -> None:
        self._value = values.ravel().take
        self._step = values.shape[1]
        self._top, self._bottom, self._down = sources(values.shape[0], height)
        self._left, self._right, self._share = sources(values.shape[1], width)

    def __call__(self, rows: NDArray[np.intp], columns: NDArray[np.intp]) -> NDArray[np.bool_]:
        """Return whether pixels, (N,) each, are above 0."""
        top, bottom, down = self._top[rows], self._bottom[rows], self._down[rows]
        share = self._share[columns]
        above, below = (
            self._value(line * self._step + self._left[columns]) * (1 - share)
            + self._value(line * self._step + self._right[columns]) * share
            for line in (top, bottom)
        )
        return above * (1 - down) + below * down > 0

    def rows_through(
        self, cells: NDArray[np.bool_]
    ) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.intp]]:
        """Return the stretches of pixels in some cells, (h, w), with one more on either side.

        Returns:
            Row, first and last column of each; cells side by side are one stretch.
        """
        which = np.flatnonzero(cells)
        cell_rows, cell_columns = np.divmod(which, cells.shape[1])
        alone = (np.diff(which, prepend=-2) > 1) | (cell_columns == 0)
        begin = np.flatnonzero(alone)
        end = np.append(begin, len(which))[1:] - 1
        row_ends = np.searchsorted(self._top, np.arange(cells.shape[0] + 1))
        column_ends = np.searchsorted(self._left, np.arange(cells.shape[1] + 1))
        cell_row = cell_rows[begin]
        stretch, rows = _counted(row_ends[cell_row], row_ends[cell_row + 1])
        first = np.maximum(column_ends[cell_columns[begin]] - 1, 0)
        last = np.minimum(column_ends[cell_columns[end] + 1], len(self._left) - 1)
        return rows, first[stretch], last[stretch]


def _all_at_once(grid: torch.Tensor, height: int, width: int) -> Runs:
    size = (height, width)
    full = functional.interpolate(grid[None, None], size, mode="bilinear", align_corners=False)
    return Runs.of((full[0, 0] > 0).numpy())


def _with_next(sign: NDArray[np.bool_], combine: np.ufunc, axis: int) -> NDArray[np.bool_]:
    """Combine each value with the next along an axis; the last one stays."""
    combined = sign.copy()
    here, there = combined.swapaxes(0, axis)[:-1], sign.swapaxes(0, axis)[1:]
    combine(here, there, out=here)
    return combined


def _counted(
    first: NDArray[np.intp], end: NDArray[np.intp]
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return all numbers of several ranges: which range each is of, and the number."""
    lengths = end - first
    ranges = np.repeat(np.arange(len(first)), lengths)
    within = np.arange(len(ranges)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    return ranges, first[ranges] + within
