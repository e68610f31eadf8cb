"""Settings of the studio in Docker: the demo's own, and what the images are built with."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from laptop.own_images import project_name
from laptop.settings import (
    DEFAULT_PORT,
    DEMO_PROJECT,
    ROOT,
    LaptopError,
    LaptopSettings,
    load_settings,
)
from weights.build import ARGUMENTS, build_arguments
from weights.errors import WeightsError

TEMPLATES = ROOT / "templates/vm"

# How the docker command finds its daemon and its plugins.
CLIENT = {
    *("DOCKER_HOST", "DOCKER_CONTEXT", "DOCKER_CONFIG", "DOCKER_TLS_VERIFY", "DOCKER_CERT_PATH"),
    *("SSH_AUTH_SOCK", "XDG_RUNTIME_DIR"),
}

# The build arguments of each image's Dockerfile, in the order in which images are built.
BUILD_ARGUMENTS = {
    "segmentation": (
        *("PYTHON_IMAGE", "SEGMENTATION_MODEL_URL", "SEGMENTATION_MODEL_SHA256"),
        *("WEIGHTS_MIRROR", "SEGMENTATION_LABEL_MAP"),
    ),
    "segment_anything_model": (
        *("PYTHON_IMAGE", "SAM_CHECKPOINT_URL", "SAM_CHECKPOINT_SHA256", "WEIGHTS_MIRROR"),
    ),
    "frontend": ("PYTHON_IMAGE",),
}


# The user of the images: nobody's on a laptop, and what a studio that root starts runs as.
IMAGES_USER = (10001, 10001)


@dataclass(frozen=True)
class DockerSettings(LaptopSettings):
    """Where the studio's folders are, as whom its containers run, and what is built into them."""

    user: int
    group: int
    gpu: bool
    build_arguments: Mapping[str, str]
    client_environ: Mapping[str, str]

    @property
    def folder(self) -> Path:
        """All that the containers see of this machine; compose knows the studio by it."""
        return self.data_dir / "docker"

    @property
    def mark(self) -> Path:
        """There from before the first container until the last one is gone."""
        return self.folder / "running"

    @property
    def secrets_dir(self) -> Path:
        return self.folder / "secrets"

    @property
    def google_dir(self) -> Path:
        """Empty: a laptop's studio speaks to no bucket."""
        return self.folder / "google"

    @property
    def project_dir(self) -> Path:
        return self.folder / "project"

    @property
    def project_file(self) -> str:
        """The project that is applied, below `project_dir`."""
        name = project_name(self.images) if self.images else DEMO_PROJECT.name
        return f"projects/{name}"

    @property
    def caddyfile(self) -> Path:
        return self.folder / "Caddyfile"

    @property
    def changes_owner(self) -> bool:
        """Whether the folders have to be given to the containers' user: root's are not its own."""
        return os.geteuid() == 0


def load_docker_settings(
    environ: Mapping[str, str], port: int = DEFAULT_PORT, gpu: bool = False
) -> DockerSettings:
    """Reads the demo's settings, the build arguments, and where Docker is."""
    # Postgres refuses to run as root.
    user, group = IMAGES_USER if os.geteuid() == 0 else (os.geteuid(), os.getegid())
    names = {name for arguments in BUILD_ARGUMENTS.values() for name in arguments}
    settings = load_settings(environ, port)
    given = {name: environ[name] for name in sorted(names) if environ.get(name)}
    return DockerSettings(
        **vars(settings),
        user=user,
        group=group,
        gpu=gpu,
        build_arguments=chosen_arguments(settings, given) | given,
        client_environ={name: value for name, value in environ.items() if name in CLIENT},
    )


def chosen_arguments(settings: LaptopSettings, given: Mapping[str, str]) -> dict[str, str]:
    """The build arguments that MODELS stands for.

    Raises LaptopError for a model that is given twice, or that no image can be built with.
    """
    arguments = {}
    for kind, model in settings.models.items():
        name = ARGUMENTS[kind]
        if f"{name}_URL" in given:
            raise LaptopError(
                f"MODELS chooses {model.name} and {name}_URL another {kind} model. Omit one."
            )
        try:
            arguments |= build_arguments(model)
        except WeightsError as error:
            raise LaptopError(f"MODELS: {error}") from error
    return {name: value for name, value in arguments.items() if value}


def require_buildable(settings: DockerSettings) -> None:
    """Raises LaptopError, with every fault, for weights that no image can be built with."""
    given = settings.build_arguments
    problems = []
    for kind, name in ARGUMENTS.items():
        url, digest = f"{name}_URL", f"{name}_SHA256"
        if settings.served[kind] != "demo" and kind not in settings.models:
            problems.append(
                f"{name} works only without Docker. An image downloads its weights while it is "
                f"built: give MODELS with a name of the catalogue, or {url} and {digest}."
            )
        if given.get(url, "").startswith("file:"):
            problems.append(
                f"{given[url]} is on this machine, and an image is built from what is in the "
                "network. Give an address that a container can reach, or omit DOCKER=1."
            )
        if (url in given) != (digest in given):
            problems.append(
                f"{digest if url in given else url} is missing: give both the address and its "
                "SHA-256. The image's Dockerfile describes them."
            )
    if problems:
        raise LaptopError("\n".join(problems))
