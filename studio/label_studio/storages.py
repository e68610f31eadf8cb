"""Label Studio's Cloud Storage storages, through its API."""

import base64
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import requests
from label_studio_sdk import LabelStudio

from studio.buckets.address import StorageAddress
from studio.errors import MediaError, RefusedError, StorageAccessError, StorageCredentialsError
from studio.label_studio.answers import explained
from studio.label_studio.connection import Connection
from studio.label_studio.records import number_of

TIMEOUT_SECONDS = 60.0
# Label Studio writes all that was asked for within this one request.
SAVE_TIMEOUT_SECONDS = 1800
# What google-auth says of a key that is deleted, and of no key at all.
NO_CREDENTIALS = ("invalid_grant", "default credentials were not found")


@dataclass(frozen=True)
class SourceStorage:
    """A source storage, which opens the images of a bucket. `id` is 0 until Label Studio has it.

    Attributes:
        presign: whether a browser gets a signed address, or the bytes through Label Studio.
        synchronizable: whether people may start Label Studio's own import.
    """

    bucket: str
    presign: bool
    presign_minutes: int
    synchronizable: bool
    id: int = 0


@dataclass(frozen=True)
class TargetStorage:
    """A target storage, which takes the annotations. `id` is 0 until Label Studio has it."""

    address: StorageAddress
    title: str
    id: int = 0


