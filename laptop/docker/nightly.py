"""A backup a day of the studio in Docker, while its command stays in the foreground."""

from __future__ import annotations

import time
from collections.abc import Callable

from rich.console import Console

from laptop.backups.nightly import Nightly
from laptop.docker.client import Docker
from laptop.docker.database import Database
from laptop.docker.settings import DockerSettings
from laptop.progress import Progress
from laptop.settings import LaptopError


class DockerNightly(Nightly):
    """As without Docker; whether anything changed is asked of the database."""

    studio = "docker"
    in_docker = True

    def __init__(
        self,
        settings: DockerSettings,
        say: Callable[[str], None],
        clock: Callable[[], float] = time.time,
    ) -> None:
        super().__init__(settings, say, clock)
        self._database = Database(Docker(settings, Progress(Console())))

    def has_changed_since(self, last: float) -> bool:
        """Whether anything was labeled since a time."""
        try:
            return self._database.labeled_at() > last
        except LaptopError:
            return False  # It is starting again: the next look tells.
