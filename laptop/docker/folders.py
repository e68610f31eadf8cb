"""The folders that the containers see, made once and filled on every start."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from laptop.credentials import Credentials, new_password, write_private
from laptop.docker.settings import DockerSettings
from laptop.docker.variables import CADDYFILE
from laptop.own_images import labeling_config, own_images, write_project
from laptop.settings import DEMO_PROJECT

DATA = ("postgres", "frontend", "caddy", "embeddings")
LABELING = DEMO_PROJECT.parent.parent / "labeling"


def ensure_folders(settings: DockerSettings, credentials: Credentials) -> None:
    """Makes what is missing, and renews what comes from the repository. The pictures are there."""
    ensure_data_folders(settings, credentials)
    text = CADDYFILE.read_text()
    if not settings.caddyfile.is_file() or settings.caddyfile.read_text() != text:
        settings.caddyfile.write_text(text)
        give(settings.caddyfile, settings)
    renew_project(settings)


def ensure_data_folders(settings: DockerSettings, credentials: Credentials) -> None:
    """What the database needs, and the other services' folders."""
    for folder in (*(settings.folder / name for name in DATA), settings.google_dir):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        give(folder, settings)
    ensure_secrets(settings, credentials)


def ensure_secrets(settings: DockerSettings, credentials: Credentials) -> None:
    """One file a secret, readable by the containers' user alone: backends/entrypoint.sh."""
    secret = credentials.revealed()
    folder = settings.secrets_dir
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    give(folder, settings)
    database = folder / "database_password"
    known = {
        "admin_password": secret["password"],
        "api_token": secret["token"],
        "secret_key": secret["secret_key"],
        "segmentation_password": secret["segmentation_password"],
        "segment_anything_model_password": secret["segment_anything_password"],
        # The demo without Docker has no such database, so it is kept here alone.
        "database_password": database.read_text()
        if database.is_file()
        else new_password().get_secret_value(),
    }
    for name, value in known.items():
        file = folder / name
        # A container has the file itself mounted: one that stays keeps its inode.
        if not file.is_file() or file.read_text() != value:
            write_private(file, value)
        give(file, settings)


def renew_project(settings: DockerSettings) -> None:
    """The project file with its labeling config and pictures, beside each other."""
    project = settings.project_dir
    for folder in ("projects", "labeling"):
        (project / folder).mkdir(parents=True, exist_ok=True)
    if settings.images is not None:
        own = Path("own", Path(settings.project_file).stem)
        copy_images(settings.images, project / own)
        labels = labeling_config(settings.models)
        write_project(project / "projects", settings.images, f"../{own}", labels)
    else:
        shutil.copyfile(DEMO_PROJECT, project / settings.project_file)
        for config in LABELING.iterdir():
            shutil.copyfile(config, project / "labeling" / config.name)
        shutil.copytree(settings.images_dir, project / "images", dirs_exist_ok=True)
    for path in (project, *project.rglob("*")):
        give(path, settings)


def copy_images(source: Path, target: Path) -> None:
    """Makes `target` hold the images of `source` and no others. They are copied and not linked: the
    containers' user gets them, and the originals stay as they are."""
    wanted = {path.relative_to(source): path for path in own_images(source)}
    for path in own_images(target) if target.is_dir() else []:
        if path.relative_to(target) not in wanted:
            path.unlink()
    for relative, path in wanted.items():
        copy, state = target / relative, path.stat()
        if copy.is_file():
            known = copy.stat()
            if (known.st_size, known.st_mtime_ns) == (state.st_size, state.st_mtime_ns):
                continue
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(path, copy)


def give(path: Path, settings: DockerSettings) -> None:
    """Lets the containers' user own what root made."""
    if settings.changes_owner:
        os.chown(path, settings.user, settings.group)
