"""A place for files: a folder, or Cloud Storage below an address."""

import base64
import gzip
import hashlib
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from studio.buckets.address import SCHEME, StorageAddress, parse_address
from studio.buckets.cloud_storage import CloudStorage
from studio.errors import StorageError

# Below a folder, where the states are that its files were in. Sorted by name they are by time.
STATES = ".versions"
STAMP = "%Y%m%dT%H%M%S.%fZ"


@dataclass(frozen=True)
class State:
    """A state that a file was in, or is in. `key`: what its place knows it by."""

    name: str
    key: str
    written: datetime


class Place(Protocol):
    """Files by names with slashes."""

    def read(self, name: str) -> bytes | None:
        """Return a file's content, None if there is no such file."""
        ...

    def write(self, name: str, content: bytes) -> None:
        """Write a file, whole or not at all."""
        ...

    def names(self, below: str) -> list[str]:
        """Return the names that begin with `below`, in order."""
        ...

    def checksums(self, below: str) -> dict[str, str]:
        """Return the MD5 of each file whose name begins with `below`, in base64."""
        ...

    def remove(self, name: str) -> None:
        """Remove a file that is there."""
        ...

    def states(self, name: str) -> list[State]:
        """Return the states of a file that are kept, oldest first."""
        ...

    def read_state(self, state: State) -> bytes:
        """Return what the file held in one of its states."""
        ...


class FolderPlace:
    """A folder, made when the first file is written."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __str__(self) -> str:
        return str(self.folder)

    def read(self, name: str) -> bytes | None:
        path = self.path(name)
        return path.read_bytes() if path.is_file() else None

    def write(self, name: str, content: bytes) -> None:
        path = self.path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        # Readable by its owner alone, as such files are made: there are addresses of people in it.
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".", delete=False) as draft:
            draft.write(content)
        Path(draft.name).replace(path)

    def names(self, below: str) -> list[str]:
        start = self.path(below.rpartition("/")[0])
        found = (path for path in start.rglob("*") if path.is_file())
        names = (path.relative_to(self.folder).as_posix() for path in found)
        return sorted(name for name in names if name.startswith(below))

    def checksums(self, below: str) -> dict[str, str]:
        found = {}
        for name in self.names(below):
            with self.path(name).open("rb") as file:
                md5 = hashlib.file_digest(file, "md5").digest()
            found[name] = base64.b64encode(md5).decode()
        return found

    def remove(self, name: str) -> None:
        self.path(name).unlink()

    def states(self, name: str) -> list[State]:
        folder = self.path(f"{STATES}/{name}")
        stamps = sorted(path.name.removesuffix(".gz") for path in folder.glob("[0-9]*.gz"))
        return [State(name, stamp, _time_of(stamp)) for stamp in stamps]

    def read_state(self, state: State) -> bytes:
        return gzip.decompress(self.path(_place_of(state.name, state.key)).read_bytes())

    def keep(self, name: str, content: bytes, at: datetime) -> None:
        """Write a file, and keep this state of it beside those before, unless it is the last one.

        Killed in between, a second call leaves one state of this content and not two.
        """
        before = self.states(name)
        if not before or self.read_state(before[-1]) != content:
            stamp = at.astimezone(UTC).strftime(STAMP)
            self.write(_place_of(name, stamp), gzip.compress(content, mtime=0))
        if self.read(name) != content:
            self.write(name, content)

    def path(self, name: str) -> Path:
        """Return where a file is, whether or not it is there."""
        return self.folder / name


class BucketPlace:
    """Cloud Storage below an address."""

    def __init__(self, address: StorageAddress, cloud: CloudStorage) -> None:
        self.address = address
        self._cloud = cloud

    def __str__(self) -> str:
        return str(self.address)

    def read(self, name: str) -> bytes | None:
        address = self._at(name)
        # A listing tells "there is none" from "no access", which an answer to a read may not.
        if not any(found.name == address.name for found in self._cloud.objects_at(address)):
            return None
        return self._cloud.read(address)

    def write(self, name: str, content: bytes) -> None:
        self._cloud.write(self._at(name), content)

    def names(self, below: str) -> list[str]:
        prefix = self.address.prefix
        found = self._cloud.objects_at(self._at(below))
        return sorted(one.name.removeprefix(prefix) for one in found)

    def checksums(self, below: str) -> dict[str, str]:
        prefix = self.address.prefix
        found = self._cloud.objects_at(self._at(below))
        return {one.name.removeprefix(prefix): one.md5 for one in found}

    def remove(self, name: str) -> None:
        self._cloud.delete(self._at(name))

    def states(self, name: str) -> list[State]:
        kept = self._cloud.generations(self._at(name))
        return [State(name, str(generation), written) for generation, written in kept]

    def read_state(self, state: State) -> bytes:
        return self._cloud.read(self._at(state.name), int(state.key))

    def _at(self, name: str) -> StorageAddress:
        return StorageAddress(self.address.bucket, self.address.prefix + name)


def open_place(text: str, cloud: CloudStorage) -> FolderPlace | BucketPlace:
    """Return the place that a person names: a folder, or gs://bucket/prefix.

    Raises:
        StorageError: it is neither.
    """
    if not text.startswith(SCHEME):
        return FolderPlace(Path(text).expanduser())
    try:
        return BucketPlace(parse_address(text), cloud)
    except ValueError as error:
        raise StorageError(str(error)) from None


def _place_of(name: str, stamp: str) -> str:
    return f"{STATES}/{name}/{stamp}.gz"


def _time_of(stamp: str) -> datetime:
    return datetime.strptime(stamp, STAMP).replace(tzinfo=UTC)
