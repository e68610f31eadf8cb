"""Whether this machine's Docker can build the images and run templates/vm/compose.yml."""

from __future__ import annotations

import re

from laptop.docker.client import Docker
from laptop.settings import LaptopError

# `--progress` before the command; what runs in the cloud is Debian 13's 2.26.
OLDEST_COMPOSE = (2, 20)

ROOTLESS = (
    "Docker runs in a user namespace (rootless, or with userns-remap): its containers cannot write "
    "to folders of this user. Use a Docker that runs as root, or omit DOCKER=1."
)


def require_docker(docker: Docker) -> None:
    """Raises LaptopError, saying what to do, when a part is missing or does not answer."""
    server = docker.ask("version", "--format", "{{.Server.Version}}")
    if server.returncode != 0:
        raise LaptopError(no_daemon(server.stderr))
    if docker.ask("buildx", "version").returncode != 0:
        raise LaptopError(no_plugin("buildx", "docker-buildx"))
    compose = docker.ask("compose", "version", "--short")
    if compose.returncode != 0:
        raise LaptopError(no_plugin("compose", "docker-compose-v2"))
    require_new_enough(compose.stdout)
    options = docker.ask("info", "--format", "{{json .SecurityOptions}}").stdout
    if "name=rootless" in options or "name=userns" in options:
        raise LaptopError(ROOTLESS)


def no_plugin(name: str, ubuntu: str) -> str:
    """The sentence for a missing plugin, which has another name in Ubuntu's packages."""
    return (
        f"Docker has no {name} plugin. Install it (Debian: sudo apt-get install docker-{name}; "
        f"Ubuntu: sudo apt-get install {ubuntu}; Docker's own packages: docker-{name}-plugin), "
        "then run the same command again."
    )


def no_daemon(said: str) -> str:
    """The sentence for a daemon that did not answer, from what the command said."""
    if "permission denied" in said.lower():
        return (
            "Docker runs, but this user may not use it. On Linux: sudo usermod -aG docker $USER, "
            "log out and in again, then run the same command again."
        )
    words = said.strip().splitlines()
    return (
        "Docker is installed, but its daemon does not answer. Start it (Docker Desktop, or on "
        "Linux: sudo systemctl start docker), then run the same command again."
        + (f" It said: {words[-1]}" if words else "")
    )


def require_new_enough(version: str) -> None:
    """Raises LaptopError for a compose that does not know the options used here."""
    found = re.match(r"v?(\d+)\.(\d+)", version.strip())
    if found is None or (int(found[1]), int(found[2])) < OLDEST_COMPOSE:
        oldest = ".".join(map(str, OLDEST_COMPOSE))
        raise LaptopError(
            f"Docker's compose plugin is {version.strip() or 'of an unknown version'}; {oldest} or "
            "newer is needed. Update it: https://docs.docker.com/compose/install/linux/"
        )
