"""How backups are named, and which belong to a studio."""

from __future__ import annotations

import hashlib
import re
from datetime import datetime
from pathlib import Path

SUFFIX = ".tar.gz"
STAMP = "%Y-%m-%dT%H%M%S"


def studio_name(state: Path) -> str:
    """What the backups of one state folder are called: another folder's have another name."""
    # The default state is CLONE/.local, and the clone's name is what people know.
    known = state.parent.name if state.name == ".local" else state.name
    slug = re.sub(r"[^A-Za-z0-9]+", "-", known).strip("-") or "studio"
    return f"{slug}-{hashlib.sha256(str(state).encode()).hexdigest()[:6]}"


def backup_path(folder: Path, state: Path, now: datetime, in_docker: bool = False) -> Path:
    """The file of a new backup; the names of one studio's sort by time."""
    return folder / f"{_prefix(state, in_docker)}{now.strftime(STAMP)}{SUFFIX}"


def backups_of(folder: Path, state: Path, in_docker: bool = False) -> list[Path]:
    """The backups of one studio, oldest first."""
    stamp = r"\d{4}-\d\d-\d\dT\d{6}"
    named = re.compile(rf"{re.escape(_prefix(state, in_docker))}{stamp}{re.escape(SUFFIX)}")
    return sorted(path for path in folder.glob(f"*{SUFFIX}") if named.fullmatch(path.name))


def _prefix(state: Path, in_docker: bool) -> str:
    """A state folder may hold two studios, of which each has backups of its own."""
    return f"{studio_name(state)}-{'docker-' if in_docker else ''}"
