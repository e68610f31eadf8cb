"""The services in containers: images built, containers started and looked at."""

from __future__ import annotations

from laptop.credentials import ensure_credentials
from laptop.docker.client import Docker
from laptop.docker.folders import ensure_folders
from laptop.docker.images import build_all
from laptop.docker.requirements import require_docker
from laptop.docker.settings import DockerSettings
from laptop.docker.stack import Stack
from laptop.processes.ports import require_free
from laptop.progress import Progress
from laptop.settings import LaptopError


class Containers:
    """Services whose images are built: `prepare_containers` makes them."""

    # A container that crashed says `starting` for the five seconds before its first health check.
    tick_seconds = 2.0

    def __init__(self, settings: DockerSettings, progress: Progress, stack: Stack) -> None:
        self._settings = settings
        self._progress = progress
        self._stack = stack
        self._known: dict[str, str] = {}
        self.apply = stack.apply

    def start(self) -> None:
        ensure_folders(self._settings, ensure_credentials(self._settings.credentials_file))
        self._settings.mark.touch()
        self._stack.up()

    def facts(self) -> dict[str, object]:
        """Nothing: the backends have no port of their own."""
        return {}

    def tick(self) -> None:
        """Docker starts a crashed container again by itself."""
        found = {one.service: one.doing for one in self._stack.containers()}
        if not found:
            raise LaptopError("The containers were removed by someone else. Start again: make demo")
        for service, doing in found.items():
            if doing != self._known.get(service, ""):
                self._progress.say(f"{service} is {doing or 'back'}")
        self._known = found

    def stop(self) -> None:
        self._stack.down()
        self._settings.mark.unlink(missing_ok=True)


def prepare_containers(settings: DockerSettings, progress: Progress) -> Containers:
    """Builds the images. Raises LaptopError when Docker, its one studio or the port is not free."""
    docker = Docker(settings, progress)
    require_docker(docker)
    stack = Stack(settings, docker)
    stack.require_own()
    if not stack.has_port(settings.port):
        require_free(settings.port, "make demo DOCKER=1")
    build_all(docker, settings, progress)
    return Containers(settings, progress, stack)


def stop_containers(settings: DockerSettings, progress: Progress) -> bool:
    """Ends a studio that was left running. Returns whether there was one.

    Raises LaptopError when Docker does not answer: it may start the containers again by itself.
    """
    if not settings.mark.exists():
        return False
    docker = Docker(settings, progress)
    require_docker(docker)
    stack = Stack(settings, docker)
    if stack.is_anothers():  # Ours were removed by hand, and another studio took the name.
        settings.mark.unlink()
        return False
    Containers(settings, progress, stack).stop()
    return True
