"""The database of the studio in Docker, by Postgres' own programs in its container."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from laptop.backups.archive import Counts
from laptop.docker.client import Docker
from laptop.docker.settings import DockerSettings
from laptop.docker.stack import NAME, Stack
from laptop.processes.run_lock import run_lock
from laptop.processes.signals import ignore_signals, signals_raise

SERVICE = "postgres"
# As templates/vm/compose.yml has it; whoever is in the container needs no password.
LOGIN = "--username=labelstudio"
DATABASE = "postgres"
COUNTS = """SELECT (SELECT count(*) FROM project), (SELECT count(*) FROM task),
 (SELECT count(*) FROM task_completion)"""

LABELED = "SELECT coalesce(extract(epoch FROM max(updated_at)), 0) FROM task_completion"


class Database:
    """A Postgres that answers. Every failure is a LaptopError with its own words."""

    def __init__(self, docker: Docker) -> None:
        self._docker = docker

    def dump(self, path: Path) -> None:
        """Writes what pg_restore reads. It is of one moment, while labelers go on."""
        with path.open("wb") as file:
            self._docker.stream(*_inside("pg_dump", "--format=custom", DATABASE), to=file)

    def load(self, path: Path) -> None:
        """Fills a database that is empty."""
        restore = ("pg_restore", "--exit-on-error", "--no-owner", f"--dbname={DATABASE}")
        with path.open("rb") as file:
            self._docker.stream(*_inside(*restore), of=file)

    def counts(self) -> Counts:
        return Counts(*map(int, self._asked(COUNTS).split("|")))

    def bytes(self) -> int:
        return int(self._asked("SELECT pg_database_size(current_database())"))

    def labeled_at(self) -> float:
        """When an annotation was last made or changed; 0 while there is none."""
        return float(self._asked(LABELED))

    def _asked(self, sql: str) -> str:
        plain = ("--no-psqlrc", "--quiet", "--no-align", "--tuples-only", "--set=ON_ERROR_STOP=1")
        command = _inside("psql", f"--dbname={DATABASE}", *plain, "--command", sql)
        return self._docker.answer(*command)


@contextmanager
def database_of(settings: DockerSettings, docker: Docker) -> Iterator[Database]:
    """The studio's database: as it runs, or started alone for as long as the block takes.

    Raises LaptopError where Docker refuses, and Held while the studio is starting or stopping.
    """
    stack = Stack(settings, docker)
    stack.require_own()
    if any(one.service == SERVICE for one in stack.containers()):
        yield Database(docker)
        return
    # Signals that are ignored at its end do again afterwards what they did.
    with run_lock(settings.run_dir), signals_raise():
        settings.mark.touch()
        try:
            stack.up(SERVICE)
            yield Database(docker)
        finally:
            ignore_signals()
            stack.down()
            settings.mark.unlink(missing_ok=True)


def _inside(program: str, *words: str) -> tuple[str, ...]:
    return ("exec", "--interactive", f"{NAME}-{SERVICE}-1", program, LOGIN, *words)
