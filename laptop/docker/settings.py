"""Settings of the studio in Docker: the demo's own, and what the images are built with."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from laptop.settings import (
    DEFAULT_PORT,
    DEMO_SAM_CHECKPOINT,
    DEMO_SEGMENTATION_MODEL,
    ROOT,
    LaptopError,
    LaptopSettings,
    load_settings,
)

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
    return DockerSettings(
        **vars(load_settings(environ, port)),
        user=user,
        group=group,
        gpu=gpu,
        build_arguments={name: environ[name] for name in sorted(names) if environ.get(name)},
        client_environ={name: value for name, value in environ.items() if name in CLIENT},
    )


def require_buildable(settings: DockerSettings) -> None:
    """Raises LaptopError, with every fault, for weights that no image can be built with."""
    given = settings.build_arguments
    problems = []
    for name, is_demo in (
        ("SAM_CHECKPOINT", settings.sam_checkpoint == DEMO_SAM_CHECKPOINT),
        ("SEGMENTATION_MODEL", settings.segmentation_model == str(DEMO_SEGMENTATION_MODEL)),
    ):
        url, digest = f"{name}_URL", f"{name}_SHA256"
        if not is_demo:
            problems.append(
                f"{name} works only without Docker. An image downloads its weights while it is "
                f"built: give {url} and {digest} instead."
            )
        if (url in given) != (digest in given):
            problems.append(
                f"{digest if url in given else url} is missing: give both the address and its "
                "SHA-256. The image's Dockerfile describes them."
            )
    if problems:
        raise LaptopError("\n".join(problems))
