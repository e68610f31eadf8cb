"""The backup a day that a running studio makes by itself."""

import os
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from laptop.backups.archive import DATABASE
from laptop.backups.folder import backups_of
from laptop.backups.nightly import DAY_SECONDS, Nightly, changed_at
from laptop.settings import LaptopSettings
from tests.laptop.backups.conftest import made, refuse


class Clock:
    """Seconds that pass when told."""

    def __init__(self, now: float) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


def test_a_backup_is_due_a_day_after_the_last_where_something_changed(
    settings: LaptopSettings,
) -> None:
    database = settings.data_dir / DATABASE
    clock = Clock(database.stat().st_mtime + 10)
    nightly = Nightly(settings, lambda line: None, clock)
    assert nightly.is_due(), "there is none yet"
    backup = made(settings)
    os.utime(backup, (clock.now, clock.now))
    assert not nightly.is_due()
    clock.now += DAY_SECONDS
    assert not nightly.is_due(), "nothing changed"
    os.utime(database, (clock.now, clock.now))
    assert nightly.is_due()
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("DELETE FROM task_completion")
        connection.commit()
    assert not nightly.is_due(), "nobody labeled anything"


def test_a_running_studio_makes_it_by_itself_and_says_so(
    settings: LaptopSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ATELIER_STATE", str(settings.state))
    monkeypatch.setenv("ATELIER_BACKUPS", str(settings.backups))
    said: list[str] = []
    clock = Clock((settings.data_dir / DATABASE).stat().st_mtime)
    nightly = Nightly(settings, said.append, clock)
    nightly.tick()
    assert nightly._running is None, "not in the first minute"
    clock.now += 61
    nightly.tick()
    assert nightly._running is not None
    nightly._running.wait()
    nightly.tick()
    assert said == ["backed up"]
    assert len(backups_of(settings.backups, settings.state)) == 1


def test_one_that_fails_is_said_with_its_reason(settings: LaptopSettings, tmp_path: Path) -> None:
    said: list[str] = []
    clock = Clock((settings.data_dir / DATABASE).stat().st_mtime)
    nowhere = tmp_path / "file"
    nowhere.touch()
    nightly = Nightly(replace(settings, backups=nowhere / "below"), said.append, clock)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ATELIER_STATE", str(settings.state))
        patch.setenv("ATELIER_BACKUPS", str(nowhere / "below"))
        clock.now += 61
        nightly.tick()
        assert nightly._running is not None
        nightly._running.wait()
        nightly.tick()
    (line,) = said
    assert line.startswith("no backup today: demo: ")


def test_a_fault_while_it_looks_is_said_once_an_hour_and_the_studio_goes_on(
    settings: LaptopSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    database = settings.data_dir / DATABASE
    clock = Clock(database.stat().st_mtime)
    nightly = Nightly(settings, said.append, clock)
    database.write_bytes(b"SQLite format 3\0" + bytes(range(256)) * 20)
    clock.now += 61
    for _ in range(3):
        nightly.tick()
    (line,) = said
    assert line.startswith("no backup: ")
    clock.now += 3600
    monkeypatch.setattr(Nightly, "is_due", lambda self: True)
    monkeypatch.setattr("subprocess.Popen", refuse)
    nightly.tick()
    assert said[1:] == ["no backup: [Errno 12] Cannot allocate memory"]


def test_a_log_that_goes_while_it_is_looked_at_is_no_fault(settings: LaptopSettings) -> None:
    database = settings.data_dir / DATABASE
    log = database.with_name(f"{database.name}-wal")
    log.unlink(missing_ok=True)
    os.utime(database, (1000, 1000))
    assert changed_at(database) == 1000
    log.touch()
    os.utime(log, (2000, 2000))
    assert changed_at(database) == 2000
