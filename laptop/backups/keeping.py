"""Which backups are kept."""

from __future__ import annotations

from pathlib import Path

from laptop.backups.archive import read_manifest
from laptop.backups.folder import backups_of
from laptop.settings import LaptopError

# A week, if one is made each day.
KEPT = 7


def remove_old(folder: Path, state: Path, kept: int, in_docker: bool = False) -> list[Path]:
    """Removes all but the newest `kept` of one studio, and the one with the most annotations.

    A clone that was cleaned has the same name when it begins anew: a week of nearly empty studios
    must not take the place of the last one with the work in it.

    Returns:
        What it removed.
    """
    found = backups_of(folder, state, in_docker)
    if len(found) <= kept:
        return []
    fullest = max(found, key=lambda path: (_annotations(path), path))
    old = [path for path in found[:-kept] if path != fullest]
    for path in old:
        path.unlink(missing_ok=True)
    return old


def _annotations(path: Path) -> int:
    try:
        return read_manifest(path).annotations
    except LaptopError:
        return -1  # Damaged: nothing can be put back from it.
