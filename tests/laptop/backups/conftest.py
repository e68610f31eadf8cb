"""A studio that is backed up."""

import errno
import os
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import NoReturn

import pytest

from laptop.backups.archive import DATABASE, make_backup
from laptop.settings import LaptopSettings, load_settings

NOON = datetime(2026, 11, 28, 12, tzinfo=UTC)


@pytest.fixture
def settings(tmp_path: Path) -> LaptopSettings:
    """A studio with a database, an upload, a project file and passwords."""
    given = {"ATELIER_STATE": str(tmp_path / "state"), "ATELIER_BACKUPS": str(tmp_path / "backups")}
    settings = load_settings(given)
    settings.data_dir.mkdir(parents=True)
    settings.credentials_file.write_text('{"password": "secret"}')
    (settings.data_dir / "docker/postgres").mkdir(parents=True)
    (settings.data_dir / "docker/postgres/base").write_text("another studio's")
    studio_without_docker(settings)
    return settings


def studio_without_docker(settings: LaptopSettings) -> None:
    """Its database with an annotation, and what lies beside it."""
    for name, text in {
        "label-studio/initialised": "1.23.2",
        "label-studio/media/upload/1/été.png": "a picture",
        "label-studio/export/old.zip": "an export",
        "projects/holiday.yaml": "title: Holiday",
    }.items():
        path = settings.data_dir / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    with closing(sqlite3.connect(settings.data_dir / DATABASE)) as database:
        database.execute("PRAGMA journal_mode=WAL")
        database.execute("CREATE TABLE project (id INTEGER)")
        database.execute("CREATE TABLE task (id INTEGER)")
        database.execute("CREATE TABLE task_completion (id INTEGER, result TEXT)")
        database.execute("INSERT INTO task_completion VALUES (1, 'mask')")
        database.commit()


def made(settings: LaptopSettings, at: datetime = NOON) -> Path:
    return make_backup(settings, at, settings.backups)[0]


def refuse(*arguments: object, **more: object) -> NoReturn:
    raise OSError(errno.ENOMEM, os.strerror(errno.ENOMEM))
