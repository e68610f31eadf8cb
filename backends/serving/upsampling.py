"""Bilinear upsampling of a network's grid to an image, as torch does it without aligned corners.

A pixel is mixed from the four values of the grid around it, with weights that add up to 1. What
holds for all four then holds for every pixel between them, so most pixels need no arithmetic.
"""

import numpy as np
import torch
from numpy.lib.stride_tricks import as_strided
from numpy.typing import NDArray
from torch.nn import functional

from masks.runs import Runs, set_bits

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
    positions = (np.arange(high, dtype=np.float32) + np.float32(0.5)) * np.float32(low / high)
    positions -= np.float32(0.5)
    return np.maximum(positions, 0, out=positions)


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
    if values.strides[1] != values.itemsize:
        values = np.ascontiguousarray(values)
    # Only on a finer image has each cell pixels, and cells whose pixels touch have common values.
    if values.shape[0] > height or values.shape[1] > width or values.size >= height * width:
        return _all_at_once(grid, height, width)
    mixed = _of_both_signs(values > 0)
    if len(mixed[0]) > MOST_MIXED * values.size:
        return _all_at_once(grid, height, width)
    rows = _Rows(values, height)
    # Between two columns of the grid a row of pixels is a straight line: it changes its sign once
    # where they differ, and nowhere else.
    row, column = rows.through(*mixed)
    left, right = rows(row, column, np.minimum(column + 1, values.shape[1] - 1))
    crossed = np.flatnonzero((left > 0) != (right > 0))
    row, left, right = row[crossed], left[crossed], right[crossed]
    crossing = column[crossed] + left / (left - right)
    # A pixel just there is 0, which is not above it: it belongs to the left of a rise.
    crossing = np.where(right > 0, np.nextafter(crossing, np.inf), crossing)
    last_before = _last_before(crossing, values.shape[1], width)
    # And from the end of a row to the next one.
    starts, ends = (value > 0 for value in rows(np.arange(height), 0, values.shape[1] - 1))
    between = np.flatnonzero(ends[:-1] != starts[1:]) * width + width - 1
    # Both are in order.
    changes = np.sort(np.concatenate((row * width + last_before, between)), kind="stable")
    # Two between the same pixels are none.
    if (changes[1:] == changes[:-1]).any():
        first = np.flatnonzero(np.append(True, changes[1:] != changes[:-1]))
        times = np.diff(first, append=len(changes))
        changes = changes[first[times % 2 == 1]]
    return Runs(height, width, np.append(changes, height * width - 1), bool(starts[0]))


class _Rows:
    """Rows of an image, not yet its columns: a grid that is interpolated one way.

    Args:
        values: float32 (h, w), each row in one piece.
        height: of the image in pixels, at least the grid's.
    """

    def __init__(self, values: NDArray[np.float32], height: int) -> None:
        self._rows, columns = values.shape
        self._step = values.strides[0] // values.itemsize
        # All rows in one line. Between them may be what was cut off: no copy is made without it.
        length = (self._rows - 1) * self._step + columns
        line = as_strided(values, (length,), (values.itemsize,), writeable=False)
        self._value = line.take
        self._top, self._bottom, self._down = sources(values.shape[0], height)

    def __call__(
        self, rows: NDArray[np.intp], *columns: NDArray[np.intp] | int
    ) -> list[NDArray[np.float64]]:
        """Return values of rows of the image, (N,), at columns of the grid, (N,) or one for all."""
        down = self._down[rows].astype(np.float64)
        up = 1 - down
        top, bottom = self._top[rows] * self._step, self._bottom[rows] * self._step
        return [self._value(top + at) * up + self._value(bottom + at) * down for at in columns]

    def through(
        self, cell_rows: NDArray[np.intp], columns: NDArray[np.intp]
    ) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Return each row of the image with each of some cells on it, by their column.

        A cell lies between a value of the grid and its neighbours to the right and below.

        Args:
            cell_rows, columns: of the cells, row by row.
        """
        limits = np.searchsorted(cell_rows, np.arange(self._rows + 1))
        rows, which = _counted(limits[self._top], limits[self._top + 1])
        return rows, columns[which]


def _all_at_once(grid: torch.Tensor, height: int, width: int) -> Runs:
    size = (height, width)
    full = functional.interpolate(grid[None, None], size, mode="bilinear", align_corners=False)
    return Runs.of((full[0, 0] > 0).numpy())


def _of_both_signs(sign: NDArray[np.bool_]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return the rows and columns of cells that have a corner of either sign, row by row.

    Args:
        sign: of the values of a grid, (h, w). The last cells of a row or column have two corners,
            or one.
    """
    # 64 values at once are compared with those beside and below them.
    height, width = sign.shape
    words = np.zeros((height, (width + 63) // 64), "<u8")
    words.view(np.uint8)[:, : (width + 7) // 8] = np.packbits(sign, axis=1, bitorder="little")
    beside = words >> np.uint64(1)
    beside[:, :-1] |= words[:, 1:] << np.uint64(63)
    beside ^= words
    # Beside the last value there is none.
    beside[:, -1] &= np.uint64((1 << ((width - 1) & 63)) - 1)
    mixed = beside.copy()
    mixed[:-1] |= beside[1:]
    mixed[:-1] |= words[:-1] ^ words[1:]
    return np.divmod(set_bits(mixed.ravel()), 64 * mixed.shape[1])


def _last_before(crossing: NDArray[np.float64], low: int, high: int) -> NDArray[np.intp]:
    """Return the last position before each of some places, but never the last of all.

    Args:
        crossing: places in the source.
        low, high: lengths of the source and of the target, along one axis.
    """
    positions = _positions(low, high)
    # No number is a crossing where logits are infinite.
    guess = np.nan_to_num((crossing + 0.5) * (high / low) - 0.5).clip(0, high - 2).astype(np.intp)
    # By its rounding, a position may be on the other side of the place.
    guess -= positions[guess] >= crossing
    guess += positions[guess + 1] < crossing
    return guess.clip(0, high - 2)


def _counted(
    first: NDArray[np.intp], end: NDArray[np.intp]
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return all numbers of several ranges: which range each is of, and the number."""
    lengths = end - first
    ranges = np.repeat(np.arange(len(first)), lengths)
    within = np.arange(len(ranges)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    return ranges, first[ranges] + within
