"""Connections to Label Studio that are kept, and end between two requests."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

import pytest
import requests

from studio.label_studio.client import session


class Closing(BaseHTTPRequestHandler):
    """Keeps a connection, and closes it without a word when it is used again."""

    protocol_version = "HTTP/1.1"
    asked: ClassVar[list[str]] = []

    def setup(self) -> None:
        super().setup()
        self.is_used = False

    def do_GET(self) -> None:
        self.asked.append(self.command)
        if self.is_used:
            self.close_connection = True
            return
        self.is_used = True
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    do_POST = do_GET

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def url() -> Iterator[str]:
    Closing.asked.clear()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Closing)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()


def test_a_question_is_asked_again_where_its_connection_has_just_ended(url: str) -> None:
    with session() as kept:
        assert [kept.get(url, timeout=5).text for _ in range(2)] == ["ok", "ok"]
    assert Closing.asked == ["GET"] * 3


def test_a_change_is_not_made_twice(url: str) -> None:
    with session() as kept:
        kept.get(url, timeout=5)
        with pytest.raises(requests.ConnectionError):
            kept.post(url, timeout=5)
    assert Closing.asked == ["GET", "POST"]
