"""Real HTTP servers on 127.0.0.1, told by a function what to answer."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ssl import SSLContext
from typing import Any
from urllib.parse import SplitResult, urlsplit


@dataclass(frozen=True)
class Asked:
    """A request as it arrived; header names in lower case."""

    method: str
    url: SplitResult
    headers: dict[str, str]
    body: bytes

    @property
    def path(self) -> str:
        return self.url.path


@dataclass(frozen=True)
class Reply:
    """What to answer.

    drip: seconds between bytes, headers included. cut: bytes of the body before hanging up.
    """

    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    drip: float | None = None
    cut: int | None = None


class Server:
    """Answers with `answer(asked)` and remembers what was asked."""

    def __init__(self, answer: Callable[[Asked], Reply], tls: SSLContext | None = None) -> None:
        self.asked: list[Asked] = []
        self.connections = 0
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            timeout = 10

            def setup(self) -> None:
                super().setup()
                server.connections += 1

            def do_GET(self) -> None:
                length = int(self.headers.get("content-length", 0))
                asked = Asked(
                    self.command,
                    urlsplit(self.path),
                    {name.lower(): value for name, value in self.headers.items()},
                    self.rfile.read(length),
                )
                server.asked.append(asked)
                self._send(answer(asked))

            do_POST = do_GET

            def _send(self, reply: Reply) -> None:
                headers = {"Content-Length": str(len(reply.body))} | reply.headers
                lines = [f"HTTP/1.1 {reply.status} X"]
                lines += [f"{name}: {value}" for name, value in headers.items()]
                raw = "\r\n".join(lines).encode() + b"\r\n\r\n" + reply.body
                if reply.cut is not None:
                    raw = raw[: len(raw) - len(reply.body) + reply.cut]
                    self.close_connection = True
                if reply.drip is None:
                    self.wfile.write(raw)
                    return
                for byte in raw:
                    if server.stopped.wait(reply.drip):
                        return
                    self.wfile.write(bytes([byte]))

            def log_message(self, format: str, *args: Any) -> None:
                return

        class Quiet(ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 64  # a dropped connection is tried again only after a second

            def handle_error(self, request: Any, client_address: Any) -> None:
                return  # A client that hangs up early is what several tests are about.

        self.stopped = threading.Event()
        self._httpd = Quiet(("127.0.0.1", 0), Handler)
        if tls is not None:
            self._httpd.socket = tls.wrap_socket(
                self._httpd.socket, server_side=True, do_handshake_on_connect=False
            )
        self._thread = threading.Thread(target=self._httpd.serve_forever, args=(0.01,))
        self._thread.start()

    @property
    def port(self) -> int:
        return self._httpd.server_address[1]

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        return f"http://{self.host}"

    def stop(self) -> None:
        self.stopped.set()
        self._httpd.shutdown()
        self._httpd.server_close()
        self._thread.join()


def closed_port() -> int:
    """A port of 127.0.0.1 that nobody listens on."""
    server = Server(lambda asked: Reply())
    server.stop()
    return server.port


def timed(call: Callable[[], object]) -> float:
    """Seconds that `call` takes."""
    start = time.monotonic()
    call()
    return time.monotonic() - start
