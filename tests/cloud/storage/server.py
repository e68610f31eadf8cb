"""Sockets, TLS, faults on demand and the access log."""

import json
import re
import ssl
import sys
import threading
import time
import traceback
from collections import Counter
from dataclasses import asdict, dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from tests.cloud.storage.refusal import Refused, Reply, json_refusal
from tests.cloud.storage.request import Request
from tests.cloud.storage.service import Service

IDLE_SECONDS = 120.0


@dataclass(frozen=True)
class Fault:
    """What goes wrong with requests whose method and `host/path` fit.

    Attributes:
        times: how many of them; the ones after that are answered.
        status: answered in place of the real answer.
        cut_after: bytes of the body after which the connection breaks.
        delay_seconds: before the answer.
    """

    method: str = "[A-Z]+"
    path: str = ""
    times: int = sys.maxsize
    status: int = 0
    cut_after: int = -1
    delay_seconds: float = 0.0


@dataclass(frozen=True)
class Asked:
    """A line of the access log. Signatures are left out of `path`."""

    method: str
    host: str
    path: str
    status: int
    who: str | None
    agent: str


class Server(ThreadingHTTPServer):
    """Serves in threads of its own; `faults` may be replaced at any time."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(
        self, address: tuple[str, int], service: Service, tls: ssl.SSLContext, log: Path
    ) -> None:
        self.service = service
        self.asked: list[Asked] = []
        # Clients repeat a request that fails: a fault of the stand-in's own would go unseen.
        self.broken: list[str] = []
        self._tls = tls
        self._log = log
        self._lock = threading.Lock()
        self._counts: Counter[Fault] = Counter()
        self.faults: tuple[Fault, ...] = ()
        super().__init__(address, _Handler)

    def fault(self, method: str, target: str) -> Fault:
        """Return the first fault that fits and is not used up, else one that does nothing."""
        with self._lock:
            for fault in self.faults:
                fits = re.fullmatch(fault.method, method) and re.search(fault.path, target)
                if fits and self._counts[fault] < fault.times:
                    self._counts[fault] += 1
                    return fault
        return Fault()

    def note(self, asked: Asked) -> None:
        """Write a line of the access log."""
        with self._lock, self._log.open("a") as log:
            self.asked.append(asked)
            log.write(json.dumps(asdict(asked)) + "\n")

    def finish_request(self, request: Any, client_address: Any) -> None:
        # The handshake belongs into the connection's own thread.
        request.settimeout(IDLE_SECONDS)
        with self._tls.wrap_socket(request, server_side=True) as secure:
            super().finish_request(secure, client_address)

    def handle_error(self, request: Any, client_address: Any) -> None:
        # A peer that went away or refused the certificate is no fault of the stand-in.
        if not isinstance(sys.exc_info()[1], OSError):
            self.broken.append(traceback.format_exc())
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = 1 << 16
    timeout = IDLE_SECONDS

    @property
    def _storage(self) -> Server:
        assert isinstance(self.server, Server)
        return self.server

    def _serve(self) -> None:
        host = self.headers.get("Host", "")
        fault = self._storage.fault(self.command, host + self.path)
        headers = {name.lower(): value for name, value in self.headers.items()}
        request = Request(self.command, self.path, headers, self._read_body())
        time.sleep(fault.delay_seconds)
        if fault.status:
            text = "We encountered an internal error. Please try again."
            reply = json_refusal(Refused(fault.status, "backendError", text))
        else:
            reply = self._storage.service.answer(request)
        path = re.sub("(?i)(x-goog-signature=)[0-9a-f]+", r"\1...", self.path)
        agent = headers.get("user-agent", "")
        self._storage.note(Asked(self.command, host, path, reply.status, request.who, agent))
        self._send(reply, fault)

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = do_OPTIONS = _serve

    def _read_body(self) -> bytes:
        if "chunked" not in self.headers.get("Transfer-Encoding", "").lower():
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        body = b""
        while size := int(self.rfile.readline().split(b";")[0] or b"0", 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    def _send(self, reply: Reply, fault: Fault) -> None:
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        has_body = reply.status not in (204, 304)
        if has_body:
            self.send_header("Content-Length", str(len(reply.body)))
        self.end_headers()
        if has_body and self.command != "HEAD":
            if 0 <= fault.cut_after < len(reply.body):
                self.wfile.write(reply.body[: fault.cut_after])
                self.wfile.flush()
                self.close_connection = True
                return
            self.wfile.write(reply.body)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing on the terminal: the access log is a file."""
