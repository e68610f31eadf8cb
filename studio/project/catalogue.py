"""Facts about images from a table: rows merged per image, and matched with the images."""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches

from studio.buckets.address import StorageAddress
from studio.buckets.cloud_storage import CloudStorage
from studio.errors import CatalogueError
from studio.project.keys import SAID, ImageKey, KeyMatch, match_keys
from studio.project.project_file import Catalogue
from studio.project.table import Table, read_table


@dataclass(frozen=True)
class Matched:
    """Facts per image, and everything that did not fit together.

    Attributes:
        facts: image source -> header -> text. Every image and every header is there, with an empty
            text where no row says more.
        keys: image source -> key of its rows.
        rows_without_image: keys of the table that no image has.
        images_without_row: sources of images that are not in the table.
        images_sharing_rows: key -> sources, where several images have one key.
        repeated_rows: keys of rows that are in the table twice, word for word.
        ambiguous: images that several keys fit, and these keys.
        contradictions: keys whose rows differ where one value is asked for, and the values.
        rows_left_out: lines that could not be used, and why.
        remarks: how the table was read, which rule matched how many, which other rule would help.
    """

    facts: Mapping[str, Mapping[str, str]]
    rows_without_image: tuple[str, ...] = ()
    images_without_row: tuple[str, ...] = ()
    images_sharing_rows: tuple[tuple[str, tuple[str, ...]], ...] = ()
    repeated_rows: tuple[str, ...] = ()
    keys: Mapping[str, str] = field(default_factory=dict)
    ambiguous: tuple[str, ...] = ()
    contradictions: tuple[str, ...] = ()
    rows_left_out: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()


def read_rows(catalogue: Catalogue, cloud: CloudStorage) -> Table:
    """Return the table as text, in the order of the file; 007 stays 007 and NA stays NA.

    Raises:
        CatalogueError: the file is no table, or a column that is asked for is not in it once.
        StorageError: it cannot be read from its bucket.
    """
    try:
        content = (
            cloud.read(catalogue.file)
            if isinstance(catalogue.file, StorageAddress)
            else catalogue.file.read_bytes()
        )
    except OSError as error:
        raise CatalogueError(f"cannot read {catalogue.file}: {error.strerror}") from None
    wanted = _wanted(catalogue)
    name = str(catalogue.file)
    rows = read_table(content, name, wanted, catalogue.encoding or "", catalogue.delimiter or "")
    faults = [fault for column in wanted if (fault := _fault(column, rows.columns))]
    if faults:
        raise CatalogueError(
            f"{name}: {'; '.join(faults)}. It was read as {rows.read_as}; where that is wrong, "
            "give `delimiter` or `encoding` in the project file"
        )
    return rows


def match(rows: Table, catalogue: Catalogue, images: Mapping[str, str]) -> Matched:
    """Give every image the facts of its key, and name what is left over on either side.

    Args:
        images: source of each image -> its file name.
    """
    groups = _grouped(rows, catalogue.key)
    merged = {key: _merged(rows.columns, group, catalogue) for key, group in groups.items()}
    wanted = image_keys(catalogue, images)
    found = match_keys(wanted, merged, catalogue.match)
    empty = dict.fromkeys(catalogue.columns, "")
    by_key: dict[str, list[str]] = defaultdict(list)
    for source in images:
        if source in found.keys:
            by_key[found.keys[source]].append(source)
    return Matched(
        # Rows may have an empty key: they are nobody's, and not those of the images without a row.
        facts={
            source: merged[found.keys[source]] if source in found.keys else empty
            for source in images
        },
        keys=found.keys,
        rows_without_image=tuple(key or "(no key)" for key in merged if key not in by_key),
        images_without_row=tuple(source for source in images if source not in found.keys),
        images_sharing_rows=tuple(
            (key, tuple(sources)) for key, sources in by_key.items() if len(sources) > 1
        ),
        repeated_rows=tuple(key for key, group in groups.items() if len({*group}) < len(group)),
        ambiguous=tuple(f"{one}: {' or '.join(keys)}" for one, keys in found.ambiguous.items()),
        contradictions=tuple(_contradictions(rows.columns, groups, catalogue)),
        rows_left_out=tuple(f"line {line}: {why}" for line, why in rows.left_out),
        remarks=tuple(_remarks(rows, catalogue, wanted, list(merged), found)),
    )


