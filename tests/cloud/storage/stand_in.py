"""A running stand-in, for tests: a cloud.json to fill, and Google's names to reach it by."""

import errno
import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from google.cloud import storage
from google.oauth2 import service_account

from tests.cloud.storage.certificates import Certificates, make_certificates
from tests.cloud.storage.cloud_file import PROJECT, CloudFile
from tests.cloud.storage.names import write_hosts
from tests.cloud.storage.objects import Version
from tests.cloud.storage.server import Asked, Fault, Server
from tests.cloud.storage.service import HOSTS, Service

HTTPS = 443
ATTEMPTS = 20
POLL_SECONDS = 0.05


@dataclass
class StandIn:
    """Cloud Storage on a loopback address of its own, at the HTTPS port."""

    cloud: CloudFile
    folder: Path
    address: str
    certificates: Certificates
    server: Server

    @property
    def hosts(self) -> Path:
        """A hosts file that leads here."""
        return self.folder / "hosts"

    @property
    def environment(self) -> dict[str, str]:
        """What a process needs to trust the certificate; the names need the hosts file."""
        authority = str(self.certificates.authority)
        return {
            "REQUESTS_CA_BUNDLE": authority,
            "SSL_CERT_FILE": authority,
            # A thread that asks for each bucket in the background, at times of its own.
            "DISABLE_GCS_PYTHON_CLIENT_OTEL_BUCKET_METADATA": "true",
        }

    def key_file(self, account: str, content: str) -> Path:
        """Write a key's content to a file that only its owner reads."""
        file = self.folder / f"{account.partition('@')[0]}-key.json"
        file.write_text(content)
        file.chmod(0o600)
        return file

    def client(self, key: Path) -> storage.Client:
        """Return Google's own client with a key file."""
        credentials = service_account.Credentials.from_service_account_file(str(key))
        return storage.Client(project=PROJECT, credentials=credentials)

    def put(self, bucket: str, name: str, content: bytes, content_type: str = "image/png") -> None:
        """Put an object there, past all roles."""
        self.server.service.objects.put(bucket, name, content, content_type=content_type)

    def read(self, bucket: str, name: str) -> bytes:
        """Return a live object's bytes, past all roles."""
        return self.server.service.objects.find(bucket, name)[1]

    def live(self, bucket: str) -> list[Version]:
        """Return what is known of a bucket's live objects."""
        every = self.server.service.objects.versions(bucket)
        return [version for version in every if not version.deleted]

    def asked(self, method: str, part: str) -> list[Asked]:
        """Return the requests so far with this method and this part of a path."""
        return [one for one in self.server.asked if one.method == method and part in one.path]

    def break_down(self, *faults: Fault) -> None:
        """Let these things go wrong from now on, and no others."""
        self.server.faults = faults


@contextmanager
def run_stand_in(folder: Path) -> Iterator[StandIn]:
    """Serve until the end of the block.

    Raises:
        AssertionError: the stand-in itself had a fault.
    """
    cloud = CloudFile(folder / "cloud.json")
    service = Service(folder)
    stand_in = _listen(cloud, service, folder)
    server = stand_in.server
    write_hosts(stand_in.hosts, stand_in.address)
    thread = threading.Thread(target=server.serve_forever, args=(POLL_SECONDS,), daemon=True)
    thread.start()
    try:
        yield stand_in
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
    assert not server.broken, server.broken[0]


def _listen(cloud: CloudFile, service: Service, folder: Path) -> StandIn:
    """Any loopback address serves, so that two runs do not fight for the one port."""
    for _ in range(ATTEMPTS):
        numbers = (random.randint(1, 254), random.randint(0, 255), random.randint(2, 254))
        address = ".".join(map(str, (127, *numbers)))
        certificates = make_certificates(folder / "tls", HOSTS, address)
        log = folder / "access.jsonl"
        try:
            server = Server((address, HTTPS), service, certificates.context(), log)
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise
        else:
            return StandIn(cloud, folder, address, certificates, server)
    raise OSError(errno.EADDRINUSE, f"port {HTTPS} is taken on {ATTEMPTS} loopback addresses")
