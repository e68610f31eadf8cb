"""One run of the demo: everything started, filled, watched and, whatever happens, ended again."""

from __future__ import annotations

import shutil
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from rich.console import Console

from studio.local import pictures
from studio.local.credentials import Credentials, ensure_credentials
from studio.local.demo_file import demo_content, invitation, write_demo_file
from studio.local.ports import require_free
from studio.local.process import Command, Process, exit_words, stop
from studio.local.project import project_id
from studio.local.run_lock import RunLock
from studio.local.services import (
    Addresses,
    apply_environ,
    base_environ,
    choose_addresses,
    make_services,
)
from studio.local.settings import (
    DEMO_PROJECT,
    LocalError,
    LocalSettings,
    require_environments,
    require_weights,
)
from studio.local.strays import end_strays
from studio.local.supervisor import Supervisor

TICK_SECONDS = 0.2


class Session:
    """Runs the demo in this process until a signal or a hopeless service ends it.

    `background`: the console is a log file, so passwords are left out of it.
    """

    def __init__(self, settings: LocalSettings, console: Console, background: bool) -> None:
        self._settings = settings
        self._console = console
        self._background = background

    def run(self) -> None:
        """Returns when it has been told to stop.

        Raises LocalError when the demo cannot start or go on, and Held when it runs already.
        """
        settings = self._settings
        require_environments(settings)
        require_weights(settings)
        with RunLock(settings.run_dir), signals_raise():
            left = end_strays(settings.run_dir)
            settings.demo_file.unlink(missing_ok=True)
            if left:
                self._say(f"ended {left} processes of a run that was cut off")
            require_free(settings.port)
            addresses = choose_addresses(settings)
            credentials = ensure_credentials(settings.data_dir / "credentials.json")
            self._clear_logs()
            services = make_services(settings, addresses, credentials)
            supervisor = Supervisor(services, settings.run_dir, self._say)
            try:
                self._start(supervisor, addresses, credentials)
                while True:
                    time.sleep(TICK_SECONDS)
                    supervisor.tick()
            except KeyboardInterrupt:
                self._say("stopping")
            finally:
                for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                    signal.signal(number, signal.SIG_IGN)  # The end must not be cut short.
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
        with self._phase("starting the services") as status:
            while not supervisor.all_up():
                time.sleep(TICK_SECONDS)
                supervisor.tick()
                status(", ".join(supervisor.waiting_for()))
        environ = apply_environ(settings, addresses, credentials)
        apply = ("-m", "studio", "apply", str(DEMO_PROJECT))
        command = Command("apply", (sys.executable, *apply), environ)
        with self._phase("applying the demo project") as status:
            output = self._run_beside(supervisor, command, status)
        for line in output.splitlines():
            self._console.print(f"  {line}", highlight=False, markup=False, soft_wrap=True)
        project = project_id(addresses.frontend, credentials.token, DEMO_PROJECT)
        demo = demo_content(addresses, credentials, project)
        self._say(f"ready after {time.monotonic() - started:.0f} s")
        if not self._background:
            self._console.print(invitation(demo, "Ctrl-C stops it"), highlight=False, markup=False)
        # The last of all: its presence says "ready" to whoever waits.
        write_demo_file(settings.demo_file, demo)

    def _ensure_images(self, supervisor: Supervisor) -> None:
        """Draws the pictures once, while the services start; the folder appears whole or not."""
        images = self._settings.images_dir
        if images.is_dir():
            return
        draft = images.with_name("images.draft")
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(parents=True)
        argv = tuple(pictures.scenes_command(draft))
        command = Command("scenes", argv, base_environ(self._settings))
        with self._phase("drawing the demo's pictures") as status:
            self._run_beside(supervisor, command, status)
            pictures.add_photographs(draft)
            draft.replace(images)

    def _run_beside(
        self, supervisor: Supervisor, command: Command, status: Callable[[str], None]
    ) -> str:
        """Runs the command to its end while the services are watched. Returns its output."""
        process = Process(command, self._settings.run_dir)
        try:
            while (code := process.exit_code()) is None:
                time.sleep(TICK_SECONDS)
                supervisor.tick()
                status(process.tail(1))
        finally:
            stop([process])
        if code != 0:
            raise LocalError(
                f"{command.name} failed ({exit_words(code)}). The end of {process.log}:\n"
                f"{process.tail()}"
            )
        return process.tail(50)

    @contextmanager
    def _phase(self, what: str) -> Iterator[Callable[[str], None]]:
        started = time.monotonic()
        with self._console.status(what) as status:

            def update(words: str) -> None:
                seconds = time.monotonic() - started
                status.update(f"{what} ({seconds:.0f} s) {words}")

            yield update
        self._say(f"{what}: {time.monotonic() - started:.1f} s")

    def _say(self, line: str) -> None:
        self._console.print(f"demo: {line}", highlight=False, markup=False, soft_wrap=True)

    def _clear_logs(self) -> None:
        """The last run's logs stay as NAME.log.1, so that none grows for ever."""
        for log in self._settings.run_dir.glob("*.log"):
            if log != self._settings.supervisor_log:
                log.replace(log.with_suffix(".log.1"))


@contextmanager
def signals_raise() -> Iterator[None]:
    """SIGTERM and SIGHUP end the block as Ctrl-C does; afterwards signals do what they did."""

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = {
        number: signal.signal(number, interrupt)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
        if signal.getsignal(number) != signal.SIG_IGN  # nohup, or a script's background job
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
