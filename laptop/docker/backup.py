"""The studio in Docker in one file, and back: a dump of its database, uploads, project files."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from laptop.backups.archive import (
    Manifest,
    described,
    drafted,
    read_manifest,
    require_room,
    version_of,
    write_backup,
)
from laptop.backups.folder import STAMP, backup_path
from laptop.backups.packing import files_below
from laptop.backups.restore import REQUIREMENTS, require_label_studio, require_login, unpack
from laptop.credentials import Credentials
from laptop.docker.client import Docker
from laptop.docker.database import database_of
from laptop.docker.folders import ensure_data_folders, give
from laptop.docker.settings import DockerSettings
from laptop.docker.stack import Stack
from laptop.processes.run_lock import run_lock
from laptop.settings import LaptopError

# Below the data folder, as in the archive.
DUMP = "docker/database"
VERSION = "docker/frontend/initialised"
CREDENTIALS = "credentials.json"
# Pictures of the demo and of IMAGES= are left out of the project's: Label Studio has its copies.
PARTS = {
    "docker/frontend": ("export", "test_data", "media/export"),
    "docker/project": ("images", "own"),
}


def has_studio(settings: DockerSettings) -> bool:
    """Whether a studio in Docker was ever ready here."""
    try:
        return (settings.data_dir / VERSION).is_file()
    except PermissionError:  # Root's: a backup of it says that it cannot be read.
        return True


def make_docker_backup(
    settings: DockerSettings, docker: Docker, now: datetime, folder: Path
) -> tuple[Path, Manifest]:
    """Writes a backup, whole or not at all. Postgres alone is started where the studio is stopped.

    Raises LaptopError when Docker or the database does not answer, the disk has no room, or
    something cannot be read.
    """
    version = version_of(settings.data_dir / VERSION)
    with drafted(folder, now) as draft:
        dump = draft / "database"
        # The database comes first: what it names is there when the files are read.
        with database_of(settings, docker) as database:
            counts = database.counts()
            require_room(_files(settings), 2 * database.bytes(), folder)
            database.dump(dump)
        about = described(settings, now, version, counts, in_docker=True)
        path = backup_path(folder, settings.state, now, in_docker=True)
        return path, write_backup(path, draft, {DUMP: dump} | dict(_files(settings)), about)


def _files(settings: DockerSettings) -> Iterator[tuple[str, Path]]:
    yield CREDENTIALS, settings.credentials_file
    for part, left_out in PARTS.items():
        for name, path in files_below(settings.data_dir / part, left_out):
            if not path.name.startswith("."):  # A draft.
                yield f"{part}/{name}", path


def restore_docker_backup(
    settings: DockerSettings, docker: Docker, path: Path, now: datetime
) -> Path | None:
    """Puts a backup in place of the studio's data in Docker; the demo's without it stays.

    Returns:
        Where the data is that was there before; None when there was none.

    Raises:
        LaptopError: the file is no backup, is damaged, or was made with a newer Label Studio; or
            Docker refuses. What was there is back in its place then.
        Held: the studio is starting or stopping.
    """
    manifest = read_manifest(path)
    require_label_studio(manifest, REQUIREMENTS.read_text())
    stack = Stack(settings, docker)
    stack.require_own()
    if stack.containers():
        raise LaptopError("The demo is running. Stop it first: make demo-stop")
    settings.state.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".restore-", dir=settings.state) as draft:
        with run_lock(settings.run_dir):
            fresh = unpack(path, manifest, Path(draft))
            own = fresh / CREDENTIALS
            require_login(settings, own, settings.label_studio_dir)
            before = _move_aside(settings, now)
        try:
            own.replace(settings.credentials_file)
            _lay(settings, fresh)
            # It takes the lock itself: nobody can have started a studio that has no database.
            with database_of(settings, docker) as database:
                database.load(fresh / DUMP)
        except BaseException:
            shutil.rmtree(settings.folder, ignore_errors=True)
            if before is not None:
                _put_back(settings, before)
            raise
    return before


def _move_aside(settings: DockerSettings, now: datetime) -> Path | None:
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    if not settings.folder.exists():
        return None
    before = settings.data_dir.with_name(f"data-before-{now.strftime(STAMP)}")
    before.mkdir(mode=0o700)
    settings.folder.rename(before / settings.folder.name)
    # A copy: the studio without Docker needs the file, too.
    shutil.copy2(settings.credentials_file, before / CREDENTIALS)
    return before


def _put_back(settings: DockerSettings, before: Path) -> None:
    (before / settings.folder.name).rename(settings.folder)
    (before / CREDENTIALS).replace(settings.credentials_file)
    before.rmdir()


def _lay(settings: DockerSettings, fresh: Path) -> None:
    """The folders that the containers see, but for the database, which is empty."""
    settings.folder.mkdir()
    for part in PARTS:
        if (fresh / part).is_dir():
            (fresh / part).chmod(0o700)
            (fresh / part).rename(settings.data_dir / part)
    credentials = Credentials.model_validate_json(settings.credentials_file.read_text())
    ensure_data_folders(settings, credentials)
    for below in settings.folder.rglob("*"):
        give(below, settings)
