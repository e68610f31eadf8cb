"""A place for files: a folder, or Cloud Storage below an address."""

import tempfile
from pathlib import Path
from typing import Protocol

from studio.buckets.address import SCHEME, StorageAddress, parse_address
from studio.buckets.cloud_storage import CloudStorage
from studio.errors import StorageError


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


class FolderPlace:
    """A folder, made when the first file is written."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __str__(self) -> str:
        return str(self.folder)

    def read(self, name: str) -> bytes | None:
        path = self.folder / name
        return path.read_bytes() if path.is_file() else None

    def write(self, name: str, content: bytes) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        # Readable by its owner alone, as such files are made: there are addresses of people in it.
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".", delete=False) as draft:
            draft.write(content)
        Path(draft.name).replace(path)

    def names(self, below: str) -> list[str]:
        found = (path for path in self.folder.rglob("*") if path.is_file())
        names = (path.relative_to(self.folder).as_posix() for path in found)
        return sorted(name for name in names if name.startswith(below))


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
