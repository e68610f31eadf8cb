"""One picture of a data set, and what a format has written of it."""

import hashlib
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

import numpy as np
from numpy.typing import NDArray

from studio.dataset.labelled import Annotation, LabelledTask
from studio.dataset.things import Drawn


@dataclass(frozen=True)
class Item:
    """One picture with what was drawn on it.

    Attributes:
        path: of the picture in the data set, with suffix and without the format's folder.
        part: train, val or test.
        image: name of the `<Image>` that shows it, and its place in a `valueList`.
        annotations: what it was made from; several only by `consensus`.
    """

    path: PurePosixPath
    part: str
    task: LabelledTask
    image: tuple[str, int | None]
    annotations: tuple[Annotation, ...]
    drawn: Drawn

    @property
    def name(self) -> str:
        """The path without suffix: what its masks are called."""
        return str(self.path.with_suffix(""))


@dataclass(frozen=True)
class Written:
    """What a format wrote of an item.

    Attributes:
        digests: of the arrays that a reader must get back, in order.
        extra: what the files of the whole need of it, as JSON.
        losses: what the format could not hold -> how many pixels.
    """

    digests: list[str]
    extra: dict[str, Any] = field(default_factory=dict)
    losses: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Record:
    """An item as the journal keeps it; all of it is JSON."""

    path: str
    part: str
    task: int
    height: int
    width: int
    annotations: list[int]
    labelers: list[str]
    created: str
    updated: str
    turned: bool
    things: list[tuple[int, int]]
    """Category and area of each."""
    left_out: dict[str, int]
    digests: list[str]
    extra: dict[str, Any]
    losses: dict[str, int]
    thumbnail: str = ""

    @property
    def name(self) -> str:
        """The path without suffix."""
        return str(PurePosixPath(self.path).with_suffix(""))


def digest(array: NDArray[np.bool_] | NDArray[np.integer]) -> str:
    """Return a hash of an array's shape and values; the integers' size makes no difference."""
    found = hashlib.sha256(repr(array.shape).encode())
    if array.dtype == np.bool_:
        found.update(np.packbits(array).tobytes())
    else:
        found.update(array.astype("<u4").tobytes())
    return found.hexdigest()[:32]
