"""A real HTTP server with weights, whose faults a test chooses: cuts, refusals, other bytes."""

import hashlib
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

from weights.file import File

CHUNK_BYTES = 64 * 1024


@dataclass
class Host:
    """What the server has and does.

    Attributes:
        url: its address, without a trailing slash.
        files: path -> content.
        versions: path -> entity tag; without one the server names none.
        answers: statuses that the next requests get instead of what they ask for.
        retry_after: Retry-After beside those.
        cuts: after how many bytes of its body each of the next answers breaks off.
        ranges: whether it knows ranges.
        chunk_seconds: pause between 64 KiB.
        redirects: path -> where it leads, with these headers beside.
        heads: whether HEAD is allowed.
        asked: method, path and headers of each request, in order.
        token: what a request has to have as its Authorization, if anything.
    """

    url: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)
    answers: list[int] = field(default_factory=list)
    retry_after: str = ""
    cuts: list[int] = field(default_factory=list)
    ranges: bool = True
    chunk_seconds: float = 0.0
    redirects: dict[str, tuple[str, dict[str, str]]] = field(default_factory=dict)
    heads: bool = True
    asked: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)
    token: str = ""

    def put(self, path: str, content: bytes, version: str = '"one"') -> File:
        """Offer a file. Return how a catalogue lists it."""
        self.files[path], self.versions[path] = content, version
        digest = hashlib.sha256(content).hexdigest()
        return File(path.rpartition("/")[2], f"{self.url}{path}", digest, len(content))

    def ranges_asked(self) -> list[str | None]:
        """The Range of each GET, in order."""
        return [headers.get("Range") for method, _, headers in self.asked if method == "GET"]


@contextmanager
def serving() -> Iterator[Host]:
    """Run a server on loopback until the block ends."""
    host = Host()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(host))
    server.daemon_threads = True
    host.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield host
    server.shutdown()
    thread.join()
    server.server_close()


def _handler(host: Host) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

        def do_HEAD(self) -> None:
            self._answer(with_body=False)

        def do_GET(self) -> None:
            self._answer(with_body=True)

        def _answer(self, with_body: bool) -> None:
            # A proxy is asked for a whole address, of whichever host.
            path = urlsplit(self.path).path
            host.asked.append((self.command, self.path, dict(self.headers)))
            if host.answers:
                return self._refuse(host.answers.pop(0))
            if self.command == "HEAD" and not host.heads:
                return self._refuse(405)
            if host.token and self.headers.get("Authorization") != host.token:
                return self._refuse(403)
            if path in host.redirects:
                target, headers = host.redirects[path]
                return self._refuse(302, {"Location": target, **headers})
            if path not in host.files:
                return self._refuse(404)
            return self._send(path, with_body)

        def _refuse(self, status: int, headers: dict[str, str] | None = None) -> None:
            self.send_response(status)
            retry = {"Retry-After": host.retry_after} if host.retry_after else {}
            for name, value in {**(headers or {}), **retry, "Content-Length": "0"}.items():
                self.send_header(name, value)
            self.end_headers()

        def _send(self, path: str, with_body: bool) -> None:
            content, version = host.files[path], host.versions[path]
            start = self._start(version)
            if start is not None and start >= len(content):
                return self._refuse(416)
            self.send_response(200 if start is None else 206)
            body = memoryview(content)[start or 0 :]
            self.send_header("Content-Length", str(len(body)))
            if version:
                self.send_header("ETag", version)
            if start is not None:
                last = len(content) - 1
                self.send_header("Content-Range", f"bytes {start}-{last}/{len(content)}")
            self.end_headers()
            if not with_body:
                return None
            sent = body[: host.cuts.pop(0) if host.cuts else None]
            self.close_connection = True
            with suppress(ConnectionError):  # Who asked had enough.
                for at in range(0, len(sent), CHUNK_BYTES):
                    self.wfile.write(sent[at : at + CHUNK_BYTES])
                    time.sleep(host.chunk_seconds)
            return None

        def _start(self, version: str) -> int | None:
            wanted = self.headers.get("Range")
            if not host.ranges or wanted is None:
                return None
            if self.headers.get("If-Range", version) != version:
                return None
            return int(wanted.removeprefix("bytes=").partition("-")[0])

    return Handler
