"""A first start on SQLite begins with a database that is migrated and holds nobody's data."""

import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from backends.frontend.database import DATABASE_NAME
from backends.frontend.empty_database import SQL, lay_empty_database
from backends.frontend.first_start import DatabaseError
from tests.label_studio import ROOT

# What every installation has alike. The organization, with the secret of its invitations, the users
# and their tokens are made by each first start.
ALIKE = {
    "auth_permission",
    "core_asyncmigrationstatus",
    "django_content_type",
    "django_migrations",
    "sqlite_sequence",
}


def installed() -> str:
    locked = (ROOT / "backends" / "frontend" / "requirements.txt").read_text()
    (found,) = re.findall(r"^label-studio==(\S+)", locked, re.MULTILINE)
    return found


def test_it_has_label_studios_tables_and_nothing_of_anybodys(tmp_path: Path) -> None:
    assert lay_empty_database(tmp_path, installed())
    with closing(sqlite3.connect(tmp_path / DATABASE_NAME)) as connection:
        found = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        tables = {name for (name,) in found}
        filled = {
            name
            for name in tables
            if connection.execute(f'SELECT EXISTS (SELECT 1 FROM "{name}")').fetchone() == (1,)
        }
    assert {"htx_user", "organization", "authtoken_token", "task"} <= tables
    assert filled == ALIKE
    assert [file.name for file in tmp_path.iterdir()] == [DATABASE_NAME]


def test_a_database_that_is_there_is_not_touched(tmp_path: Path) -> None:
    (tmp_path / DATABASE_NAME).write_text("annotations")
    assert not lay_empty_database(tmp_path, installed())
    assert (tmp_path / DATABASE_NAME).read_text() == "annotations"


@pytest.mark.parametrize("version", ["1.0.0", installed() + "1", installed()[:-1]])
def test_another_label_studio_runs_its_own_migrations(tmp_path: Path, version: str) -> None:
    assert not lay_empty_database(tmp_path, version)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("suffix", [".new", "-journal", "-wal", "-shm"])
def test_what_a_kill_left_is_no_part_of_the_database_and_goes(tmp_path: Path, suffix: str) -> None:
    (tmp_path / f"{DATABASE_NAME}{suffix}").write_text("a part")
    assert lay_empty_database(tmp_path, installed())
    assert [file.name for file in tmp_path.iterdir()] == [DATABASE_NAME]


def test_sql_that_is_damaged_is_not_used(tmp_path: Path) -> None:
    damaged = tmp_path / "damaged.sql"
    damaged.write_text(SQL.read_text().replace("'view_user'", "'view_all'", 1))
    assert not lay_empty_database(tmp_path, installed(), damaged)
    assert not (tmp_path / DATABASE_NAME).exists()


def test_a_folder_that_takes_no_database_is_named(tmp_path: Path) -> None:
    with pytest.raises(DatabaseError, match=r"gone.*cannot be written"):
        lay_empty_database(tmp_path / "gone", installed())
