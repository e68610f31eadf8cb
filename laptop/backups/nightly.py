"""A backup a day while the studio runs, made by a process of its own."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path

from laptop.backups.archive import DATABASE
from laptop.backups.folder import backups_of
from laptop.settings import ROOT, LaptopSettings

DAY_SECONDS = 24 * 3600.0
LOOK_SECONDS = 60.0
# After one that failed: a full disk is said once an hour, not once a minute.
AGAIN_SECONDS = 3600.0


class Nightly:
    """Call `tick` often: it looks once a minute, hardly waits, and never ends the studio.

    This one looks after the studio without Docker: laptop/docker/nightly.py.
    """

    studio = "processes"
    in_docker = False

    def __init__(
        self,
        settings: LaptopSettings,
        say: Callable[[str], None],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._settings = settings
        self._say = say
        self._clock = clock
        self._look_at = clock() + LOOK_SECONDS
        self._running: subprocess.Popen[bytes] | None = None

    def tick(self) -> None:
        """Begins a backup when one is due, and says what became of it.

        Raises nothing of what files and databases do: the studio goes on without a backup.
        """
        try:
            self._tick()
        except (OSError, sqlite3.Error) as error:
            self._say(f"no backup: {error}")
            self._look_at = self._clock() + AGAIN_SECONDS

    def _tick(self) -> None:
        if self._running is not None:
            code = self._running.poll()
            if code is None:
                return
            output = self._running.communicate()[0].decode(errors="replace").strip()
            self._running = None
            self._say("backed up" if code == 0 else f"no backup today: {output}")
            self._look_at = self._clock() + (LOOK_SECONDS if code == 0 else AGAIN_SECONDS)
        elif self._clock() >= self._look_at:
            self._look_at = self._clock() + LOOK_SECONDS
            if self.is_due():
                self._running = self._begin()

    def is_due(self) -> bool:
        """Whether there are annotations, and a day of changes since the last backup."""
        folder, state = self._settings.backups, self._settings.state
        made = [path.stat().st_mtime for path in backups_of(folder, state, self.in_docker)]
        last = max(made, default=0.0)
        return self._clock() - last >= DAY_SECONDS and self.has_changed_since(last)

    def has_changed_since(self, last: float) -> bool:
        """Whether there are annotations, and anything is newer than a time."""
        database = self._settings.data_dir / DATABASE
        if not database.is_file() or changed_at(database) <= last:
            return False
        return has_annotations(database)

    def stop(self) -> None:
        """Ends a backup that is being made; it leaves nothing."""
        if self._running is not None:
            self._running.terminate()
            self._running.communicate()
            self._running = None

    def _begin(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, "-m", "laptop", "backup", "--only", self.studio],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )


def has_annotations(database: Path) -> bool:
    """Whether anybody labeled anything: nobody misses a backup of an untouched demo."""
    try:
        with closing(sqlite3.connect(f"{database.as_uri()}?mode=ro", uri=True)) as connection:
            return bool(connection.execute("SELECT 1 FROM task_completion LIMIT 1").fetchone())
    except sqlite3.OperationalError:
        return False  # The tables are being made, or it is locked: the next look tells.


def changed_at(database: Path) -> float:
    """When the database or its log was last written."""
    changed = database.stat().st_mtime
    with suppress(FileNotFoundError):  # SQLite removes the log when the last one closes.
        changed = max(changed, database.with_name(f"{database.name}-wal").stat().st_mtime)
    return changed
