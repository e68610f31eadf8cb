"""Weights from a server on loopback: whole and checked, or not there."""

import hashlib
import threading
from collections.abc import Generator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from weights import fetch as weights
from weights.errors import WeightsError
from weights.fetch import fetch, main, wanted

FILES = {"/m/model.safetensors": b"weights" * 50_000, "/m/config.json": b"{}"}
SHA = {name.rpartition("/")[2]: hashlib.sha256(text).hexdigest() for name, text in FILES.items()}


class Server:
    url = ""
    faults = 0
    asked = 0


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Generator[Server]:
    state = Server()
    monkeypatch.setattr(weights, "PAUSE_SECONDS", 0.01)

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

        def do_GET(self) -> None:
            state.asked += 1
            status = 200 if self.path in FILES else 404
            if state.faults:
                state.faults, status = state.faults - 1, 503
            body = FILES.get(self.path, b"")
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    httpd = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    state.url = f"http://127.0.0.1:{httpd.server_port}/m"
    thread = threading.Thread(target=httpd.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield state
    httpd.shutdown()
    thread.join()
    httpd.server_close()


def test_one_file_by_its_address_and_hash(server: Server, tmp_path: Path) -> None:
    url = f"{server.url}/model.safetensors"
    assert main([str(tmp_path), url, SHA["model.safetensors"]]) == 0
    assert (tmp_path / "model.safetensors").read_bytes() == FILES["/m/model.safetensors"]
    assert [file.name for file in tmp_path.iterdir()] == ["model.safetensors"]


def test_a_folder_of_files_each_with_its_hash(server: Server, tmp_path: Path) -> None:
    hashes = ",".join(f"{name}={digest}" for name, digest in SHA.items())
    fetch(tmp_path, wanted(server.url, hashes))
    assert sorted(file.name for file in tmp_path.iterdir()) == sorted(SHA)


def test_other_bytes_are_refused_and_not_kept(
    server: Server, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(tmp_path), f"{server.url}/config.json", "0" * 64]) == 1
    assert f"has the SHA-256 {SHA['config.json']}, not {'0' * 64}" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_busy_server_is_asked_again_and_a_missing_file_is_not(
    server: Server, tmp_path: Path
) -> None:
    server.faults = 2
    fetch(tmp_path, wanted(f"{server.url}/config.json", SHA["config.json"]))
    assert server.asked == 3
    with pytest.raises(WeightsError, match="answers 404"):
        fetch(tmp_path, wanted(f"{server.url}/none.pth", SHA["config.json"]))
    assert server.asked == 4


@pytest.mark.parametrize(
    ("url", "sha256", "message"),
    [
        ("file:///etc/passwd", "0" * 64, "is not an http"),
        ("https://example.org/m", "abc", "is not a SHA-256"),
        ("https://example.org/m", "a=" + "0" * 64 + ",../b=" + "0" * 64, "is not a file name"),
        ("https://example.org/", "0" * 64, "is not a file name"),
    ],
)
def test_what_cannot_be_fetched_is_refused_by_name(url: str, sha256: str, message: str) -> None:
    with pytest.raises(WeightsError, match=message):
        wanted(url, sha256)


def test_the_usage_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    assert "FOLDER URL SHA256" in capsys.readouterr().err
