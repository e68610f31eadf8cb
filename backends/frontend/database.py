"""Whether the database is ready, found out without starting Django (which takes seconds)."""

import sqlite3
from contextlib import closing
from pathlib import Path

from backends.frontend.settings import Settings

DATABASE_NAME = "label_studio.sqlite3"
STAMP_NAME = "initialised"


def is_initialised(settings: Settings, version: str) -> bool:
    """Say whether an earlier start of the same Label Studio ``version`` finished its migrations.

    Only SQLite can be asked this cheaply; a PostgreSQL server may have been replaced meanwhile.
    """
    stamp = _stamp(settings)
    if settings.database != "sqlite" or not stamp.exists() or stamp.read_text() != version:
        return False
    return _user_exists(settings.data_dir / DATABASE_NAME, settings.username)


def mark_initialised(settings: Settings, version: str) -> None:
    """Remember that this ``version`` finished its migrations."""
    _stamp(settings).write_text(version)


def _stamp(settings: Settings) -> Path:
    return settings.data_dir / STAMP_NAME


def _user_exists(database: Path, username: str) -> bool:
    if not database.exists():
        return False
    try:
        with closing(sqlite3.connect(f"{database.as_uri()}?mode=ro", uri=True)) as connection:
            found = connection.execute("SELECT 1 FROM htx_user WHERE email = ?", (username,))
            return found.fetchone() is not None
    except sqlite3.OperationalError:
        # No such table: the first start was cut short.
        return False
