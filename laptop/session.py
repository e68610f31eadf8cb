"""One run of the studio: started, filled, watched and, whatever happens, ended again."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Protocol

from laptop.backups.nightly import Nightly
from laptop.credentials import ensure_credentials
from laptop.demo_file import demo_content, invitation, write_demo_file
from laptop.pictures import ensure_pictures
from laptop.processes.process import keep_last_logs
from laptop.processes.run_lock import run_lock
from laptop.processes.signals import ignore_signals, signals_raise
from laptop.processes.strays import end_strays
from laptop.progress import Progress
from laptop.settings import LaptopSettings


class Services(Protocol):
    """The three services, as processes or in containers. Every failure is a LaptopError."""

    tick_seconds: float
    """How often `tick` wants to be called."""

    def start(self) -> None:
        """Returns when all of them answer."""
        ...

    def apply(self) -> str:
        """Runs `studio apply --json -` on the demo project. Returns what it printed."""
        ...

    def facts(self) -> dict[str, object]:
        """What demo.json tells beside the login."""
        ...

    def tick(self) -> None:
        """Looks at each service once, and says what happened to it."""
        ...

    def stop(self) -> None:
        """Ends them. All data stays."""
        ...


def run_session(
    settings: LaptopSettings,
    progress: Progress,
    prepare: Callable[[], Services],
    ending: str,
    nightly: Nightly,
    stays: bool = False,
) -> None:
    """Returns when it has been told to stop, or when a studio that `stays` is ready.

    Args:
        prepare: checks that the services can be started and builds what they need. What runs
            already goes on when it fails.
        ending: says how the studio is ended; shown with the login. Empty where the console is a
            log file, which must hold no password.
        nightly: makes the backups of these services.
        stays: leave the services running.

    Raises:
        LaptopError: the studio cannot start or go on.
        Held: another command is working with this state folder.
    """
    with run_lock(settings.run_dir), signals_raise():
        if left := end_strays(settings.run_dir):
            progress.say(f"ended {left} processes of a run that was cut off")
        keep_last_logs(settings.run_dir, but=settings.supervisor_log)
        started = time.monotonic()
        services = prepare()
        if settings.images is None:
            ensure_pictures(settings, progress)
        is_ready = False
        try:
            services.start()
            said, project = read_outcome(services.apply())
            progress.show(said)
            credentials = ensure_credentials(settings.credentials_file)
            demo = demo_content(settings, credentials, project) | services.facts()
            progress.say(f"ready after {time.monotonic() - started:.0f} s")
            if ending:
                progress.print(invitation(demo, ending))
            # The last of all: its presence says "ready" to whoever waits.
            write_demo_file(settings.demo_file, demo)
            is_ready = True
            while not stays:
                time.sleep(services.tick_seconds)
                services.tick()
                nightly.tick()
        except KeyboardInterrupt:
            progress.say("stopping")
            if stays:
                raise
        finally:
            if not (stays and is_ready):
                ignore_signals()
                nightly.stop()
                settings.demo_file.unlink(missing_ok=True)
                services.stop()
                # A signal may have come between a start and its being noted.
                end_strays(settings.run_dir)


# How the line begins with which `apply` says where the project is.
ADDRESS = ("done: ", "not all done: ")


def read_outcome(output: str) -> tuple[str, int]:
    """What `studio apply --json -` said to a person, and the id of the project.

    Its `done` line is left out: in a container it names an address that no browser reaches.
    """
    lines = output.splitlines()
    outcome = next(line for line in reversed(lines) if line.startswith('{"project": '))
    said = [line for line in lines if line != outcome and not line.startswith(ADDRESS)]
    return "\n".join(said), json.loads(outcome)["project"]
