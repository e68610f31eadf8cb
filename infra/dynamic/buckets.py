"""The calls to Cloud Storage that no Pulumi resource makes: one CORS rule, how much is in a bucket.

Reference: https://cloud.google.com/storage/docs/json_api/v1/buckets. The client library takes a
second to import, so it is imported by the first call.
"""

# The client library has no types.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportMissingTypeStubs=false

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

from infra.dynamic.calls import STORAGE, endpoint, worded
from infra.dynamic.credentials import DEFAULT, Access

if TYPE_CHECKING:
    from google.cloud import storage

T = TypeVar("T")

# So many times another one changed the bucket between our look at it and our change.
TRIES = 5

# As the API has it: {"origin": […], "method": […], "responseHeader": […], "maxAgeSeconds": 1}.
CorsRule = dict[str, Any]


class BucketError(RuntimeError):
    """A call to Cloud Storage failed; the message says what happened and what to do."""


class BucketGoneError(BucketError):
    """There is no bucket of that name."""


@dataclass(frozen=True)
class Bucket:
    """What is asked of a bucket, or of what it shall be; labels and lifecycle are never changed.

    Attributes:
        lifecycle: As the API has it: {"action": {"type": …}, "condition": {…}}.
    """

    cors: list[CorsRule]
    versioning: bool
    labels: Mapping[str, str] = field(default_factory=dict[str, str])
    lifecycle: tuple[Mapping[str, Any], ...] = ()


class Buckets:
    """The buckets that some credentials can reach.

    Args:
        project: The project that is asked.
        access: Whose credentials are used.

    Raises:
        BucketError: by every method, when the API refuses or cannot be reached.
    """

    def __init__(self, project: str, access: Access = DEFAULT) -> None:
        self.project, self._access = project, access

    def change(self, name: str, to: Callable[[Bucket], Bucket]) -> Bucket:
        """Make of the bucket what `to` makes of it; return what it was before.

        Nothing is written where nothing differs, and nothing of another's that was written between
        the look and the change is lost: then both are made again.
        """
        from google.api_core.exceptions import PreconditionFailed

        def once() -> Bucket:
            bucket = self._client.get_bucket(name)
            before = _known(bucket)
            after = to(before)
            if after.cors != before.cors:
                bucket.cors = after.cors
            if after.versioning != before.versioning:
                bucket.versioning_enabled = after.versioning
            if after != before:
                bucket.patch(if_metageneration_match=bucket.metageneration)
            return before

        def often() -> Bucket:
            for _ in range(TRIES - 1):
                try:
                    return once()
                except PreconditionFailed:
                    continue
            return once()

        return self._call(f"change the CORS rules of gs://{name}", often)

    def look(self, name: str) -> Bucket:
        """Return what the bucket is."""
        return self._call(f"look at gs://{name}", lambda: _known(self._client.get_bucket(name)))

    def count(self, name: str, most: int) -> int:
        """Return how many objects are in the bucket, old versions among them, at most `most`."""

        def listed() -> int:
            blobs = self._client.list_blobs(
                name, max_results=most, versions=True, fields="items(name),nextPageToken"
            )
            return sum(1 for _ in blobs)

        return self._call(f"count the objects of gs://{name}", listed)

    @cached_property
    def _client(self) -> "storage.Client":
        from google.auth.credentials import AnonymousCredentials
        from google.cloud import storage

        address, plain = endpoint(STORAGE)
        credentials: Any = AnonymousCredentials() if plain else self._access.credentials()
        place = address.removesuffix("/").removesuffix("/storage/v1")
        options = {"api_endpoint": place} if place else None
        return storage.Client(self.project, credentials, client_options=options)

    def _call(self, what: str, call: Callable[[], T]) -> T:
        from google.api_core.exceptions import NotFound

        with worded(what, "Cloud Storage", BucketError):
            try:
                return call()
            except NotFound as fault:
                raise BucketGoneError(f"Could not {what}: {fault.message}") from fault


def put_labels(name: str, labels: Mapping[str, str]) -> str:
    """Return the command that puts labels on a bucket, beside those that it has."""
    listed = ",".join(f"{key}={value}" for key, value in labels.items())
    return f"gcloud storage buckets update gs://{name} --update-labels={listed}"


def _known(bucket: Any) -> Bucket:
    return Bucket(
        list(bucket.cors),
        bool(bucket.versioning_enabled),
        dict(bucket.labels),
        tuple(dict(rule) for rule in bucket.lifecycle_rules),
    )
