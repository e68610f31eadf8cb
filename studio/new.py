"""`studio new`: a project file with comments, written from what is in a folder or a bucket."""

import json
import re
import shlex
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import quoteattr

from studio.buckets.address import SCHEME, StorageAddress, parse_address
from studio.buckets.cloud_storage import CloudStorage
from studio.errors import CatalogueError, StudioError
from studio.images.find import find_images
from studio.images.folder import NO_LINE, NO_TEXT, is_text
from studio.images.image import FoundImages
from studio.output import counted, printable, shortened
from studio.project.keys import ImageKey, match_keys
from studio.project.project_file import (
    SOURCE_KEY,
    TITLE_MAX_LENGTH,
    TITLE_MIN_LENGTH,
    Catalogue,
    Source,
)
from studio.project.table import Table, read_table
from studio.version import ROOT

TEMPLATES = ROOT / "templates"
TEMPLATE = TEMPLATES / "new" / "project.yaml"
LABELS = TEMPLATES / "labeling" / "garments.xml"
TABLES = frozenset({".csv", ".tsv", ".xlsx", ".ods"})
FACTS = re.compile(r'^([ \t]*)<Header value="[^"]*\$[^"]*"[^>]*/>\n', re.MULTILINE)
# More than these would hide the image.
MOST_COLUMNS = 8


@dataclass(frozen=True)
class FoundTable:
    """A table beside the images, the column that names them, and how many of them it has."""

    name: str
    table: Table
    key: str
    matched: int


def write_project(place: str, to: Path | None = None, cloud: CloudStorage | None = None) -> str:
    """Write a project file and its labeling config, and return what to say about them.

    Args:
        place: a folder, or an address like gs://bucket/prefix.
        to: the file; by default beside the folder, or here for a bucket.

    Raises:
        StudioError: there is no such place or no image in it, or the file is there already or
            cannot be written.
    """
    cloud = cloud or CloudStorage()
    source, name, beside = _source(place)
    found = find_images(source, None, cloud)
    if not found.images:
        raise StudioError(f"there is no image in {place}")
    file = to or beside / f"{_slug(name)}.yaml"
    labels = file.with_suffix(".xml")
    for path in (file, labels):
        if path.exists():
            raise StudioError(f"{path} is there already; give --to another name, or remove it")
    table = _best_table(found, source, cloud)
    columns = _columns(table) if table else {}
    values = {
        "title": json.dumps(_title(name), ensure_ascii=False),
        "labeling_config": json.dumps(labels.name, ensure_ascii=False),
        "source": _source_text(source),
        "catalogue": _catalogue_text(source, table, columns) if table else "",
    }
    text = TEMPLATE.read_text("utf-8")
    for key, value in values.items():
        text = text.replace(f"<{key}>", value)
    config = _with_facts(LABELS.read_text("utf-8"), columns)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        labels.write_text(config, "utf-8")
        file.write_text(text, "utf-8")
    except OSError as error:
        raise StudioError(
            f"cannot write {error.filename or file}: {error.strerror}; give --to another place"
        ) from None
    return _said(place, found, table, file, labels)


def _source(place: str) -> tuple[Source, str, Path]:
    """Return the source, what it is called, and where its project file goes."""
    if place.startswith(SCHEME):
        try:
            address = parse_address(place)
        except ValueError as error:
            raise StudioError(str(error)) from None
        name = address.name.strip("/").rpartition("/")[2] or address.bucket
        return Source(bucket=address), name, Path.cwd()
    folder = Path(place).expanduser().resolve()
    if not folder.is_dir():
        raise StudioError(f"there is no folder {place}")
    if not is_text(str(folder)):
        raise StudioError(
            f"{printable(str(folder))}: this name is not in UTF-8, which a project file cannot "
            "hold; rename it"
        )
    if "${" in str(folder):
        raise StudioError(f"{folder} has ${{ in its name, which a project file cannot hold")
    return Source.model_construct(folder=folder), folder.name, folder.parent


def _best_table(found: FoundImages, source: Source, cloud: CloudStorage) -> FoundTable | None:
    """Return the table that has most of the images; None if none has any."""
    images = [ImageKey(Path(one.file_name).stem, one.file_name, one.source) for one in found.images]
    tables = []
    for name, why in found.ignored:
        if not _is_table(name, why):
            continue
        try:
            if source.folder is not None:
                content = (source.folder / name).read_bytes()
            else:
                assert source.bucket is not None
                content = cloud.read(
                    StorageAddress(source.bucket.bucket, source.bucket.prefix + name)
                )
            table = read_table(content, name, ())
        except (CatalogueError, OSError):
            continue  # `apply` says why, if a person names it in the file.
        for at, column in enumerate(table.columns):
            keys = [*dict.fromkeys(cells[at] for _, cells in table.rows)]
            matched = len(match_keys(images, keys, ("suffix", "case")).keys)
            if column and matched and table.columns.count(column) == 1:
                tables.append(FoundTable(name, table, column, matched))
    return max(tables, key=lambda one: one.matched, default=None)


