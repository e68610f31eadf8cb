"""Facts about images from a CSV table: rows merged per image, and matched with the images."""

import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from io import BytesIO
from pathlib import Path

import pandas as pd

from studio.buckets.address import StorageAddress
from studio.buckets.cloud_storage import CloudStorage
from studio.errors import CatalogueError
from studio.project.project_file import Catalogue


@dataclass(frozen=True)
class Matched:
    """Facts per image, and everything that did not fit together.

    Attributes:
        facts: image source -> header -> text. Every image and every header is there, with an empty
            text where no row says more.
        rows_without_image: keys of the table that no image has.
        images_without_row: sources of images that are not in the table.
        images_sharing_rows: key -> sources, where several images have one key.
        repeated_rows: keys of rows that are in the table twice, word for word.
    """

    facts: Mapping[str, Mapping[str, str]]
    rows_without_image: tuple[str, ...] = ()
    images_without_row: tuple[str, ...] = ()
    images_sharing_rows: tuple[tuple[str, tuple[str, ...]], ...] = ()
    repeated_rows: tuple[str, ...] = ()


def match_catalogue(
    catalogue: Catalogue, images: Mapping[str, str], cloud: CloudStorage
) -> Matched:
    """Read the table, from ``cloud`` where it is in a bucket, and match it with ``images``.

    Args:
        images: source of each image -> its file name.

    Raises:
        CatalogueError: the file is not a CSV table, or lacks a column.
        StorageError: it cannot be read from its bucket.
    """
    return match(read_rows(catalogue, cloud), catalogue, images)


def read_rows(catalogue: Catalogue, cloud: CloudStorage) -> pd.DataFrame:
    """Return the table as text, in the order of the file; 007 stays 007 and NA stays NA."""
    table: Path | BytesIO
    if isinstance(catalogue.file, StorageAddress):
        table = BytesIO(cloud.read(catalogue.file))
    else:
        table = catalogue.file
    try:
        rows = pd.read_csv(table, dtype=str, keep_default_na=False, encoding="utf-8-sig")
    except (ValueError, OSError) as error:
        raise CatalogueError(f"{catalogue.file} is not a CSV table in UTF-8: {error}") from None
    rows = rows.fillna("").map(str.strip)
    wanted = [catalogue.key, *(column.column for column in catalogue.columns.values())]
    missing = [_missing_column(name, list(rows.columns)) for name in wanted if name not in rows]
    if missing:
        raise CatalogueError(f"{catalogue.file}: " + "; ".join(dict.fromkeys(missing)))
    return rows


def merge_rows(rows: pd.DataFrame, catalogue: Catalogue) -> dict[str, dict[str, str]]:
    """Return key -> header -> text, keys and values in the order of the file."""
    merged: dict[str, dict[str, str]] = {}
    for key, group in rows.groupby(catalogue.key, sort=False):
        facts = {}
        for header, column in catalogue.columns.items():
            values = [value for value in dict.fromkeys(group[column.column]) if value]
            facts[header] = catalogue.separator.join(
                values if column.merge == "join" else values[:1]
            )
        merged[str(key)] = facts
    return merged


def match(rows: pd.DataFrame, catalogue: Catalogue, images: Mapping[str, str]) -> Matched:
    """Give every image the facts of its key, and name what is left over on either side."""
    merged = merge_rows(rows, catalogue)
    pattern = re.compile(catalogue.image_key)
    empty = dict.fromkeys(catalogue.columns, "")
    by_key: dict[str, list[str]] = defaultdict(list)
    facts, without_row = {}, []
    for source, file_name in images.items():
        found = pattern.search(file_name)
        key = (found.group(1) or "") if found else ""
        if key and key in merged:
            by_key[key].append(source)
        else:
            without_row.append(source)
        facts[source] = {**empty, **merged.get(key, {})} if key else empty
    return Matched(
        facts=facts,
        rows_without_image=tuple(key or "(no key)" for key in merged if key not in by_key),
        images_without_row=tuple(without_row),
        images_sharing_rows=tuple(
            (key, tuple(sources)) for key, sources in by_key.items() if len(sources) > 1
        ),
        repeated_rows=tuple(dict.fromkeys(rows.loc[rows.duplicated(), catalogue.key])),
    )


def _missing_column(name: str, columns: list[str]) -> str:
    close = get_close_matches(name, columns, n=1, cutoff=0.5)
    hint = f"did you mean {close[0]!r}?" if close else f"it has {', '.join(columns)}"
    return f"there is no column {name!r}; {hint}"
