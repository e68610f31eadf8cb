"""What every format has: it writes items, then what is about the whole, and reads both back."""

import csv
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, ClassVar, TypeVar

import numpy as np
from numpy.typing import NDArray

from studio.dataset.categories import Categories
from studio.dataset.item import Item, Record, Written

T = TypeVar("T")

# The records in order; each call reads them anew, one at a time.
Records = Callable[[], Iterator[Record]]


class Format(ABC):
    """A format of a data set, in its folder.

    Attributes:
        NAME: as `--format` has it.
        READER: what trainers read it with, and how, for the card.
        EXACT: what it holds of what was drawn, for the card.
    """

    NAME: ClassVar[str]
    READER: ClassVar[str]
    EXACT: ClassVar[str]

    def __init__(self, folder: Path, categories: Categories, parts: Sequence[str]) -> None:
        self.folder = folder
        self.categories = categories
        self.parts = parts
        self._last_read: tuple[Path, Any] | None = None

    @property
    def remark(self) -> str:
        """What the card has to say of this data set's files; "" if nothing."""
        return ""

    def picture(self, path: str, part: str) -> Path:
        """Return where a picture goes."""
        return self.folder / "images" / path

    @abstractmethod
    def write(self, item: Item) -> Written:
        """Write the files of an item.

        Raises:
            ExportError: the format cannot hold it at all.
        """

    def finish(self, records: Records) -> None:
        """Write the files about the whole."""
        for part in self.parts:
            write_lines(
                self.folder / "splits" / f"{part}.txt",
                (record.path for record in records() if record.part == part),
            )
        self._write_classes()

    def _write_classes(self) -> None:
        rows = [(one.number, one.name, one.hex) for one in self.categories.all]
        write_table(self.folder / "classes.csv", ("number", "name", "colour"), rows)

    @abstractmethod
    def read(self, record: Record) -> Iterator[NDArray[np.bool_] | NDArray[np.integer]]:
        """Yield what a reader of the format gets of an item, in the order of its digests."""

    def read_once(self, path: Path, read: Callable[[Path], T]) -> T:
        """Return what `read` makes of a file that many items share; the last one is kept.

        So items are read part by part.
        """
        if self._last_read is None or self._last_read[0] != path:
            self._last_read = (path, read(path))
        return self._last_read[1]


def write_lines(path: Path, lines: Iterable[str]) -> None:
    """Write a text file, a line each."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.writelines(f"{line}\n" for line in lines)


def write_table(path: Path, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Write a CSV table."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(header)
        table.writerows(rows)
