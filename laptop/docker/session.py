"""One run of the studio in Docker: built, started, filled, and ended or left running."""

from __future__ import annotations

import time

from rich.console import Console

from laptop.credentials import ensure_credentials
from laptop.demo_file import invitation, login_content, write_demo_file
from laptop.docker.client import Docker
from laptop.docker.folders import ensure_folders
from laptop.docker.images import build_all
from laptop.docker.requirements import require_docker
from laptop.docker.settings import DockerSettings
from laptop.docker.stack import Stack
from laptop.docker.variables import address
from laptop.pictures import ensure_pictures
from laptop.processes.ports import require_free
from laptop.processes.process import Command, keep_last_logs, run_to_end
from laptop.processes.run_lock import RunLock
from laptop.processes.services import base_environ
from laptop.processes.signals import ignore_signals, signals_raise
from laptop.processes.strays import end_strays
from laptop.progress import Progress
from laptop.project import project_id
from laptop.settings import DEMO_PROJECT, LaptopError

# A container that crashed says `starting` for the five seconds before its first health check.
WATCH_SECONDS = 2.0


class DockerSession:
    """`detach`: return when the studio is ready, and leave it to Docker, which keeps it running."""

    def __init__(self, settings: DockerSettings, console: Console, detach: bool) -> None:
        self._settings = settings
        self._progress = Progress(console)
        self._docker = Docker(settings, self._progress)
        self._stack = Stack(settings, self._docker)
        self._detach = detach

    def run(self, ending: str) -> None:
        """Returns when it has been told to stop, or when a detached one is ready.

        Raises LaptopError when the studio cannot start or go on, and Held when another command of
        this folder is at work. What ran before a build that fails goes on.
        """
        settings, local = self._settings, self._settings.local
        with RunLock(local.run_dir), signals_raise():
            require_docker(self._docker)
            self._require_room()
            end_strays(local.run_dir)
            keep_last_logs(local.run_dir, but=local.supervisor_log)
            started = time.monotonic()
            build_all(self._docker, settings, self._progress.say)
            self._prepare()
            stays = False
            try:
                settings.mark.touch()
                demo = self._start()
                self._progress.say(f"ready after {time.monotonic() - started:.0f} s")
                self._progress.console.print(
                    invitation(demo, ending), highlight=False, markup=False, soft_wrap=True
                )
                write_demo_file(local.demo_file, demo)
                stays = self._detach
                if not self._detach:
                    self._watch()
            except KeyboardInterrupt:
                self._progress.say("stopping")
                if self._detach:
                    raise
            finally:
                if not stays:
                    ignore_signals()
                    end(settings, self._stack)

    def _require_room(self) -> None:
        """Raises LaptopError for a port or a name that something else has."""
        if other := self._stack.is_anothers():
            raise LaptopError(
                f"Docker runs a studio already, whose data is in {other}. End that one first, with "
                "make demo-stop and its ATELIER_STATE; one Docker holds one studio."
            )
        port = self._settings.local.port
        if not self._stack.has_port(port):
            require_free(port, "make demo DOCKER=1")

    def _prepare(self) -> None:
        local = self._settings.local
        if not local.images_dir.is_dir():
            with self._progress.phase("drawing the demo's pictures") as status:
                ensure_pictures(
                    local.images_dir,
                    lambda argv: run_to_end(
                        Command("scenes", tuple(argv), base_environ(local)),
                        local.run_dir,
                        lambda process: status(process.tail(1)),
                    ),
                )
        ensure_folders(self._settings, ensure_credentials(local.data_dir / "credentials.json"))

    def _start(self) -> dict[str, object]:
        """Returns what demo.json holds of a studio that is ready."""
        self._stack.up()
        # The address that it was done at is one inside Docker.
        said = self._stack.apply().splitlines()
        self._progress.show("\n".join(line for line in said if not line.startswith("done: ")))
        url = address(self._settings)
        credentials = ensure_credentials(self._settings.local.data_dir / "credentials.json")
        number = project_id(url, credentials.token, DEMO_PROJECT)
        return login_content(url, credentials, number)

    def _watch(self) -> None:
        """Says what happens to the containers, which Docker starts again by itself.

        Raises LaptopError when they are gone.
        """
        known: dict[str, str] = {}
        while True:
            time.sleep(WATCH_SECONDS)
            found = {one.service: one.doing for one in self._stack.containers()}
            if not found:
                raise LaptopError("Somebody took the containers down. Start again: make demo")
            for service, doing in found.items():
                if doing != known.get(service, ""):
                    self._progress.say(f"{service} is {doing or 'back'}")
            known = found


def end(settings: DockerSettings, stack: Stack) -> None:
    """Takes the containers down; all data stays."""
    settings.local.demo_file.unlink(missing_ok=True)
    stack.down()
    settings.mark.unlink(missing_ok=True)


def stop(settings: DockerSettings, console: Console) -> bool:
    """Ends a studio that was left to Docker. Returns whether there was one.

    Raises LaptopError when Docker does not answer: it may start the containers again by itself.
    """
    if not settings.mark.exists():
        return False
    progress = Progress(console)
    docker = Docker(settings, progress)
    require_docker(docker)
    stack = Stack(settings, docker)
    if stack.is_anothers():  # Ours were removed by hand, and another studio took the name.
        settings.mark.unlink()
        return False
    end(settings, stack)
    return True
