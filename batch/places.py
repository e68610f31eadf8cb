"""Where results are kept: a folder, or Cloud Storage below an address."""

import os
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from batch.errors import BatchError

if TYPE_CHECKING:
    from google.cloud import storage

SCHEME = "gs://"
CONTENT_TYPES = {".json": "application/json"}


class Place(ABC):
    """Files by names with slashes. Goes to the workers, so it holds nothing but texts."""

    @abstractmethod
    def sizes(self, prefix: str) -> dict[str, int]:
        """Return the size of each file whose name begins so, by name, in order."""

    @abstractmethod
    def read(self, name: str) -> bytes:
        """Return what a file holds."""

    @abstractmethod
    def write(self, name: str, content: bytes) -> None:
        """Write a file, whole or not at all, in place of one that is there."""

    @abstractmethod
    def remove(self, name: str) -> None:
        """Remove a file; one that is gone already is no error."""


@dataclass(frozen=True)
class FolderPlace(Place):
    """A folder, made when the first file is written."""

    root: Path

    def __str__(self) -> str:
        return str(self.root)

    def sizes(self, prefix: str) -> dict[str, int]:
        folder, _, begin = prefix.rpartition("/")
        try:
            entries = sorted(os.scandir(self.root / folder), key=lambda entry: entry.name)
        except FileNotFoundError:
            return {}
        below = f"{folder}/" if folder else ""
        return {
            below + entry.name: entry.stat().st_size
            for entry in entries
            if entry.name.startswith(begin) and entry.is_file()
        }

    def read(self, name: str) -> bytes:
        with _told(f"{self.root / name} cannot be read"):
            return (self.root / name).read_bytes()

    def write(self, name: str, content: bytes) -> None:
        path = self.root / name
        with _told(f"{path} cannot be written"):
            path.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(
                dir=path.parent, prefix=".", suffix=".part", delete=False
            ) as draft:
                draft.write(content)
                draft.flush()
                os.fsync(draft.fileno())
            Path(draft.name).replace(path)

    def remove(self, name: str) -> None:
        (self.root / name).unlink(missing_ok=True)


@dataclass(frozen=True)
class BucketPlace(Place):
    """The objects of a bucket below a prefix, which is empty or ends in a slash."""

    bucket: str
    prefix: str = ""

    def __str__(self) -> str:
        return f"{SCHEME}{self.bucket}/{self.prefix}".rstrip("/")

    def sizes(self, prefix: str) -> dict[str, int]:
        with self._explained():
            found = client().list_blobs(
                self.bucket,
                prefix=self.prefix + prefix,
                fields="items(name,size),nextPageToken",
            )
            return {blob.name.removeprefix(self.prefix): blob.size or 0 for blob in found}

    def read(self, name: str) -> bytes:
        with self._explained():
            return self._blob(name).download_as_bytes()

    def write(self, name: str, content: bytes) -> None:
        from google.cloud.storage.retry import DEFAULT_RETRY

        kind = CONTENT_TYPES.get(Path(name).suffix, "application/octet-stream")
        with self._explained():
            # Written twice it is the same. Without a word Google's client repeats nothing here.
            self._blob(name).upload_from_string(content, kind, retry=DEFAULT_RETRY)

    def remove(self, name: str) -> None:
        from google.api_core.exceptions import NotFound
        from google.cloud.storage.retry import DEFAULT_RETRY

        with self._explained():
            try:
                self._blob(name).delete(retry=DEFAULT_RETRY)
            except NotFound:
                return

    def _blob(self, name: str) -> "storage.Blob":
        return client().bucket(self.bucket).blob(self.prefix + name)

    @contextmanager
    def _explained(self) -> Iterator[None]:
        with explained(f"{SCHEME}{self.bucket}"):
            yield


@cache
def client() -> "storage.Client":
    """Return the process's one connection to Cloud Storage; its threads share it."""
    from google.cloud import storage

    # project=None: nothing here needs one, and an account of one's own may have none.
    return storage.Client(project=None)


@contextmanager
def explained(bucket: str) -> Iterator[None]:
    """Turn what Google's client raises about a bucket into an error that says what to do.

    Raises:
        BatchError: instead of it.
    """
    import requests
    from google.api_core.exceptions import Forbidden, GoogleAPIError, NotFound, Unauthorized
    from google.auth.exceptions import DefaultCredentialsError, GoogleAuthError

    try:
        yield
    except DefaultCredentialsError as error:
        raise BatchError(
            "no Google credentials: run gcloud auth application-default login, or name a key file"
            " in GOOGLE_APPLICATION_CREDENTIALS"
        ) from error
    except (Forbidden, Unauthorized) as error:
        raise BatchError(
            f"Cloud Storage refuses access to {bucket}: {error.message}. Give the account that"
            " runs this Storage Object User there (Storage Object Viewer where it only reads)"
        ) from error
    except NotFound as error:
        raise BatchError(f"{bucket}: {error.message}") from error
    except (GoogleAPIError, GoogleAuthError, requests.RequestException) as error:
        raise BatchError(f"Cloud Storage does not answer for {bucket}: {error}") from error


@contextmanager
def _told(what: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise BatchError(f"{what}: {error.strerror}") from error


def split_address(text: str) -> tuple[str, str]:
    """Return bucket and name of `gs://bucket/name`.

    Raises:
        BatchError: there is no bucket in it.
    """
    bucket, _, name = text.removeprefix(SCHEME).partition("/")
    if not bucket:
        raise BatchError(f"{text} names no bucket. Write gs://bucket or gs://bucket/folder/.")
    return bucket, name


def place_of(text: str) -> Place:
    """Return the place that somebody named: a folder, or gs://bucket/prefix.

    Raises:
        BatchError: it names no bucket.
    """
    if not text.startswith(SCHEME):
        return FolderPlace(Path(text).absolute())
    bucket, name = split_address(text)
    return BucketPlace(bucket, f"{name.rstrip('/')}/" if name.rstrip("/") else "")
