"""A metadata server on loopback: the parts of Google's that the machine's scripts speak to.

It is Cloud Storage too, of one bucket and as far as a backup speaks to it, and Secret Manager, for
who shows the machine's token:
https://cloud.google.com/secret-manager/docs/reference/rest/v1/projects.secrets.versions/access.

https://cloud.google.com/compute/docs/metadata/querying-metadata: paths, the required header,
`wait_for_change` with `last_etag`; guest attributes are written by PUT.
"""

import base64
import hashlib
import json
import threading
from collections.abc import Generator, Mapping
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit

TOKEN = "ya29.a-token-for-the-registry"
PREFIX = "/computeMetadata/v1/instance/"


class Metadata:
    """What the server knows, and what it was told."""

    def __init__(self, attributes: Mapping[str, str]) -> None:
        self._attributes = dict(attributes)
        self._changed = threading.Condition()
        self.url = ""
        self.guest_attributes: list[tuple[str, str]] = []
        self.writable = True
        self.secrets: dict[str, str] = {}
        self.objects: dict[str, bytes] = {}
        self.faults = 0
        """How many of the next requests are answered with 503."""

    def set(self, **changes: str | None) -> None:
        """Change attributes, `_` in a name standing for `-`; None removes one."""
        with self._changed:
            for key, value in changes.items():
                name = key if key.isupper() else key.replace("_", "-")
                if value is None:
                    self._attributes.pop(name, None)
                else:
                    self._attributes[name] = value
            self._changed.notify_all()

    def attribute(self, name: str) -> str | None:
        return self._attributes.get(name)

    def phases(self) -> list[str]:
        return [value for name, value in self.guest_attributes if name == "atelier/phase"]

    @property
    def message(self) -> str:
        return [value for name, value in self.guest_attributes if name == "atelier/message"][-1]

    def etag(self) -> str:
        text = json.dumps(self._attributes, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def wait(self, last_etag: str, seconds: float) -> None:
        with self._changed:
            self._changed.wait_for(lambda: self.etag() != last_etag, seconds)

    def everything(self) -> str:
        return json.dumps(self._attributes)


@contextmanager
def serving(attributes: Mapping[str, str]) -> Generator[Metadata]:
    """Run a server until the block ends."""
    metadata = Metadata(attributes)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing: the tests read what was recorded."""

        def answer(self, status: int, text: str | bytes = "") -> None:
            body = text.encode() if isinstance(text, str) else text
            self.send_response(status)
            self.send_header("ETag", metadata.etag())
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def refused(self) -> bool:
            if self.headers.get("Metadata-Flavor") != "Google":
                self.answer(403)
                return True
            if metadata.faults > 0:
                metadata.faults -= 1
                self.answer(503)
                return True
            return False

        def give_secret(self, name: str) -> None:
            if self.headers.get("Authorization") != f"Bearer {TOKEN}":
                self.answer(401, '{"error": {"code": 401}}')
            elif name not in metadata.secrets:
                self.answer(403, '{"error": {"code": 403}}')
            else:
                data = base64.b64encode(metadata.secrets[name].encode()).decode()
                payload = {"name": name, "payload": {"data": data, "dataCrc32c": "1"}}
                self.answer(200, json.dumps(payload, indent=2))

        def in_bucket(self) -> None:
            """Answer as https://cloud.google.com/storage/docs/json_api/v1/objects says."""
            parts = urlsplit(self.path)
            query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
            name = unquote(parts.path.partition("/o/")[2]) or query.get("name", "")
            if self.headers.get("Authorization") != f"Bearer {TOKEN}":
                self.answer(401)
            elif self.command == "POST":
                length = int(self.headers["Content-Length"])
                metadata.objects[name] = self.rfile.read(length)
                self.answer(200, json.dumps({"name": name}))
            elif not name:
                found = [one for one in metadata.objects if one.startswith(query["prefix"])]
                self.answer(200, json.dumps({"items": [{"name": one} for one in found]}))
            elif name not in metadata.objects:
                self.answer(404)
            elif self.command == "DELETE":
                del metadata.objects[name]
                self.answer(204)
            else:
                self.answer(200, metadata.objects[name])

        do_POST = do_DELETE = in_bucket

        def do_GET(self) -> None:
            if self.path.startswith("/storage/"):
                self.in_bucket()
                return
            if self.path.endswith(":access"):
                self.give_secret(self.path.removeprefix("/v1/").removesuffix(":access"))
                return
            if self.refused():
                return
            parts = urlsplit(self.path)
            query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
            path = parts.path.removeprefix(PREFIX)
            if path == "id":
                self.answer(200, "4711")
            elif path == "service-accounts/default/token":
                token = {"access_token": TOKEN, "expires_in": 3599, "token_type": "Bearer"}
                self.answer(200, json.dumps(token))
            elif path == "attributes/":
                if query.get("wait_for_change") == "true":
                    metadata.wait(query.get("last_etag", "0"), float(query["timeout_sec"]))
                # A service that is stopped while it waits is gone by now.
                with suppress(ConnectionError):
                    self.answer(200, metadata.everything())
            else:
                value = metadata.attribute(path.removeprefix("attributes/"))
                self.answer(404 if value is None else 200, value or "")

        def do_PUT(self) -> None:
            text = self.rfile.read(int(self.headers["Content-Length"])).decode()
            if self.refused():
                return
            if not metadata.writable:
                self.answer(403)
                return
            name = self.path.removeprefix(PREFIX + "guest-attributes/")
            metadata.guest_attributes.append((name, text))
            self.answer(200)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    metadata.url = f"http://127.0.0.1:{server.server_port}/computeMetadata/v1"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield metadata
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
