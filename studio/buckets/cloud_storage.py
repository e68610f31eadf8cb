"""Cloud Storage, as the studio uses it: lists, reads and writes, and asks what the account may do.

The credentials are Google's application default ones: the key file that
GOOGLE_APPLICATION_CREDENTIALS names, else the account attached to the machine. They should be the
account of Label Studio itself, for what the studio finds allowed is what Label Studio will do.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

import google.auth.exceptions
import requests
from google.api_core import exceptions as google_errors
from google.cloud import storage
from google.cloud.storage.retry import DEFAULT_RETRY
from google.oauth2 import service_account

from studio.buckets.address import StorageAddress
from studio.errors import StorageAccessError, StorageCredentialsError, StorageError

# Google's client repeats what fails for a moment; for this long in all.
RETRY_SECONDS = 30
RETRY = DEFAULT_RETRY.with_timeout(RETRY_SECONDS)
FIELDS = "items(name,size,md5Hash,crc32c,updated),nextPageToken"


@dataclass(frozen=True)
class StoredObject:
    """What a listing says of an object. `md5` is "" for objects made by composition, which have
    the checksum `crc32c` alone."""

    name: str
    size: int
    md5: str
    updated: datetime
    crc32c: str = ""


@dataclass(frozen=True)
class Access:
    """What labeling needs in a bucket, and the roles that give it."""

    permissions: tuple[str, ...]
    roles: str


# Label Studio looks at the bucket itself (buckets.get) before every signature and every write.
READ = Access(
    ("storage.buckets.get", "storage.objects.get", "storage.objects.list"),
    "Storage Object Viewer and Storage Legacy Bucket Reader",
)
# A changed annotation overwrites its object, which takes the right to delete.
WRITE = Access(
    (
        "storage.buckets.get",
        "storage.objects.create",
        "storage.objects.delete",
        "storage.objects.list",
    ),
    "Storage Object User and Storage Legacy Bucket Reader",
)


class CloudStorage:
    """Connects on first use. Every method raises StorageError or one of its kinds."""

    def demand(self, address: StorageAddress, access: Access) -> None:
        """Return if the account may do all that `access` lists."""
        with self._explained(address):
            bucket = self._client.bucket(address.bucket)
            granted = bucket.test_iam_permissions(list(access.permissions), retry=RETRY)
        missing = [name for name in access.permissions if name not in granted]
        if missing:
            raise StorageAccessError(self._denied(address, ", ".join(missing), access.roles))

    def objects(self, address: StorageAddress, glob: str = "") -> list[StoredObject]:
        """Return the objects below `address` by name; `glob` narrows the names below it."""
        return self._listed(address, address.prefix, address.prefix + glob if glob else None)

    def objects_at(self, address: StorageAddress) -> list[StoredObject]:
        """Return the objects whose names begin with that of `address`, by name."""
        return self._listed(address, address.name, None)

    def _listed(self, address: StorageAddress, prefix: str, glob: str | None) -> list[StoredObject]:
        with self._explained(address):
            found = self._client.list_blobs(
                address.bucket,
                prefix=prefix or None,
                match_glob=glob,
                fields=FIELDS,
                retry=RETRY,
            )
            return [
                StoredObject(
                    blob.name,
                    blob.size or 0,
                    blob.md5_hash or "",
                    blob.updated,
                    blob.crc32c or "",
                )
                for blob in found
            ]

    def generations(self, address: StorageAddress) -> list[tuple[int, datetime]]:
        """Return the number of each state of one object that is kept, and when it was written."""
        with self._explained(address):
            found = self._client.list_blobs(
                address.bucket,
                prefix=address.name,
                versions=True,
                fields="items(name,generation,timeCreated),nextPageToken",
                retry=RETRY,
            )
            kept = [
                (int(blob.generation), blob.time_created)
                for blob in found
                if blob.name == address.name
            ]
        return sorted(kept)

    def read(self, address: StorageAddress, generation: int | None = None) -> bytes:
        """Return an object's content, as it is or as it was in an earlier state."""
        with self._explained(address):
            blob = self._client.bucket(address.bucket).blob(address.name, generation=generation)
            return blob.download_as_bytes(retry=RETRY)

    def write(self, address: StorageAddress, content: bytes) -> None:
        """Write an object, in place of one that is there."""
        with self._explained(address):
            blob = self._client.bucket(address.bucket).blob(address.name)
            blob.upload_from_string(content, "application/octet-stream", retry=RETRY)

    def delete(self, address: StorageAddress) -> None:
        """Delete an object; in a bucket with versioning its states stay."""
        with self._explained(address):
            self._client.bucket(address.bucket).blob(address.name).delete(retry=RETRY)

    @cached_property
    def _client(self) -> storage.Client:
        try:
            # project=None: nothing here needs one, and an account of one's own may have none.
            return storage.Client(project=None)
        except google.auth.exceptions.DefaultCredentialsError as error:
            raise StorageCredentialsError(
                f"no Google credentials: {_first_sentence(error)} Name the service account's key "
                "file in GOOGLE_APPLICATION_CREDENTIALS, or run this on a machine with an "
                "attached account"
            ) from None

    @property
    def _account(self) -> str:
        credentials = self._client._credentials
        return getattr(credentials, "service_account_email", None) or "this Google account"

    def _not_accepted(self, reason: str) -> str:
        if isinstance(self._client._credentials, service_account.Credentials):
            return (
                f"Google does not accept the key of {self._account} ({reason}) It was deleted, or "
                "the account is disabled: create a new key and name its file in "
                "GOOGLE_APPLICATION_CREDENTIALS"
            )
        return (
            f"Google gives {self._account} no access ({reason}) Is the account that is attached to "
            "this machine still there and enabled?"
        )

    def _denied(self, address: StorageAddress, missing: str, roles: str) -> str:
        return (
            f"{self._account} lacks permissions that labeling needs on bucket {address.bucket} "
            f"({missing}); give it the roles {roles} there"
        )

    @contextmanager
    def _explained(self, address: StorageAddress) -> Iterator[None]:
        """Turn what Google's client raises into an error that says what to do."""
        try:
            yield
        except google_errors.NotFound as error:
            if "bucket does not exist" in str(error.message):
                text = f"there is no bucket {address.bucket}; correct the name in the project file"
            else:
                text = f"there is no object {address}; upload it, or correct the project file"
            raise StorageError(text) from None
        except (google_errors.Forbidden, google_errors.Unauthorized) as error:
            raise StorageAccessError(
                f"Cloud Storage refuses {self._account} at {address}: {error.message}"
            ) from None
        except google.auth.exceptions.TransportError as error:
            raise StorageError(_unreachable(address, error)) from None
        except google.auth.exceptions.GoogleAuthError as error:
            raise StorageCredentialsError(self._not_accepted(_first_sentence(error))) from None
        except (google_errors.GoogleAPIError, requests.RequestException) as error:
            raise StorageError(_unreachable(address, error)) from None


def _unreachable(address: StorageAddress, error: Exception) -> str:
    return f"Cloud Storage does not answer for {address}: {_first_sentence(error)} Try again later"


def _first_sentence(error: Exception) -> str:
    """Return what an error of Google says, in one line; further arguments are raw answers."""
    text: Sequence[str] | str = error.args[0] if error.args else type(error).__name__
    line = " ".join(str(text).split()).removeprefix("('").partition(". ")[0][:300]
    return line.rstrip(".") + "."
