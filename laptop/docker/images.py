"""The three images of backends/, built from their Dockerfiles."""

from __future__ import annotations

import tomllib
from collections.abc import Callable

from laptop.docker.client import Docker
from laptop.docker.settings import BUILD_ARGUMENTS, DockerSettings, require_buildable
from laptop.settings import ROOT

# Docker Hub keeps names without a slash for itself: nobody can publish an image under these.
TAG = "local"
FIRST_BUILD = "the first build downloads gigabytes and takes minutes; later ones build only changes"


def reference(name: str) -> str:
    """The image's name and tag on this machine."""
    return f"atelier-{name.replace('_', '-')}:{TAG}"


def version() -> str:
    """The project's version, which the images carry as a label."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]


def build_words(name: str, settings: DockerSettings) -> list[str]:
    """The command's words. Docker takes the arguments' values from its environment: an address may
    be signed, and command lines can be read by everybody on a machine."""
    given = [key for key in BUILD_ARGUMENTS[name] if key in settings.build_arguments]
    arguments = [word for key in given for word in ("--build-arg", key)]
    arguments += ["--build-arg", f"VERSION={version()}"]
    dockerfile = ROOT / "backends" / name / "Dockerfile"
    words = ["build", "--progress", "plain", "--tag", reference(name), *arguments]
    return [*words, "--file", str(dockerfile), str(ROOT)]


def build_all(docker: Docker, settings: DockerSettings, say: Callable[[str], None]) -> None:
    """Builds what changed. Raises LaptopError, with the end of the log, when a build fails."""
    require_buildable(settings)
    settings.run_dir.mkdir(parents=True, exist_ok=True)
    if any(docker.ask("image", "inspect", reference(name)).returncode for name in BUILD_ARGUMENTS):
        say(FIRST_BUILD)
    for name in BUILD_ARGUMENTS:
        words = build_words(name, settings)
        docker.run(f"build-{name}", f"building {name}", words, settings.build_arguments)


def sizes(docker: Docker) -> str:
    """Docker's own table of the three images."""
    only = [f"--filter=reference={reference(name)}" for name in BUILD_ARGUMENTS]
    columns = "table {{.Repository}}\t{{.Tag}}\t{{.Size}}"
    listed = docker.answer("image", "ls", *only, "--format", columns)
    return f"{listed}\nLayers that images share are stored once: docker system df --verbose"
