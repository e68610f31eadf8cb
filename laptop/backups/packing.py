"""The files of a studio, and the archive that they are packed into while the studio runs."""

from __future__ import annotations

import gzip
import hashlib
import os
import tarfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from laptop.settings import LaptopError

# Images are compressed already; the masks in the database shrink to a fraction at the lowest level.
LEVEL = 1
NO_DIGEST = "0" * hashlib.sha256().digest_size * 2


def files_below(folder: Path, left_out: tuple[str, ...]) -> Iterator[tuple[str, Path]]:
    """Yields path below the folder and place of every file, in order; links are followed.

    Args:
        left_out: paths of folders below it.

    Raises:
        LaptopError: a folder cannot be read, or a link leads nowhere, as one to a disk that is not
            there.
    """
    seen = set()
    for place, folders, files in os.walk(folder, followlinks=True, onerror=_not_gone):
        try:
            at = Path(place).stat()
        except FileNotFoundError:
            folders.clear()
            continue
        if (at.st_dev, at.st_ino) in seen:  # A link into what was walked through.
            folders.clear()
            continue
        seen.add((at.st_dev, at.st_ino))
        below = Path(place).relative_to(folder)
        folders[:] = sorted(one for one in folders if (below / one).as_posix() not in left_out)
        for one in sorted(files):
            path = Path(place, one)
            if path.is_symlink() and not path.exists():
                raise LaptopError(
                    f"{path} is a link to {path.readlink()}, which is not there. Connect that "
                    "disk, or remove the link; no backup was made."
                )
            if path.is_file():
                yield (below / one).as_posix(), path


def pack(
    path: Path, files: Mapping[str, Path], name: str, content_of: Callable[[dict[str, str]], str]
) -> None:
    """Packs files into a compressed tar, below `data/`, with a file about them first.

    Each is hashed as it is packed: what is written to it later makes no difference. What was
    removed meanwhile is left out.

    Args:
        name, content_of: the first file, and what is in it, from the SHA-256 of each file by its
            name. It may end in any number of spaces, and fewer files must not make it longer.

    Raises:
        LaptopError: the archive cannot be written, or a file cannot be read.
    """
    try:
        with path.open("wb") as archive:
            # Its place is kept until the hashes are known.
            length = len(content_of(dict.fromkeys(files, NO_DIGEST)).encode())
            archive.write(_first(name, bytes(length)))
            content = content_of(_pack_files(archive, files)).encode()
            archive.seek(0)
            archive.write(_first(name, content.ljust(length)))
    except OSError as error:
        where = f" ({error.filename})" if error.filename else ""
        raise LaptopError(
            f"The backup cannot be written{where}: {error.strerror or error}"
        ) from error


def digest(path: Path) -> str:
    """SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


class _Hashed:
    """A file that is hashed as it is read."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._hash = hashlib.sha256()

    def read(self, length: int = -1, /) -> bytes:
        content = self._file.read(length)
        self._hash.update(content)
        return content

    @property
    def digest(self) -> str:
        return self._hash.hexdigest()


def _pack_files(archive: BinaryIO, files: Mapping[str, Path]) -> dict[str, str]:
    digests = {}
    with (
        gzip.GzipFile(fileobj=archive, mode="wb", compresslevel=LEVEL) as packed,
        # Followed, a link is the file that it leads to; a second link to a file is one as well.
        tarfile.open(fileobj=packed, mode="w", dereference=True) as tar,
    ):
        for name, path in files.items():
            with suppress(FileNotFoundError), path.open("rb") as file:
                read = _Hashed(file)
                tar.addfile(tar.gettarinfo(arcname=f"data/{name}", fileobj=file), read)
                digests[name] = read.digest
    return digests


def _first(name: str, content: bytes) -> bytes:
    """A part of a gzip file by itself, uncompressed: as long as its content makes it.

    Readers take the parts of a gzip file for one (RFC 1952, 2.2).
    """
    info = tarfile.TarInfo(name)
    info.size = len(content)
    padding = bytes(-len(content) % tarfile.BLOCKSIZE)
    return gzip.compress(info.tobuf() + content + padding, compresslevel=0, mtime=0)


def _not_gone(error: OSError) -> None:
    if not isinstance(error, FileNotFoundError):
        raise LaptopError(f"{error.filename} cannot be read: {error.strerror or error}") from error
