"""A first start on SQLite takes a database that is migrated already, and holds nobody's data.

Label Studio's 396 migrations take most of a minute of a core and make the same tables everywhere.
So what they leave is kept as SQL, for the one version that is installed, and every first start
makes its own database of it. `label-studio init` then finds nothing to migrate, and makes what is
an installation's own: the first user, their organization and its secrets.

    .local/env/frontend/bin/python -m backends.frontend.empty_database

writes the SQL anew, after another Label Studio was installed. Until then that one runs its
migrations, as every version does on PostgreSQL and on a database that is there.
"""

import hashlib
import os
import sqlite3
import subprocess
import sys
import tempfile
from contextlib import closing
from importlib.metadata import version
from pathlib import Path

from backends.frontend.database import DATABASE_NAME
from backends.frontend.environment import label_studio_environment
from backends.frontend.first_start import DatabaseError
from backends.frontend.settings import read_settings

SQL = Path(__file__).with_name("empty_database.sql")
# When each migration ran is of no use to anybody, and would be another difference each time.
NO_TIME = "2026-01-01 00:00:00"
TIMES = {
    "django_migrations": ("applied",),
    "core_asyncmigrationstatus": ("created_at", "updated_at"),
}


def lay_empty_database(folder: Path, label_studio: str, sql: Path = SQL) -> bool:
    """Make the database in `folder` unless there is one; return whether it was made.

    label_studio: the version that is installed. The SQL of another one, or damaged, is not used.

    Raises:
        DatabaseError: the folder takes no database, for example because its disk is full.
    """
    database = folder / DATABASE_NAME
    header, _, statements = sql.read_text().partition("\n")
    if database.exists() or header != _header(label_studio, statements):
        return False
    new = folder / f"{DATABASE_NAME}.new"
    new.unlink(missing_ok=True)
    try:
        with closing(sqlite3.connect(new)) as connection:
            connection.executescript(statements)
    except sqlite3.Error as error:
        raise DatabaseError(f"{new} cannot be written: {error}") from error
    # Of a database that is gone: SQLite would carry them out on this one.
    for suffix in ("-journal", "-wal", "-shm"):
        (folder / f"{DATABASE_NAME}{suffix}").unlink(missing_ok=True)
    new.rename(database)
    return True


def migrated(folder: Path) -> str:
    """Return the SQL of what the installed Label Studio's migrations make, in an empty `folder`.

    Raises:
        subprocess.CalledProcessError: they failed; their reason was printed.
    """
    nobody = {
        "LABEL_STUDIO_USERNAME": "nobody@example.org",
        "LABEL_STUDIO_PASSWORD": "makes-nobody",
        "LABEL_STUDIO_BASE_DATA_DIR": str(folder),
    }
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    # Without a user's name `init` makes the tables and nobody. Django goes through sets: their
    # order, and with it that of some indexes, would be another one each time.
    environment = {
        **label_studio_environment(read_settings(nobody), kept),
        "PYTHONPATH": str(Path(__file__).parents[2]),
        "PYTHONHASHSEED": "0",
    }
    command = [sys.executable, "-m", "label_studio.server", "init", "-q"]
    subprocess.run(command, env=environment, check=True, stdout=sys.stderr)
    with closing(sqlite3.connect(folder / DATABASE_NAME)) as connection:
        for table, columns in TIMES.items():
            for column in columns:
                connection.execute(f"UPDATE {table} SET {column} = ?", (NO_TIME,))
        statements = "\n".join(connection.iterdump()) + "\n"
    return f"{_header(version('label-studio'), statements)}\n{statements}"


def _header(label_studio: str, statements: str) -> str:
    digest = hashlib.sha256(statements.encode()).hexdigest()
    return (
        f"-- Label Studio {label_studio} without any data; of what follows, the sha256 is {digest}"
    )


def main() -> None:
    """Write the SQL anew."""
    with tempfile.TemporaryDirectory() as folder:
        SQL.write_text(migrated(Path(folder)))


if __name__ == "__main__":
    main()
