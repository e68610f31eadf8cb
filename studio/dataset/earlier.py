"""What an export may replace: an earlier export to which nobody has added anything since."""

import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from studio.errors import ExportError

MARKER = "dataset.json"
SUMS = "SHA256SUMS"
MADE_BY = "Atelier "
# What file managers leave, and Ultralytics beside labels (data/dataset.py); made again if missing.
LEFTOVERS = (".DS_Store", "Thumbs.db", "desktop.ini")
CACHE = ".cache"
MOST_NAMED = 5


def require_replaceable(place: Path) -> None:
    """Return if there is nothing at `place`, or an export alone.

    Raises:
        ExportError: something else is there, or was put beside the export's files.
    """
    if not place.exists() or (place.is_dir() and not any(place.iterdir())):
        return
    if not _is_export(place):
        raise ExportError(f"{place} is there and is no data set; choose another folder with --to")
    if added := not_of(_ours(place), _names(place)):
        raise ExportError(
            f"{place} is an earlier export, with files that are not of it: {named(added)}. They "
            "would be lost; move them, or choose another folder with --to"
        )


def is_made_by_us(content: bytes) -> bool:
    """Whether a marker is ours: other tools have a file of its name too."""
    try:
        read = json.loads(content)
    except ValueError:
        return False
    return isinstance(read, dict) and str(read.get("made_by")).startswith(MADE_BY)


def summed(sums: bytes) -> set[str]:
    """Return the names of an export's files, by its file of sums."""
    return {line.partition("  ")[2] for line in sums.decode().splitlines()} | {SUMS}


def not_of(ours: set[str], names: Iterable[str]) -> list[str]:
    """Return the names of files that are not of an export, in order."""
    return sorted(name for name in names if name not in ours and not _is_leftover(name))


def named(names: Sequence[str]) -> str:
    """Return some names in one line."""
    more = len(names) - MOST_NAMED
    return ", ".join(names[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")


def _is_export(place: Path) -> bool:
    try:
        return is_made_by_us((place / MARKER).read_bytes())
    except OSError:
        return False


def _ours(place: Path) -> set[str]:
    sums = place / SUMS
    return summed(sums.read_bytes() if sums.is_file() else b"")


def _names(place: Path) -> Iterator[str]:
    files = (path for path in place.rglob("*") if path.is_symlink() or not path.is_dir())
    return (path.relative_to(place).as_posix() for path in files)


def _is_leftover(name: str) -> bool:
    return name.endswith(LEFTOVERS) or (name.startswith("labels/") and name.endswith(CACHE))
