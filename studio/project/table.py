"""A table as people save it: a CSV file in any of the usual forms, or a workbook.

Nothing is repaired by guessing: a row that has not as many cells as the header is left out and
named, because its cells may stand under the wrong headers.
"""

import csv
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO, StringIO
from pathlib import PurePosixPath
from tempfile import NamedTemporaryFile

from python_calamine import CalamineError, CalamineWorkbook, PasswordError

from studio.errors import CatalogueError
from studio.project.encodings import Text, decode

DELIMITERS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "vertical bars"}
# Workbooks: .xlsx, .xlsb and .ods are ZIP archives, .xls has a form of its own.
WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
PARQUET = b"PAR1"


@dataclass(frozen=True)
class Table:
    """A table's text; white space at the ends of cells is gone.

    Attributes:
        columns: the headers in their order, accents as one character each with their letter (NFC);
            "" for a column without one.
        rows: line in the file, and as many cells as there are columns. Empty rows are left out.
        left_out: line, and why its row could not be used.
        read_as: how the file was read, as a person calls it.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[int, tuple[str, ...]], ...]
    left_out: tuple[tuple[int, str], ...] = ()
    read_as: str = ""


def read_table(
    content: bytes, name: str, wanted: Sequence[str], encoding: str = "", delimiter: str = ""
) -> Table:
    """Return the table in a file's ``content``.

    Args:
        name: what the file is called in messages.
        wanted: columns that it should have; they tell the delimiter.
        encoding: of a CSV file; found out if "".
        delimiter: of a CSV file; found out if "".

    Raises:
        CatalogueError: it is empty, is no table, or cannot be decoded.
    """
    if not content.strip():
        raise CatalogueError(f"{name} is empty")
    if content.startswith(WORKBOOKS):
        return _from_workbook(content, name)
    if content.startswith(PARQUET):
        raise CatalogueError(
            f"{name} is a Parquet file; save it as .csv, as "
            'pandas.read_parquet("catalogue.parquet").to_csv("catalogue.csv", index=False) does'
        )
    text = decode(content, name, encoding)
    first, _, rest = text.content.partition("\n")
    # Excel's own line, which says what its locale would otherwise decide.
    told = first.strip().strip('"')
    skipped = 0
    if told.lower().startswith("sep=") and len(told) <= 5:
        delimiter = delimiter or told[4:] or "\t"
        text, skipped = Text(rest, text.encoding), 1
    found = delimiter or _delimiter(text.content, wanted)
    lines = [(line + skipped, cells) for line, cells in _lines(text.content, found, name, skipped)]
    return _table(lines, name, f"{DELIMITERS.get(found, repr(found))}, {text.encoding}")


def _table(lines: Sequence[tuple[int, list[str]]], name: str, read_as: str) -> Table:
    """Take the header off, and leave out what does not fit under it."""
    filled = [(line, cells) for line, cells in lines if any(cells)]
    if not filled:
        raise CatalogueError(f"{name} is empty")
    header = _composed(_without_end(filled[0][1]))
    rows, left_out = [], []
    for line, cells in filled[1:]:
        # A delimiter after the last cell, which some programs write.
        kept = cells[: len(header)] if not any(cells[len(header) :]) else cells
        if len(kept) == len(header):
            rows.append((line, tuple(kept)))
        else:
            more = f" ({kept[len(header)]!r} is one too far)" if len(kept) > len(header) else ""
            left_out.append((line, f"{len(kept)} cells under {len(header)} headers{more}"))
    return Table(tuple(header), tuple(rows), tuple(left_out), read_as)


def _composed(cells: Iterable[str]) -> list[str]:
    return [unicodedata.normalize("NFC", cell) for cell in cells]


def _without_end(cells: list[str]) -> list[str]:
    while cells and not cells[-1]:
        cells = cells[:-1]
    return cells


def _lines(
    text: str, delimiter: str, name: str, skipped: int = 0
) -> Iterator[tuple[int, list[str]]]:
    """Yield each row with the line on which it begins.

    Raises:
        CatalogueError: a quotation mark is not closed, or stands where none can.
    """
    # Line ends are kept as they are within quotation marks, and rows of a Mac's end in a return.
    reader = csv.reader(
        StringIO(text, newline=""), delimiter=delimiter, skipinitialspace=True, strict=True
    )
    begins = 1
    try:
        for cells in reader:
            yield begins, [cell.strip() for cell in cells]
            begins = reader.line_num + 1
    except csv.Error as error:
        raise CatalogueError(
            f"{name}, line {begins + skipped}: a quotation mark is not closed, or stands in the "
            f"middle of a cell ({error}). Within quotation marks write two of them"
        ) from None


def _delimiter(text: str, wanted: Sequence[str]) -> str:
    """Return the delimiter by which the header has most of the wanted columns, and most columns."""

    def fit(delimiter: str) -> tuple[int, int]:
        try:
            lines = _lines(text, delimiter, "")
            cells = _composed(next((cells for _, cells in lines if any(cells)), []))
        except CatalogueError:
            return 0, 0
        return len({*wanted} & {*cells}), len(cells)

    return max(DELIMITERS, key=fit)


def _from_workbook(content: bytes, name: str) -> Table:
    """Read the first sheet; numbers and dates become text as they are shown without a format.

    A date is ISO 8601, with a time where it has one.
    """
    try:
        sheet = _open_workbook(content, name).get_sheet_by_index(0)
        # Rows and columns count from the sheet's first cell, also where that is empty.
        rows = sheet.to_python(skip_empty_area=False)
    except PasswordError:
        raise CatalogueError(f"{name} is locked by a password; save it without one") from None
    except CalamineError as error:
        raise CatalogueError(
            f"{name} is not a workbook that can be read ({error}); save it as .xlsx, .ods or .csv"
        ) from None
    lines = [(number, [*map(_shown, values)]) for number, values in enumerate(rows, start=1)]
    # Rows of a sheet end where their last value is.
    width = max((len(_without_end(cells)) for _, cells in lines), default=0)
    even = [(line, (cells + [""] * width)[:width]) for line, cells in lines]
    return _table(even, name, f"workbook, sheet {sheet.name!r}")


def _open_workbook(content: bytes, name: str) -> CalamineWorkbook:
    try:
        return CalamineWorkbook.from_filelike(BytesIO(content))
    except CalamineError:
        # The library has tried each form and forgotten why none fits, also that one is locked. Of
        # a file it goes by the suffix, and says why.
        with NamedTemporaryFile(suffix=PurePosixPath(name).suffix) as file:
            file.write(content)
            file.flush()
            return CalamineWorkbook.from_path(file.name)


def _shown(value: object) -> str:
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()