def _columns(found: FoundTable) -> dict[str, str]:
    """Return header in the labeling config -> column, for the first columns that say something."""
    columns: dict[str, str] = {}
    names = found.table.columns
    for at, column in enumerate(names):
        is_filled = any(cells[at] for _, cells in found.table.rows)
        if column == found.key or names.count(column) > 1 or not is_filled or not column.strip():
            continue
        header = _header(column) or f"column_{at + 1}"
        if header in columns:
            header = f"{header}_{at + 1}"
        if header != "image" and len(columns) < MOST_COLUMNS:
            columns[header] = column
    return columns


def _header(column: str) -> str:
    """A name like the column's that Label Studio's editor knows, of plain letters alone."""
    letters = unicodedata.normalize("NFKD", column.replace("ß", "ss"))
    plain = letters.encode("ascii", "ignore").decode()
    header = re.sub(r"\W+", "_", plain).strip("_")
    return f"_{header}" if header[:1].isdigit() or header == SOURCE_KEY else header


def _with_facts(labels: str, columns: Mapping[str, str]) -> str:
    """Return a labeling config that shows these columns, in place of those that it shows."""
    first = FACTS.search(labels)
    lines = "".join(
        f"{first[1]}<Header value={quoteattr(column.replace('$', '') + f': ${header}')} "
        'size="5"/>\n'
        for header, column in columns.items()
        if first
    )
    position = first.start() if first else 0
    return FACTS.sub("", labels[:position]) + lines + FACTS.sub("", labels[position:])


def _source_text(source: Source) -> str:
    place = f"bucket: {source.bucket}" if source.bucket else f"folder: {_text(str(source.folder))}"
    return f"  {place}"


def _catalogue_text(source: Source, found: FoundTable, columns: Mapping[str, str]) -> str:
    if source.bucket is not None:
        place = str(StorageAddress(source.bucket.bucket, source.bucket.prefix + found.name))
    else:
        place = str((source.folder or Path()) / found.name)
    lines = [
        "",
        "# One or more rows an image. The column `key` says which image a row is about. Below",
        "# `columns`: header in the labeling config, and the column of the table.",
        "catalogue:",
        f"  file: {_text(place)}",
        f"  key: {_text(found.key)}",
        "  # Differences that do not count; zeros would be look7 = look007.",
        f"  match: [{', '.join(Catalogue.model_fields['match'].default)}]",
        "  columns:" + ("" if columns else " {}"),
        *(f"    {_text(header)}: {_text(column)}" for header, column in columns.items()),
    ]
    return "\n".join(lines) + "\n"


def _text(value: str) -> str:
    """A JSON string is a YAML one."""
    return json.dumps(value, ensure_ascii=False)


def _title(name: str) -> str:
    title = name.replace("$", "").strip()[:TITLE_MAX_LENGTH].strip()
    return title if len(title) >= TITLE_MIN_LENGTH else f"{title} images".strip()


def _slug(name: str) -> str:
    return re.sub(r"[^\w.-]+", "-", name).strip("-.") or "project"


def _said(
    place: str, found: FoundImages, table: FoundTable | None, file: Path, labels: Path
) -> str:
    lines = [f"{counted(len(found.images), 'image')} in {place}"]
    others = [f"{name} ({why})" for name, why in found.ignored if not _is_table(name, why)]
    if others:
        lines.append(f"{counted(len(others), 'file')} left out: {shortened(others, MOST_COLUMNS)}")
    if table:
        lines.append(
            f"{table.name} (read as {table.table.read_as}): {counted(table.matched, 'image')} "
            f"found by its column {table.key!r}"
        )
    elif any(_is_table(name, why) for name, why in found.ignored):
        lines.append("no column of the tables there names these images")
    return "\n".join(
        [
            *lines,
            f"wrote {file} and its labels, {labels.name}; change both as you like. Then:",
            f"  python -m studio apply {_quoted(file)}",
        ]
    )


def _is_table(name: str, why: str) -> bool:
    """Whether a file that is no image is a table, and can be named in a project file."""
    return Path(name).suffix.lower() in TABLES and why not in (NO_TEXT, NO_LINE)


def _quoted(path: Path) -> str:
    return shlex.quote(str(path))
