"""A studio as it was when it was backed up. What is there now is moved aside, not deleted."""

from __future__ import annotations

import re
import tarfile
import tempfile
import zlib
from datetime import datetime
from pathlib import Path

from laptop.backups.archive import MANIFEST, Manifest, read_manifest
from laptop.backups.folder import STAMP
from laptop.backups.packing import digest
from laptop.processes.run_lock import run_lock
from laptop.settings import ROOT, LaptopError, LaptopSettings

REQUIREMENTS = ROOT / "backends/frontend/requirements.txt"


def restore_backup(settings: LaptopSettings, path: Path, now: datetime) -> Path | None:
    """Puts a backup in place of the studio's data.

    Everything is unpacked and compared with the manifest before anything is moved.

    Returns:
        Where the data is that was there before; None when there was none.

    Raises:
        LaptopError: the file is no backup, is damaged, or was made with a newer Label Studio.
        Held: the studio is running or starting.
    """
    manifest = read_manifest(path)
    require_label_studio(manifest, REQUIREMENTS.read_text())
    with run_lock(settings.run_dir):
        data = settings.data_dir
        with tempfile.TemporaryDirectory(prefix=".restore-", dir=settings.state) as draft:
            fresh = unpack(path, manifest, Path(draft))
            require_login(settings, fresh / "credentials.json", data / "docker")
            before = None
            if data.exists():
                before = data.with_name(f"data-before-{now.strftime(STAMP)}")
                data.rename(before)
            try:
                fresh.rename(data)
            except OSError as error:
                raise LaptopError(
                    f"{data} cannot be put in place ({error.strerror or error}). "
                    f"{_put_back(before, data)}"
                ) from error
        if before is not None and (before / "docker").exists():
            # Another studio's, and no part of the backup.
            (before / "docker").rename(data / "docker")
    return before


def _put_back(before: Path | None, data: Path) -> str:
    """Puts back what was moved aside; what to tell about it."""
    try:
        if before is not None:
            before.rename(data)
    except OSError:
        return f"What was there before is in {before}: rename that to {data}."
    return "Nothing was changed."


def require_label_studio(manifest: Manifest, requirements: str) -> None:
    """Raises LaptopError when the Label Studio of here is older than the backup's.

    A newer one brings the database up to date at its first start; an older one cannot read it.
    """
    found = re.search(r"^label-studio==(\S+)", requirements, re.MULTILINE)
    assert found, "the frontend's requirements name Label Studio"
    if _numbers(found[1]) < _numbers(manifest.label_studio):
        raise LaptopError(
            f"The backup is of Label Studio {manifest.label_studio}, and this Atelier has "
            f"{found[1]}, which cannot read its database. Update Atelier first."
        )


def require_login(settings: LaptopSettings, fresh: Path, other: Path) -> None:
    """Raises LaptopError where the `other` studio of this data folder has another login.

    Both read the same file, and each database knows the passwords that it was made with.
    """
    own = settings.credentials_file
    if other.is_dir() and own.is_file() and own.read_bytes() != fresh.read_bytes():
        raise LaptopError(
            f"The studio in {other} has other passwords than the backup, and both would have one "
            "file of them. Restore into a folder of its own: ATELIER_STATE=folder make "
            "demo-restore BACKUP=file. Nothing was changed."
        )


def _numbers(version: str) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", version)]


def unpack(path: Path, manifest: Manifest, draft: Path) -> Path:
    """The data folder of the backup, below `draft`, after every file was compared."""
    data = draft / "data"
    data.mkdir()
    try:
        with tarfile.open(path, "r:gz") as archive:
            for member in archive:
                if member.name == MANIFEST:
                    continue
                # The filter refuses what would lie outside.
                archive.extract(member, draft, filter="data")
    except (tarfile.TarError, OSError, EOFError, zlib.error) as error:
        raise LaptopError(f"{path} cannot be unpacked ({error}). Nothing was changed.") from error
    for name, expected in manifest.files.items():
        file = data / name
        if not file.is_file() or digest(file) != expected:
            raise LaptopError(f"{path} is damaged: {name} is not as it was. Nothing was changed.")
    return data
