"""A database whose first migrations were cut short is made anew.

Django does not promise that migrations go on where they were killed, and Label Studio 1.23.2's do
not everywhere: after a power cut every start may end with ``KeyError: ('projects', 'project')``.
Nobody has been able to log in until they are done, so nothing is lost. A database that held
anything before its first start is never touched.
"""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from backends.frontend.database import DATABASE_NAME
from backends.frontend.settings import Settings

if TYPE_CHECKING:
    import psycopg  # pyright: ignore[reportMissingImports]

# A file beside SQLite's, a table in PostgreSQL: there while the first migrations run.
MARK = "atelier_first_start"
AGAIN = "The first start was cut short; the database is made anew"


class DatabaseError(Exception):
    """PostgreSQL cannot be asked, or refuses."""


@contextmanager
def first_start(settings: Settings, environment: Mapping[str, str]) -> Iterator[None]:
    """Run Label Studio's migrations in the block; one that raises is made anew the next time.

    Raises:
        DatabaseError: PostgreSQL cannot be reached, or refuses.
    """
    is_sqlite = settings.database == "sqlite"
    if is_sqlite:
        _begin_file(settings.data_dir)
    else:
        with _connect(environment) as connection:
            _begin_schema(connection)
    yield
    if is_sqlite:
        _end_file(settings.data_dir)
    else:
        with _connect(environment) as connection:
            connection.execute(f"DROP TABLE IF EXISTS public.{MARK}")


def _begin_file(folder: Path) -> None:
    mark, database = folder / MARK, folder / DATABASE_NAME
    if mark.exists():
        print(AGAIN, flush=True)
        # SQLite's own files alone: a copy that somebody put beside them stays.
        for suffix in ("", "-journal", "-wal", "-shm"):
            (folder / f"{DATABASE_NAME}{suffix}").unlink(missing_ok=True)
    elif not database.exists():
        mark.touch()
        # On the disk before the database is.
        os.sync()


def _end_file(folder: Path) -> None:
    mark = folder / MARK
    if mark.exists():
        mark.unlink()
        # Before anybody labels: come back after a power cut, it would cost their work.
        os.sync()


def _begin_schema(connection: "psycopg.Connection") -> None:
    """Leave a schema with the mark in it if it is empty or has the mark; in one transaction."""
    marked = connection.execute("SELECT to_regclass(%s)", [f"public.{MARK}"]).fetchone()
    held = connection.execute(
        "SELECT count(*) FROM pg_class WHERE relnamespace = to_regnamespace('public')"
    ).fetchone()
    if marked != (None,):
        print(AGAIN, flush=True)
        connection.execute("DROP SCHEMA public CASCADE")
        connection.execute("CREATE SCHEMA public")
    elif held != (0,):
        return
    connection.execute(f"CREATE TABLE public.{MARK} ()")


@contextmanager
def _connect(environment: Mapping[str, str]) -> "Iterator[psycopg.Connection]":
    """Connect as Label Studio does: the variables and defaults of its core/settings/base.py."""
    # Not in the environment where the unit tests run.
    import psycopg  # pyright: ignore[reportMissingImports]

    host = _given(environment, "POSTGRE_HOST", "localhost")
    try:
        with psycopg.connect(
            host=host,
            port=int(_given(environment, "POSTGRE_PORT", "5432")),
            dbname=_given(environment, "POSTGRE_NAME", "postgres"),
            user=_given(environment, "POSTGRE_USER", "postgres"),
            password=_given(environment, "POSTGRE_PASSWORD", "postgres"),
        ) as connection:
            yield connection
    except psycopg.Error as error:
        raise DatabaseError(
            f"the database on {host} cannot be prepared; POSTGRE_HOST, POSTGRE_PORT, POSTGRE_NAME, "
            f"POSTGRE_USER and POSTGRE_PASSWORD say which it is: {error}"
        ) from error


def _given(environment: Mapping[str, str], name: str, default: str) -> str:
    """Read a setting under any of the names that Label Studio knows it by."""
    names = (f"LABEL_STUDIO_{name}", f"HEARTEX_{name}", name)
    return next((environment[one] for one in names if one in environment), default)