def image_keys(catalogue: Catalogue, images: Mapping[str, str]) -> list[ImageKey]:
    """Return what a row may call each image, by the pattern of the project file.

    The pattern sees an accent as one character with its letter, also where a Mac's file names have
    two. A key that the name has as it is, is left as it is.
    """
    pattern = re.compile(unicodedata.normalize("NFC", catalogue.image_key))

    def key(name: str) -> str:
        found = pattern.search(name)
        return (found.group(1) or "") if found else ""

    keys = []
    for source, file_name in images.items():
        composed, as_it_is = key(unicodedata.normalize("NFC", file_name)), key(file_name)
        same = unicodedata.normalize("NFC", as_it_is) == composed
        keys.append(ImageKey(as_it_is if same else composed, file_name, source))
    return keys


def _wanted(catalogue: Catalogue) -> list[str]:
    names = [catalogue.key, *(column.column for column in catalogue.columns.values())]
    return list(dict.fromkeys(names))


def _grouped(rows: Table, key: str) -> dict[str, list[tuple[str, ...]]]:
    """Return key -> its rows, both in the order of the file."""
    groups: dict[str, list[tuple[str, ...]]] = defaultdict(list)
    at = rows.columns.index(key)
    for _, cells in rows.rows:
        groups[cells[at]].append(cells)
    return groups


def _values(columns: Sequence[str], group: Sequence[Sequence[str]], column: str) -> list[str]:
    at = columns.index(column)
    return [value for value in dict.fromkeys(cells[at] for cells in group) if value]


def _merged(
    columns: Sequence[str], group: Sequence[Sequence[str]], catalogue: Catalogue
) -> dict[str, str]:
    facts = {}
    for header, column in catalogue.columns.items():
        values = _values(columns, group, column.column)
        facts[header] = catalogue.separator.join(values if column.merge == "join" else values[:1])
    return facts


def _contradictions(
    columns: Sequence[str], groups: Mapping[str, Sequence[Sequence[str]]], catalogue: Catalogue
) -> list[str]:
    """Name the rows of one image that differ in a column of which the first value is taken."""
    single = [one.column for one in catalogue.columns.values() if one.merge == "first"]
    return [
        f"{key}: {column} is {' or '.join(values)}"
        for key, group in groups.items()
        for column in single
        if len(values := _values(columns, group, column)) > 1
    ]


def _remarks(
    rows: Table, catalogue: Catalogue, images: list[ImageKey], keys: list[str], found: KeyMatch
) -> list[str]:
    how = ", ".join(f"{number} {said}" for said, number in found.rules.items()) or "none"
    remarks = [
        f"{catalogue.file} (read as {rows.read_as}): {len(found.keys)} of {len(images)} images "
        f"matched with a row: {how}"
    ]
    for rule in SAID:
        if rule not in catalogue.match:
            more = len(match_keys(images, keys, (*catalogue.match, rule)).keys) - len(found.keys)
            if more:
                rules = ", ".join((*catalogue.match, rule))
                remarks.append(
                    f"{more} more would match {SAID[rule]}: to allow that, write "
                    f"match: [{rules}] below catalogue"
                )
    return remarks


def _fault(name: str, columns: Sequence[str]) -> str:
    """Return what is wrong with a column that is asked for; "" if it is there once."""
    if columns.count(name) > 1:
        places = " and ".join(str(at) for at, one in enumerate(columns, 1) if one == name)
        return f"the column {name!r} is there more than once (columns {places}); rename one"
    if name in columns:
        return ""
    close = get_close_matches(name, columns, n=1, cutoff=0.5)
    hint = f"did you mean {close[0]!r}?" if close else f"it has {', '.join(columns)}"
    return f"there is no column {name!r}; {hint}"
