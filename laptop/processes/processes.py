"""The services as processes of this machine, watched by a supervisor."""

from __future__ import annotations

import sys
import time

from laptop.credentials import Credentials, ensure_credentials
from laptop.models import ensure_weights
from laptop.own_images import labeling_config, write_project
from laptop.processes.ports import require_free
from laptop.processes.process import APPLIED, Command, run_to_end
from laptop.processes.services import (
    apply_environ,
    backend_facts,
    choose_addresses,
    make_services,
)
from laptop.processes.supervisor import Supervisor
from laptop.progress import Progress
from laptop.settings import (
    DEMO_PROJECT,
    LaptopSettings,
    require_environments,
    require_weights,
)


class Processes:
    """Services that are not started yet: `prepare_processes` makes them."""

    tick_seconds = 0.2

    def __init__(
        self,
        settings: LaptopSettings,
        progress: Progress,
        addresses: dict[str, str],
        credentials: Credentials,
    ) -> None:
        self._settings = settings
        self._progress = progress
        self._addresses = addresses
        self._credentials = credentials
        services = make_services(settings, addresses, credentials)
        self._supervisor = Supervisor(services, settings.run_dir, progress.say)
        self.tick = self._supervisor.tick
        self.stop = self._supervisor.stop

    def start(self) -> None:
        with self._progress.phase("starting the services") as status:
            while not self._supervisor.all_up():
                self.tick()
                status(", ".join(self._supervisor.waiting_for()))
                time.sleep(self.tick_seconds)

    def apply(self) -> str:
        settings, project = self._settings, DEMO_PROJECT
        if settings.images is not None:
            projects = settings.data_dir / "projects"
            labels = labeling_config(settings.models)
            project = write_project(projects, settings.images, str(settings.images), labels)
        argv = (sys.executable, "-m", "studio", "apply", str(project), "--json", "-")
        environ = apply_environ(self._settings, self._addresses, self._credentials)
        command = Command("apply", argv, environ)
        what = f"applying {project.stem if settings.images else 'the demo project'}"
        return run_to_end(command, self._settings.run_dir, self._progress, what, self.tick, APPLIED)

    def facts(self) -> dict[str, object]:
        return {"backends": backend_facts(self._addresses, self._credentials)}


def prepare_processes(settings: LaptopSettings, progress: Progress) -> Processes:
    """Raises LaptopError for a busy port, a missing environment or wrong weights."""
    # Left by a run that was killed.
    settings.demo_file.unlink(missing_ok=True)
    require_free(settings.port)
    require_environments(settings)
    ensure_weights(settings, progress)
    require_weights(settings)
    credentials = ensure_credentials(settings.credentials_file)
    return Processes(settings, progress, choose_addresses(settings), credentials)
