"""Bilinear upsampling of a network's grid to an image, as torch does it without aligned corners.

A pixel is mixed from the four values of the grid around it, with weights that add up to 1. What
holds for all four then holds for every pixel between them, so most pixels need no arithmetic.
"""

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

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


def positive(grid: torch.Tensor, height: int, width: int) -> NDArray[np.bool_]:
    """Return where a grid is above 0 once it has the size of the image.

    Args:
        grid: float32 (h, w) on the CPU.
        height, width: the image's size in pixels.

    Returns:
        bool (height, width), as `interpolate(grid, bilinear, align_corners=False) > 0`, but for
        pixels whose value is 0 within float32's rounding.
    """
    values = grid.numpy()
    if values.size >= height * width:
        return _all_at_once(grid, height, width)
    sign = values > 0
    both = _with_next(_with_next(sign, np.logical_and, 0), np.logical_and, 1)
    mixed = _with_next(_with_next(sign, np.logical_or, 0), np.logical_or, 1) ^ both
    cell_rows, cell_columns = np.divmod(np.flatnonzero(mixed), mixed.shape[1])
    if len(cell_rows) > MOST_MIXED * mixed.size:
        return _all_at_once(grid, height, width)
    top, bottom, row_weights = sources(values.shape[0], height)
    left, right, column_weights = sources(values.shape[1], width)
    mask = both.take(left, 1).take(top, 0)
    # The pixels of the cells with both signs: those whose first sources are the cell's own.
    row_ends = np.searchsorted(top, np.arange(values.shape[0] + 1))
    column_ends = np.searchsorted(left, np.arange(values.shape[1] + 1))
    cells, rows = _counted(row_ends[cell_rows], row_ends[cell_rows + 1])
    first, end = column_ends[cell_columns], column_ends[cell_columns + 1]
    lines, columns = _counted(first[cells], end[cells])
    rows = rows[lines]
    share = column_weights[columns]
    before, after = left[columns], right[columns]
    upper, lower = top[rows], bottom[rows]
    down = row_weights[rows]
    above = values[upper, before] * (1 - share) + values[upper, after] * share
    below = values[lower, before] * (1 - share) + values[lower, after] * share
    mask[rows, columns] = above * (1 - down) + below * down > 0
    return mask


def _all_at_once(grid: torch.Tensor, height: int, width: int) -> NDArray[np.bool_]:
    size = (height, width)
    full = functional.interpolate(grid[None, None], size, mode="bilinear", align_corners=False)
    return (full[0, 0] > 0).numpy()


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
