"""A second start skips the migrations, but only when it may."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from backends.frontend.database import DATABASE_NAME, is_initialised, mark_initialised
from backends.frontend.settings import Settings, read_settings


def settings_for(folder: Path, **more: str) -> Settings:
    return read_settings(
        {
            "LABEL_STUDIO_USERNAME": "admin@atelier.test",
            "LABEL_STUDIO_PASSWORD": "correct-horse",
            "LABEL_STUDIO_BASE_DATA_DIR": str(folder),
            **more,
        }
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    with closing(sqlite3.connect(tmp_path / DATABASE_NAME)) as connection:
        connection.execute("CREATE TABLE htx_user (email TEXT)")
        connection.execute("INSERT INTO htx_user VALUES ('admin@atelier.test')")
        connection.commit()
    mark_initialised(settings_for(tmp_path), "1.23.2")
    return tmp_path


def test_the_same_version_and_user_need_no_second_init(folder: Path) -> None:
    assert is_initialised(settings_for(folder), "1.23.2")


def test_another_version_may_bring_migrations(folder: Path) -> None:
    assert not is_initialised(settings_for(folder), "1.24.0")


def test_another_user_must_be_made(folder: Path) -> None:
    other = settings_for(folder, LABEL_STUDIO_USERNAME="other@atelier.test")
    assert not is_initialised(other, "1.23.2")


def test_a_lost_database_is_made_again(folder: Path) -> None:
    (folder / DATABASE_NAME).unlink()
    assert not is_initialised(settings_for(folder), "1.23.2")
    assert not (folder / DATABASE_NAME).exists(), "asking must not make an empty database"


def test_a_database_without_tables_is_filled(folder: Path) -> None:
    (folder / DATABASE_NAME).write_bytes(b"")
    assert not is_initialised(settings_for(folder), "1.23.2")


def test_a_first_start_that_was_cut_short_is_repeated(tmp_path: Path) -> None:
    assert not is_initialised(settings_for(tmp_path), "1.23.2")


def test_a_database_server_is_always_asked(folder: Path) -> None:
    assert not is_initialised(settings_for(folder, DJANGO_DB="postgresql"), "1.23.2")
