"""A backup: a compressed tar with a manifest first, then every file that a studio needs.

The database is copied by SQLite itself, so that it is whole while labelers go on. It is copied
before the files: what the copy names is there, and what is uploaded meanwhile is only too much.
"""

from __future__ import annotations

import gzip
import shutil
import sqlite3
import tarfile
import tempfile
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict, ValidationError

from laptop.backups.folder import backup_path
from laptop.backups.packing import files_below, pack
from laptop.settings import LaptopError, LaptopSettings

MANIFEST = "manifest.json"
DATABASE = "label-studio/label_studio.sqlite3"
# Written by the frontend: the version of Label Studio whose database it is.
VERSION = "label-studio/initialised"
# Below the data folder. Docker's is a studio of its own: laptop/docker/backup.py.
LEFT_OUT = ("docker", "label-studio/export", "label-studio/test_data", "label-studio/media/export")
# What can still be read and changed where this much less room is left than the data takes.
SPARE_BYTES = 200_000_000
DRAFT_SECONDS = 24 * 3600


class Counts(NamedTuple):
    """How much of what people make is in a database."""

    projects: int
    tasks: int
    annotations: int


class Manifest(BaseModel):
    """What is in a backup.

    Attributes:
        form: of the file; another one is refused.
        in_docker: whether it is of the studio in Docker; the demo's without it otherwise.
        made: ISO 8601 with the zone.
        label_studio: the version whose database it is; this or a newer one can take it.
        files: path below the data folder -> SHA-256.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    form: int = 1
    in_docker: bool = False
    made: str
    state: str
    label_studio: str
    projects: int
    tasks: int
    annotations: int
    files: dict[str, str]

    @property
    def said(self) -> str:
        """One line about it."""
        where = " in Docker" if self.in_docker else ""
        return (
            f"{self.made[:16].replace('T', ' ')}: projects: {self.projects}, tasks: {self.tasks}, "
            f"annotations: {self.annotations}, Label Studio {self.label_studio}{where}, of "
            f"{self.state}"
        )


def make_backup(settings: LaptopSettings, now: datetime, folder: Path) -> tuple[Path, Manifest]:
    """Writes a backup of the studio without Docker, whole or not at all.

    Raises LaptopError when there is nothing to back up, the disk has no room, or something cannot
    be read.
    """
    data = settings.data_dir
    database = data / DATABASE
    if not database.is_file():
        raise LaptopError(f"There is nothing to back up in {data}: this studio is new.")
    with drafted(folder, now) as draft:
        # A copy of the database lies beside the backup meanwhile.
        require_room(_files(data), 2 * database.stat().st_size, folder)
        copy = draft / "database"
        _copy_database(database, copy)
        version = version_of(data / VERSION)
        about = described(settings, now, version, _counts(copy), in_docker=False)
        path = backup_path(folder, settings.state, now)
        return path, write_backup(path, draft, {DATABASE: copy} | dict(_files(data)), about)


def described(
    settings: LaptopSettings, now: datetime, version: str, counts: Counts, in_docker: bool
) -> Manifest:
    """What is known of a backup but for its files."""
    return Manifest(
        in_docker=in_docker,
        made=now.isoformat(timespec="seconds"),
        state=str(settings.state),
        label_studio=version,
        projects=counts.projects,
        tasks=counts.tasks,
        annotations=counts.annotations,
        files={},
    )


@contextmanager
def drafted(folder: Path, now: datetime) -> Iterator[Path]:
    """A private folder for what becomes a backup, in the folder of backups. Nothing of it stays.

    Raises LaptopError when it cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise LaptopError(f"{folder} cannot be made: {error.strerror or error}") from error
    _remove_drafts(folder, now)
    # Temporary files of a name of their own are private from their first byte on (mkstemp).
    with tempfile.TemporaryDirectory(prefix=".backup-", dir=folder) as draft:
        yield Path(draft)


