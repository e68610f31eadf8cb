"""The three images of backends/, built from their Dockerfiles."""

from __future__ import annotations

import json
import tomllib

from laptop.docker.client import Docker
from laptop.docker.settings import BUILD_ARGUMENTS, DockerSettings, require_buildable
from laptop.models import announce
from laptop.progress import Progress
from laptop.settings import ROOT, LaptopError
from weights.errors import WeightsError
from weights.google import library_token

# Docker Hub keeps names without a slash for itself: nobody can publish an image under these.
TAG = "local"
# The variable that a build's secret comes from.
TOKEN = "ATELIER_GOOGLE_TOKEN"
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
    if any(settings.build_arguments[key].startswith("gs://") for key in given):
        arguments += ["--secret", f"id=google_token,env={TOKEN}"]
    words = ["build", "--progress", "plain", "--tag", reference(name), *arguments]
    return [*words, "--file", str(dockerfile), str(ROOT)]


def build_all(docker: Docker, settings: DockerSettings, progress: Progress) -> None:
    """Builds what changed. Raises LaptopError, with the end of the log, when a build fails."""
    require_buildable(settings)
    settings.run_dir.mkdir(parents=True, exist_ok=True)
    announce_once(settings, progress)
    if any(docker.ask("image", "inspect", reference(name)).returncode for name in BUILD_ARGUMENTS):
        progress.say(FIRST_BUILD)
    environ = dict(settings.build_arguments)
    for name in BUILD_ARGUMENTS:
        words = build_words(name, settings)
        if "--secret" in words:
            environ[TOKEN] = google_token()
        docker.run(f"build-{name}", f"building {name}", words, environ)


def announce_once(settings: DockerSettings, progress: Progress) -> None:
    """Says which weights the builds will fetch, unless the builds before had the same."""
    note = settings.run_dir / "built-with.json"
    text = json.dumps({kind: model.source for kind, model in settings.models.items()})
    if note.is_file() and note.read_text() == text:
        return
    announce([model for model in settings.models.values() if model.files], progress)
    note.write_text(text)


def google_token() -> str:
    """The token that a build reads a bucket with; empty for a public object."""
    try:
        return library_token() or ""
    except WeightsError as error:
        raise LaptopError(str(error)) from error


def sizes(docker: Docker) -> str:
    """Docker's own table of the three images."""
    only = [f"--filter=reference={reference(name)}" for name in BUILD_ARGUMENTS]
    columns = "table {{.Repository}}\t{{.Tag}}\t{{.Size}}"
    listed = docker.answer("image", "ls", *only, "--format", columns)
    return f"{listed}\nLayers that images share are stored once: docker system df --verbose"
