"""The TLS front of the registry: python -m tests.cloud.lab.front SETTINGS.json

It logs in as Artifact Registry does (https://distribution.github.io/distribution/spec/auth/token/):
a request without a token is told where to get one, and there the user `oauth2accesstoken` shows an
access token of the machine's service account. Docker Hub's names are served without a login, for
pulls and, because the lab has to fill it, pushes. Behind it is an unmodified docker-registry.

SETTINGS is read at every request, so that a test can change it: {address, certificate, key,
backend, anonymous, accepted: [access tokens], hold_after: bytes of one blob after which it stops,
or null}. Every answer is a line in the log: method, path, status, bytes.
"""

import base64
import http.client
import json
import secrets
import ssl
import sys
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

CHUNK = 1 << 18
DROPPED = {"connection", "transfer-encoding", "host", "authorization", "keep-alive", "server"}
USERS = {"oauth2accesstoken", "_dcgcloud_token"}  # The second is docker-credential-gcloud's.


class Front(BaseHTTPRequestHandler):
    """One connection. `settings_file` and `granted` are shared by all of a server."""

    protocol_version = "HTTP/1.1"
    settings_file: Path
    granted: dict[str, str]  # token of this registry -> the access token that it was given for

    @property
    def settings(self) -> dict[str, Any]:
        return json.loads(self.settings_file.read_text())

    def log_message(self, format: str, *args: Any) -> None:
        return  # `note` writes the log.

    def note(self, status: int, size: int) -> None:
        path = urlsplit(self.path).path
        sys.stdout.write(f"{time.time():.2f} {self.command} {path} {status} {size}\n")
        sys.stdout.flush()

    def do_GET(self) -> None:
        if urlsplit(self.path).path == "/v2/token":
            self.give_token()
        elif self.settings["anonymous"] or self.is_logged_in():
            self.pass_on()
        else:
            self.ask_for_login()

    do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_GET

    def is_logged_in(self) -> bool:
        kind, _, token = (self.headers.get("Authorization") or "").partition(" ")
        if kind == "Basic":
            return self.access_token(token) is not None
        return kind == "Bearer" and self.granted.get(token) in self.settings["accepted"]

    def access_token(self, basic: str) -> str | None:
        """Return the access token in a Basic header if it is good."""
        user, _, token = base64.b64decode(basic).decode(errors="replace").partition(":")
        return token if user in USERS and token in self.settings["accepted"] else None

    def give_token(self) -> None:
        kind, _, basic = (self.headers.get("Authorization") or "").partition(" ")
        access = self.access_token(basic) if kind == "Basic" else None
        if access is None:
            self.answer(401, {"errors": [{"code": "UNAUTHORIZED", "message": "invalid token"}]})
            return
        token = secrets.token_urlsafe(24)
        self.granted[token] = access
        self.answer(200, {"token": token, "expires_in": 3600})

    def ask_for_login(self) -> None:
        host = self.headers.get("Host", "")
        realm = f'Bearer realm="https://{host}/v2/token",service="{host}"'
        message = "You do not have permission to access it (or it may not exist)."
        error = {"errors": [{"code": "DENIED", "message": message}]}
        self.answer(401, error, {"WWW-Authenticate": realm})

    def answer(self, status: int, body: Any, headers: dict[str, str] | None = None) -> None:
        content = json.dumps(body).encode()
        self.send_response(status)
        for name, value in ({"Content-Type": "application/json"} | (headers or {})).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        # A body that was not read would be taken for the next request.
        self.send_header("Connection", "close")
        self.close_connection = True
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)
        self.note(status, len(content))

    def pass_on(self) -> None:
        host, _, port = self.settings["backend"].partition(":")
        backend = http.client.HTTPConnection(host, int(port), timeout=600)
        # Joined: Docker names each kind of manifest in an Accept header of its own.
        names = {name for name in self.headers if name.lower() not in DROPPED}
        headers = {name: ", ".join(self.headers.get_all(name, [])) for name in names}
        headers |= {"Host": self.headers.get("Host", ""), "X-Forwarded-Proto": "https"}
        chunked = "chunked" in (self.headers.get("Transfer-Encoding") or "")
        if chunked:
            headers["Transfer-Encoding"] = "chunked"
        try:
            backend.request(self.command, self.path, self.body(), headers, encode_chunked=chunked)
            self.pass_back(backend.getresponse())
        finally:
            backend.close()

    def body(self) -> Iterator[bytes] | None:
        """Yield the request's body piece by piece."""
        if "chunked" in (self.headers.get("Transfer-Encoding") or ""):
            return self.chunks()
        length = int(self.headers.get("Content-Length") or 0)
        return self.pieces(length) if length else None

    def pieces(self, length: int) -> Iterator[bytes]:
        while length:
            piece = self.rfile.read(min(CHUNK, length))
            if not piece:
                raise ConnectionResetError("the client went away")
            length -= len(piece)
            yield piece

    def chunks(self) -> Iterator[bytes]:
        while length := int(self.rfile.readline().split(b";")[0], 16):
            yield from self.pieces(length)
            self.rfile.readline()
        self.rfile.readline()

    def pass_back(self, response: http.client.HTTPResponse) -> None:
        self.send_response(response.status)
        for name, value in response.getheaders():
            if name.lower() not in DROPPED:
                self.send_header(name, value)
        self.end_headers()
        size = 0
        try:
            while piece := response.read(CHUNK):
                self.wfile.write(piece)
                size += len(piece)
                self.hold(size)
        finally:
            self.note(response.status, size)

    def hold(self, size: int) -> None:
        """Stop in the middle of a blob for as long as the settings say so."""
        if "/blobs/" not in self.path or self.command != "GET":
            return
        while (limit := self.settings.get("hold_after")) is not None and size >= limit:
            time.sleep(0.1)


def main() -> None:
    Front.settings_file, Front.granted = Path(sys.argv[1]), {}
    settings = json.loads(Front.settings_file.read_text())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(settings["certificate"], settings["key"])
    ThreadingHTTPServer.daemon_threads = True
    server = ThreadingHTTPServer((settings["address"], 443), Front)
    server.socket = context.wrap_socket(
        server.socket, server_side=True, do_handshake_on_connect=False
    )
    server.serve_forever()


if __name__ == "__main__":
    main()