@dataclass(frozen=True)
class Storages:
    """The storages of Label Studio's projects.

    Every method raises NotReachableError, WrongTokenError, RefusedError, or a StorageError where
    Label Studio itself does not get at the bucket.
    """

    connection: Connection
    sdk: LabelStudio
    http: requests.Session

    def sources(self, project: int) -> list[SourceStorage]:
        """Return the project's source storages, oldest first."""
        with explained(self.connection, "listing source storages"):
            found = self.sdk.import_storage.gcs.list(project=project)
        return [
            SourceStorage(
                bucket=item.bucket or "",
                presign=bool(item.presign),
                presign_minutes=item.presign_ttl or 0,
                synchronizable=bool(item.synchronizable),
                id=number_of(item),
            )
            for item in sorted(found, key=number_of)
        ]

    def save_source(self, project: int, storage: SourceStorage) -> None:
        """Create a source storage, or change the one with its id."""
        doing = f"opening bucket {storage.bucket} as source"
        fields = {
            "project": project,
            "title": f"source {storage.bucket}",
            "bucket": storage.bucket,
            # It only opens what tasks name. A prefix would be refused while nothing is below it.
            "prefix": "",
            "presign": storage.presign,
            "presign_ttl": storage.presign_minutes,
            "synchronizable": storage.synchronizable,
        }
        with _accessible(storage.bucket), explained(self.connection, doing):
            if storage.id:
                self.sdk.import_storage.gcs.update(id=storage.id, **fields)
            else:
                self.sdk.import_storage.gcs.create(**fields)

    def targets(self, project: int) -> list[TargetStorage]:
        """Return the project's target storages, oldest first."""
        with explained(self.connection, "listing target storages"):
            found = self.sdk.export_storage.gcs.list(project=project)
        return [
            TargetStorage(
                StorageAddress(item.bucket or "", (item.prefix or "").strip("/")),
                item.title or "",
                number_of(item),
            )
            for item in sorted(found, key=number_of)
        ]

    def make_target(self, project: int, storage: TargetStorage) -> None:
        """Create a target storage; Label Studio fills it with the annotations that are there."""
        bucket = storage.address.bucket
        doing = f"opening bucket {bucket} as target"
        with _accessible(bucket), explained(self.connection, doing):
            self.sdk.export_storage.gcs.create(
                project=project,
                title=storage.title,
                bucket=bucket,
                prefix=storage.address.name,
                # Label Studio deletes nothing there, whatever this says; written out all the same.
                can_delete_objects=False,
            )

    def remove_target(self, storage: TargetStorage) -> None:
        """Remove a target storage; what was saved there stays."""
        with explained(self.connection, f"removing target {storage.address}"):
            self.sdk.export_storage.gcs.delete(id=storage.id)

    def save(self, storage: TargetStorage, tasks: Collection[int]) -> None:
        """Write tasks to the target. Label Studio does not say which ones failed.

        Another Label Studio than Atelier's does not know the list, and writes all annotated tasks.
        """
        with _accessible(storage.address.bucket), explained(self.connection, "saving annotations"):
            self.sdk.export_storage.gcs.sync(
                id=storage.id,
                request_options={
                    "timeout_in_seconds": SAVE_TIMEOUT_SECONDS,
                    "additional_body_parameters": {"tasks": sorted(tasks)},
                },
            )

    def check_image(self, task: int, address: str) -> None:
        """Open a task's image as a browser does, and return if its first byte comes.

        Raises:
            MediaError: it does not, with the reason as far as it shows.
        """
        encoded = base64.urlsafe_b64encode(address.encode()).decode()
        with explained(self.connection, f"opening the image of task {task}"):
            answer = self.http.get(
                f"{self.connection.url}/tasks/{task}/resolve/",
                params={"fileuri": encoded},
                headers={"Range": "bytes=0-0"},
                allow_redirects=False,
                timeout=TIMEOUT_SECONDS,
            )
        if answer.status_code == 303:
            self._check_signed(answer.headers["Location"], address)
        elif answer.status_code == 404:
            raise MediaError(
                f"Label Studio cannot sign the address of {address}. Without a key file its "
                "account needs the role Service Account Token Creator on itself; or write "
                "`media: proxy` in the project file. Its log has Google's own words"
            )
        elif not answer.ok:
            raise MediaError(
                f"Label Studio cannot read {address} (HTTP {answer.status_code}); its log says why"
            )

    def read_image(self, task: int, address: str) -> bytes:
        """Return the file of a task's image, at an address of its data.

        Raises:
            MediaError: it does not come.
        """
        with explained(self.connection, f"reading the image of task {task}"):
            if address.startswith("/"):
                answer = self.http.get(self.connection.url + address, timeout=TIMEOUT_SECONDS)
            elif address.startswith(("http://", "https://")):
                answer = _without_token(address)
            else:
                encoded = base64.urlsafe_b64encode(address.encode()).decode()
                answer = self.http.get(
                    f"{self.connection.url}/tasks/{task}/resolve/",
                    params={"fileuri": encoded},
                    allow_redirects=False,
                    timeout=TIMEOUT_SECONDS,
                )
                if answer.status_code == 303:
                    answer = _without_token(answer.headers["Location"])
        if not answer.ok:
            raise MediaError(f"the image of task {task} does not come (HTTP {answer.status_code})")
        return answer.content

    def _check_signed(self, signed: str, address: str) -> None:
        try:
            # Not through the session, whose token is for Label Studio alone.
            answer = requests.get(
                signed, headers={"Range": "bytes=0-0"}, timeout=TIMEOUT_SECONDS, stream=True
            )
            answer.close()
        except requests.RequestException as error:
            raise MediaError(
                f"the signed address of {address} cannot be reached ({type(error).__name__})"
            ) from None
        if not answer.ok:
            raise MediaError(
                f"Cloud Storage refuses the signed address of {address} (HTTP "
                f"{answer.status_code}): the key that Label Studio signs with was deleted, or its "
                "account may not read the object. Give Label Studio a valid key and restart it"
            )


def _without_token(address: str) -> requests.Response:
    """Not through the session, whose token is for Label Studio alone."""
    try:
        return requests.get(address, timeout=TIMEOUT_SECONDS)
    except requests.RequestException as error:  # Its text has the address, which may be signed.
        raise MediaError(f"the image does not come: {type(error).__name__}") from None


@contextmanager
def _accessible(bucket: str) -> Iterator[None]:
    """Tell Google's refusals of Label Studio, in its own answer, apart from Label Studio's own."""
    try:
        yield
    except RefusedError as error:
        text = str(error)
        if any(words in text for words in NO_CREDENTIALS):
            raise StorageCredentialsError(
                f"{text}. Label Studio has no valid Google credentials: name a key file in its "
                "GOOGLE_APPLICATION_CREDENTIALS, or attach an account to its machine, and restart "
                "it (it keeps the credentials that it started with)"
            ) from None
        if "does not have storage." in text:
            raise StorageAccessError(
                f"{text}. Give Label Studio's account the role Storage Legacy Bucket Reader on "
                f"bucket {bucket}, beside Storage Object Viewer (source) or Storage Object User "
                "(target)"
            ) from None
        raise
