import base64
import http.client
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.cloud.lab.front import Front

GOOD = "ya29.good"


class Backend(BaseHTTPRequestHandler):
    """In place of docker-registry: says what reached it."""

    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: Any) -> None:
        return

    def do_GET(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length) if length else self.chunks()
        said = {"accept": self.headers.get_all("Accept"), "body": body.decode()}
        content = json.dumps(said).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_PATCH = do_GET

    def chunks(self) -> bytes:
        if self.headers.get("Transfer-Encoding") != "chunked":
            return b""
        body = b""
        while length := int(self.rfile.readline(), 16):
            body += self.rfile.read(length)
            self.rfile.readline()
        self.rfile.readline()
        return body


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[str]:
    """A front without TLS, and its address."""
    backend = ThreadingHTTPServer(("127.0.0.1", 0), Backend)
    settings = tmp_path / "settings.json"
    known = {"backend": f"127.0.0.1:{backend.server_port}", "anonymous": False}
    settings.write_text(json.dumps({**known, "accepted": [GOOD], "hold_after": None}))

    class Here(Front):
        settings_file = settings
        granted: dict[str, str] = {}  # noqa: RUF012

    front = ThreadingHTTPServer(("127.0.0.1", 0), Here)
    for server in (backend, front):
        threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{front.server_port}"
    for server in (front, backend):
        server.shutdown()
        server.server_close()


def login(registry: str, token: str) -> requests.Response:
    basic = base64.b64encode(f"oauth2accesstoken:{token}".encode()).decode()
    headers = {"Authorization": f"Basic {basic}"}
    return requests.get(f"{registry}/v2/token", headers=headers, timeout=10)


def test_who_has_no_token_is_told_where_to_get_one(registry: str) -> None:
    answer = requests.get(f"{registry}/v2/", timeout=10)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Bearer realm=")


def test_a_token_of_the_account_is_exchanged_and_any_other_refused(registry: str) -> None:
    assert login(registry, "ya29.other").status_code == 401
    bearer = {"Authorization": f"Bearer {login(registry, GOOD).json()['token']}"}
    assert requests.get(f"{registry}/v2/", headers=bearer, timeout=10).status_code == 200
    made_up = {"Authorization": "Bearer made-up"}
    assert requests.get(f"{registry}/v2/", headers=made_up, timeout=10).status_code == 401


def test_a_request_reaches_the_registry_whole(registry: str) -> None:
    bearer = {"Authorization": f"Bearer {login(registry, GOOD).json()['token']}"}
    pieces = iter([b"a layer ", b"in pieces"])
    answer = requests.patch(f"{registry}/v2/x", data=pieces, headers=bearer, timeout=10).json()
    assert answer["body"] == "a layer in pieces"


def test_every_kind_of_manifest_that_is_accepted_reaches_the_registry(registry: str) -> None:
    token = login(registry, GOOD).json()["token"]
    connection = http.client.HTTPConnection(registry.removeprefix("http://"), timeout=10)
    connection.putrequest("GET", "/v2/x")
    for name, value in (("Authorization", f"Bearer {token}"), ("Accept", "a/1"), ("Accept", "b/2")):
        connection.putheader(name, value)
    connection.endheaders()
    assert json.loads(connection.getresponse().read())["accept"] == ["a/1, b/2"]
    connection.close()
