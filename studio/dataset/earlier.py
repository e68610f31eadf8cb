"""What an export may replace: an earlier export to which nobody has added anything since."""

import json
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
    added = _added(place)
    if added:
        more = len(added) - MOST_NAMED
        named = ", ".join(added[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
        raise ExportError(
            f"{place} is an earlier export, with files that are not of it: {named}. They would be "
            "lost; move them, or choose another folder with --to"
        )


def _is_export(place: Path) -> bool:
    """Whether the marker is ours: other tools have a file of its name too."""
    try:
        content = json.loads((place / MARKER).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(content, dict) and str(content.get("made_by")).startswith(MADE_BY)


def _added(place: Path) -> list[str]:
    sums = place / SUMS
    lines = sums.read_text(encoding="utf-8").splitlines() if sums.is_file() else []
    ours = {line.partition("  ")[2] for line in lines} | {SUMS}
    files = (path for path in place.rglob("*") if path.is_symlink() or not path.is_dir())
    names = sorted(path.relative_to(place).as_posix() for path in files)
    return [name for name in names if name not in ours and not _is_leftover(name)]


def _is_leftover(name: str) -> bool:
    return name.endswith(LEFTOVERS) or (name.startswith("labels/") and name.endswith(CACHE))
