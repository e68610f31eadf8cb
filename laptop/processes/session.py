"""One run of the demo: everything started, filled, watched and, whatever happens, ended again."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

from rich.console import Console

from laptop import pictures
from laptop.credentials import Credentials, ensure_credentials
from laptop.demo_file import demo_content, invitation, write_demo_file
from laptop.processes.ports import require_free
from laptop.processes.process import Command, Process, keep_last_logs, run_to_end
from laptop.processes.run_lock import RunLock
from laptop.processes.services import (
    Addresses,
    apply_environ,
    base_environ,
    choose_addresses,
    make_services,
)
from laptop.processes.signals import ignore_signals, signals_raise
from laptop.processes.strays import end_strays
from laptop.processes.supervisor import Supervisor
from laptop.progress import Progress
from laptop.project import project_id
from laptop.settings import (
    DEMO_PROJECT,
    LaptopSettings,
    require_environments,
    require_weights,
)

TICK_SECONDS = 0.2


class Session:
    """Runs the demo in this process until a signal or a hopeless service ends it.

    `background`: the console is a log file, so passwords are left out of it.
    """

    def __init__(self, settings: LaptopSettings, console: Console, background: bool) -> None:
        self._settings = settings
        self._console = console
        self._progress = Progress(console)
        self._background = background

    def run(self) -> None:
        """Returns when it has been told to stop.

        Raises LaptopError when the demo cannot start or go on, and Held when it runs already.
        """
        settings = self._settings
        require_environments(settings)
        require_weights(settings)
        with RunLock(settings.run_dir), signals_raise():
            left = end_strays(settings.run_dir)
            settings.demo_file.unlink(missing_ok=True)
            if left:
                self._progress.say(f"ended {left} processes of a run that was cut off")
            require_free(settings.port)
            addresses = choose_addresses(settings)
            credentials = ensure_credentials(settings.data_dir / "credentials.json")
            keep_last_logs(settings.run_dir, but=settings.supervisor_log)
            services = make_services(settings, addresses, credentials)
            supervisor = Supervisor(services, settings.run_dir, self._progress.say)
            try:
                self._start(supervisor, addresses, credentials)
                while True:
                    time.sleep(TICK_SECONDS)
                    supervisor.tick()
            except KeyboardInterrupt:
                self._progress.say("stopping")
            finally:
                ignore_signals()
                settings.demo_file.unlink(missing_ok=True)
                supervisor.stop()
                # A signal may have come between a start and its being noted.
                end_strays(settings.run_dir)

    def _start(
        self, supervisor: Supervisor, addresses: Addresses, credentials: Credentials
    ) -> None:
        settings = self._settings
        started = time.monotonic()
        supervisor.tick()
        self._ensure_images(supervisor)
        with self._progress.phase("starting the services") as status:
            while not supervisor.all_up():
                time.sleep(TICK_SECONDS)
                supervisor.tick()
                status(", ".join(supervisor.waiting_for()))
        environ = apply_environ(settings, addresses, credentials)
        apply = ("-m", "studio", "apply", str(DEMO_PROJECT))
        command = Command("apply", (sys.executable, *apply), environ)
        with self._progress.phase("applying the demo project") as status:
            output = self._run_beside(supervisor, command, status)
        self._progress.show(output)
        project = project_id(addresses.frontend, credentials.token, DEMO_PROJECT)
        demo = demo_content(addresses, credentials, project)
        self._progress.say(f"ready after {time.monotonic() - started:.0f} s")
        if not self._background:
            self._console.print(invitation(demo, "Ctrl-C stops it"), highlight=False, markup=False)
        # The last of all: its presence says "ready" to whoever waits.
        write_demo_file(settings.demo_file, demo)

    def _ensure_images(self, supervisor: Supervisor) -> None:
        """Draws the pictures once, while the services start."""
        images = self._settings.images_dir
        if images.is_dir():
            return
        with self._progress.phase("drawing the demo's pictures") as status:

            def draw(argv: list[str]) -> None:
                command = Command("scenes", tuple(argv), base_environ(self._settings))
                self._run_beside(supervisor, command, status)

            pictures.ensure_pictures(images, draw)

    def _run_beside(
        self, supervisor: Supervisor, command: Command, status: Callable[[str], None]
    ) -> str:
        """Runs the command to its end while the services are watched. Returns its output."""

        def meanwhile(process: Process) -> None:
            supervisor.tick()
            status(process.tail(1))

        return run_to_end(command, self._settings.run_dir, meanwhile, TICK_SECONDS)
