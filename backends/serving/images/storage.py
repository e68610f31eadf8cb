"""Objects in Cloud Storage, read with this process's own Google credentials.

Label Studio hands `gs://` addresses over as they are, so no signing and no Label Studio token is
needed: application default credentials do, on a Google machine its service account, elsewhere the
key file that GOOGLE_APPLICATION_CREDENTIALS names.
"""

import ssl
import threading
import time

import google.auth.exceptions
import requests
from google.api_core import exceptions as google_errors
from google.cloud import storage
from google.cloud.storage.exceptions import DataCorruption, InvalidResponse
from google.cloud.storage.retry import DEFAULT_RETRY
from requests.adapters import HTTPAdapter

from backends.serving.images.budget import Body, Budget
from backends.serving.images.connections import pool_manager, spending
from backends.serving.images.errors import ImageDenied, ImageNotFound, ImageUnreachable
from backends.serving.images.guard import system_resolver
from backends.serving.images.sources import StorageObject

# Looking for credentials on a machine that has none asks a metadata server for seconds.
_CREDENTIALS_RETRY_SECONDS = 30.0
_FIRST_PAUSE_SECONDS = 0.2
_NO_CREDENTIALS = (
    "no Google credentials on this machine; attach a service account to it, or name a key file in "
    "GOOGLE_APPLICATION_CREDENTIALS"
)


class _TimedAdapter(HTTPAdapter):
    """Google's connections end with an image's time as all others do, and there is one a thread."""

    def __init__(self, tls: ssl.SSLContext) -> None:
        self._tls = tls
        super().__init__()

    def init_poolmanager(self, *args: object, **options: object) -> None:
        self.poolmanager = pool_manager(system_resolver, self._tls)


class Storage:
    """Reads objects; the client is made on first use and shared by all threads."""

    def __init__(self, tls: ssl.SSLContext) -> None:
        self._tls = tls
        self._lock = threading.Lock()
        self._client: storage.Client | None = None
        self._no_client_until = 0.0

    def has_credentials(self) -> bool:
        """Whether this process can show Google who it is; looked up once in a while."""
        try:
            self._connected("")
        except ImageDenied:
            return False
        return True

    def fetch(self, source: StorageObject, budget: Budget) -> tuple[Body, int, str]:
        """The object's bytes, checked against Google's checksum, its generation, its checksum.

        The checksum is what a listing of the bucket says, too: `md5:...`, or `crc32c:...` of an
        object that was made by composition, which has no other.

        Raises ImageDenied, ImageNotFound, ImageTooLarge, ImageUnreachable.
        """
        image = budget.image
        try:
            client = self._connected(image)
            with spending(budget):
                try:
                    return self._download(client, source, budget)
                except google_errors.NotFound:
                    # Replaced between the two requests: the generation that was pinned is gone.
                    return self._download(client, source, budget)
        except google_errors.NotFound as error:
            raise ImageNotFound(f"{image}: there is no such object in Cloud Storage") from error
        except (google_errors.Forbidden, google_errors.Unauthorized) as error:
            raise ImageDenied(
                f"{image}: Cloud Storage refuses access ({error.code}); give this machine's "
                f"service account the role Storage Object Viewer on the bucket {source.bucket}"
            ) from error
        except DataCorruption as error:
            raise ImageUnreachable(
                f"{image}: the download does not match Cloud Storage's checksum"
            ) from error
        except google_errors.GoogleAPICallError as error:
            raise ImageUnreachable(f"{image}: Cloud Storage answered {error.code}") from error
        except (
            google_errors.RetryError,
            google.auth.exceptions.TransportError,
            requests.RequestException,
            InvalidResponse,
            ConnectionError,
        ) as error:
            budget.remaining()
            raise ImageUnreachable(
                f"{image}: Cloud Storage cannot be reached ({type(error).__name__})"
            ) from error
        except google.auth.exceptions.GoogleAuthError as error:
            raise ImageDenied(
                f"{image}: Google refuses the service account or its key; is it disabled?"
            ) from error

    def _download(
        self, client: storage.Client, source: StorageObject, budget: Budget
    ) -> tuple[Body, int, str]:
        bucket = client.bucket(source.bucket)
        blob = bucket.get_blob(source.name, **_limits(budget))
        if blob is None:
            raise google_errors.NotFound(source.name)
        budget.check_size(blob.size or 0)
        body = Body(budget)
        blob.download_to_file(body, **_limits(budget))
        body.seek(0)
        checksum = f"md5:{blob.md5_hash}" if blob.md5_hash else f"crc32c:{blob.crc32c}"
        return body, int(blob.generation or 0), checksum

    def _connected(self, image: str) -> storage.Client:
        with self._lock:
            if self._client is None:
                if time.monotonic() < self._no_client_until:
                    raise ImageDenied(f"{image}: {_NO_CREDENTIALS}")
                try:
                    # project=None: reading needs none, and a key file's project is often another.
                    client = storage.Client(project=None)
                except google.auth.exceptions.DefaultCredentialsError as error:
                    self._no_client_until = time.monotonic() + _CREDENTIALS_RETRY_SECONDS
                    raise ImageDenied(f"{image}: {_NO_CREDENTIALS}") from error
                for scheme in ("https://", "http://"):
                    client._http.mount(scheme, _TimedAdapter(self._tls))
                self._client = client
            return self._client


def _limits(budget: Budget) -> dict:
    """Time limits for one call of Google's client, which does its own retries and back-off."""
    left = budget.remaining()
    retry = DEFAULT_RETRY.with_delay(initial=_FIRST_PAUSE_SECONDS).with_timeout(left)
    return {"timeout": (left, left), "retry": retry}