def write_backup(path: Path, draft: Path, files: Mapping[str, Path], about: Manifest) -> Manifest:
    """Packs files into a backup that its owner alone can read. Returns what is in it.

    Args:
        draft: a folder on the same disk.
        files: path below the data folder -> place.
        about: what is known of the backup but for its files.
    """
    manifest = about

    def with_digests(found: dict[str, str]) -> str:
        nonlocal manifest
        manifest = about.model_copy(update={"files": found})
        return manifest.model_dump_json(indent=1)

    packed = draft / "backup"
    pack(packed, files, MANIFEST, with_digests)
    packed.chmod(0o600)
    packed.replace(path)
    return manifest


def read_manifest(path: Path) -> Manifest:
    """Raises LaptopError for a file that is no backup, is damaged, or of another form."""
    try:
        with tarfile.open(path, "r:gz") as archive:
            first = archive.next()
            content = archive.extractfile(first) if first and first.name == MANIFEST else None
            manifest = Manifest.model_validate_json(content.read()) if content else None
    except OSError as error:
        if isinstance(error, gzip.BadGzipFile):
            manifest = None
        else:
            raise LaptopError(f"{path} cannot be read: {error.strerror or error}") from error
    except (tarfile.TarError, EOFError, zlib.error, ValidationError):
        manifest = None
    if manifest is None:
        raise LaptopError(f"{path} is no backup of a studio, or a damaged one.")
    if manifest.form != 1:
        raise LaptopError(f"{path} was made by a newer Atelier: update this one first.")
    return manifest


def _remove_drafts(folder: Path, now: datetime) -> None:
    """Removes what backups left that were killed; one that is being made is younger than a day."""
    for draft in folder.glob(".backup-*"):
        if now.timestamp() - draft.stat().st_mtime > DRAFT_SECONDS:
            shutil.rmtree(draft, ignore_errors=True)


def require_room(files: Iterable[tuple[str, Path]], more: int, folder: Path) -> None:
    """Raises LaptopError where a backup of these files and some more bytes may not fit."""
    size = more
    for _, path in files:
        with suppress(FileNotFoundError):  # Removed meanwhile.
            size += path.stat().st_size
    free = shutil.disk_usage(folder).free
    if free < size + SPARE_BYTES:
        raise LaptopError(
            f"A backup may take {size / 1e6:.0f} MB, and only {free / 1e6:.0f} MB are free for "
            f"{folder}. Make room, or name another folder in ATELIER_BACKUPS."
        )


def _copy_database(database: Path, copy: Path) -> None:
    try:
        with (
            closing(
                sqlite3.connect(f"{database.as_uri()}?mode=ro", uri=True, timeout=60)
            ) as source,
            closing(sqlite3.connect(copy)) as target,
        ):
            # In one step: with several, every write of a labeler's begins it anew.
            source.backup(target)
            # The copy is a file by itself, without the log that the studio's own has beside it.
            target.execute("PRAGMA journal_mode=DELETE")
            (state,) = target.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.Error as error:
        raise LaptopError(f"{database} cannot be copied: {error}") from error
    if state != "ok":
        raise LaptopError(f"{database} is damaged ({state}). No backup was made; older ones stay.")


def _counts(database: Path) -> Counts:
    with closing(sqlite3.connect(database)) as connection:
        known = {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}

        def count(table: str) -> int:
            if table not in known:
                return 0
            return connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]

        return Counts(count("project"), count("task"), count("task_completion"))


def _files(data: Path) -> Iterator[tuple[str, Path]]:
    """Path below the data folder and place of every file but the database's."""
    for name, path in files_below(data, LEFT_OUT):
        # The database, its log and its index; drafts.
        if not name.startswith(DATABASE) and not path.name.startswith("."):
            yield name, path


def version_of(stamp: Path) -> str:
    """The version of Label Studio whose database it is. Raises LaptopError before there is one."""
    try:
        return stamp.read_text().strip()
    except FileNotFoundError:
        raise LaptopError(
            "The studio is being started for the first time. Try again in a minute."
        ) from None
    except OSError as error:
        raise LaptopError(f"{stamp} cannot be read: {error.strerror or error}") from error
