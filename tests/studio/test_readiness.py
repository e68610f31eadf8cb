"""A backend is waited for, and a model that failed to load is not."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from studio.errors import BackendError
from studio.project.project_file import Backend
from studio.readiness import wait_until_up
from tests.label_studio import free_port

LOADING = (503, {"status": "LOADING", "progress": "reading weights"})
UP = (200, {"status": "UP", "model_class": "Coats"})
FAILED = (503, {"status": "FAILED", "message": "FileNotFoundError: sam.pth"})


@contextmanager
def backend_that_says(*answers: tuple[int, object]) -> Iterator[Backend]:
    """Answer /health with each of ``answers`` once, and then with the last."""
    left = list(answers)

    class Health(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, body = left.pop(0) if len(left) > 1 else left[0]
            self.send_response(status)
            self.end_headers()
            self.wfile.write(json.dumps(body).encode())

        def log_message(self, format: str, *args: object) -> None:
            """Stay quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Health)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield Backend(title="coats", url=f"http://127.0.0.1:{server.server_port}")
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def test_progress_is_told_until_it_is_up() -> None:
    told: list[str] = []
    with backend_that_says(LOADING, UP) as backend:
        wait_until_up(backend, 30, told.append)
    assert told == ["waiting for coats: reading weights"]


def test_a_model_that_failed_to_load_ends_the_wait() -> None:
    with (
        backend_that_says(LOADING, FAILED) as backend,
        pytest.raises(BackendError, match=r"could not load its model: FileNotFoundError: sam\.pth"),
    ):
        wait_until_up(backend, 30, lambda _: None)


@pytest.mark.parametrize(
    ("answer", "said"),
    [(LOADING, "reading weights"), ((500, "?"), "HTTP 500"), ((503, {}), "HTTP 503")],
)
def test_what_it_said_last_is_in_the_message(answer: tuple[int, object], said: str) -> None:
    with (
        backend_that_says(answer) as backend,
        pytest.raises(BackendError, match=f"not up after 0 s: {said}"),
    ):
        wait_until_up(backend, 0, lambda _: None)


def test_nobody_there_is_said() -> None:
    backend = Backend(title="coats", url=f"http://127.0.0.1:{free_port()}")
    with pytest.raises(BackendError, match="it does not answer"):
        wait_until_up(backend, 0, lambda _: None)
