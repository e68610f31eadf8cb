"""A mask as its runs of equal pixels: what a brush RLE is made of, far smaller than its pixels."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from masks.errors import RleError

# Pixels that are looked at together: what is made of them stays in a core's own cache.
BLOCK = 1 << 20


@dataclass(frozen=True, eq=False)
class Runs:
    """The runs of a mask, row after row; one goes on in the next row where its value does.

    Attributes:
        height, width: the mask's size in pixels.
        ends: int64 (N,), the index in the flat mask of each run's last pixel, ascending. Painted
            runs and others take turns.
        first: whether the first run is painted.
    """

    height: int
    width: int
    ends: NDArray[np.int64]
    first: bool

    @classmethod
    def of(cls, mask: NDArray[np.bool_]) -> Self:
        """Return the runs of a mask, bool (H, W).

        Raises:
            RleError: it is no such mask, or has no pixels.
        """
        if mask.ndim != 2 or mask.dtype != np.bool_ or mask.size == 0:
            raise RleError(
                f"a mask is a non-empty bool array (H, W), not {mask.dtype} {mask.shape}"
            )
        flat = mask.ravel()
        height, width = mask.shape
        return cls(height, width, _ends(flat), bool(flat[0]))

    @classmethod
    def within(
        cls, part: NDArray[np.bool_], place: tuple[slice, slice], shape: tuple[int, int]
    ) -> Self:
        """Return the runs of a mask that is painted in some rows and columns only.

        Args:
            part: bool (h, w), what is in them; it has pixels.
            place: the rows and columns, whose `start` and `stop` are numbers.
            shape: (H, W) of the whole mask.
        """
        (height, width), (rows, columns) = shape, place
        across = part.shape[1]
        if across < width:
            # One more column, unpainted: no painted run goes on in the next row.
            across += 1
            wide = np.zeros((part.shape[0], across), np.bool_)
            wide[:, :-1] = part
            part = wide
        # Where painted runs begin, and where what follows them does, in turns.
        ends = _ends(part.ravel())
        places = ends + 1 if part[-1, -1] else ends[:-1] + 1
        if part[0, 0]:
            places = np.append(0, places)
        places += places // across * (width - across) + (rows.start * width + columns.start)
        first = bool(len(places)) and places[0] == 0
        ends = np.append(places[1:] if first else places, height * width) - 1
        if len(ends) > 1 and ends[-2] == ends[-1]:
            ends = ends[:-1]
        return cls(height, width, ends, bool(first))

    @property
    def shape(self) -> tuple[int, int]:
        """(height, width) in pixels."""
        return self.height, self.width

    @property
    def lengths(self) -> NDArray[np.int64]:
        """The number of pixels of each run, int64 (N,)."""
        lengths = self.ends.copy()
        lengths[1:] -= self.ends[:-1]
        lengths[0] += 1
        return lengths

    def any(self) -> bool:
        """Return whether anything is painted."""
        return self.first or len(self.ends) > 1

    def mask(self) -> NDArray[np.bool_]:
        """Return the mask, bool (H, W)."""
        values = np.arange(len(self.ends)) % 2 == (0 if self.first else 1)
        return np.repeat(values, self.lengths).reshape(self.shape)


def _ends(flat: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return the last index of each run of equal values, of a bool array (N,)."""
    if flat.size <= BLOCK:
        return _changes(flat, is_last=True)
    starts = range(0, flat.size, BLOCK)
    return np.concatenate(
        [_changes(flat[at : at + BLOCK + 64], at + BLOCK >= flat.size) + at for at in starts]
    )


def _changes(flat: NDArray[np.bool_], is_last: bool) -> NDArray[np.int64]:
    """Return the indices in the first BLOCK values whose successor differs.

    Args:
        is_last: whether there are no others after these. The last one is then returned, too.
    """
    # 64 values at once are compared with their successors. Few words have a change, and only there
    # does it matter where.
    octets = np.packbits(flat, bitorder="little")
    if missing := -octets.size % 8:
        octets = np.append(octets, np.zeros(missing, np.uint8))
    words = octets.view("<u8")
    changes = words >> np.uint64(1)
    changes ^= words
    changes[:-1] ^= words[1:] << np.uint64(63)
    if is_last:
        # What it is followed by are zeros.
        changes[(flat.size - 1) >> 6] |= np.uint64(1 << ((flat.size - 1) & 63))
    changes = changes[: BLOCK // 64]
    return set_bits(changes)


def set_bits(words: NDArray[np.uint64]) -> NDArray[np.int64]:
    """Return the numbers of the bits that are set in some words, (N,), least significant first."""
    # numpy looks through bools much faster than through numbers.
    word = (words != 0).nonzero()[0]
    bits = np.unpackbits(words[word].view(np.uint8), bitorder="little")
    bit = bits.view(np.bool_).nonzero()[0]
    word <<= 6
    numbers = word.take(bit >> 6)
    bit &= 63
    numbers += bit
    return numbers
