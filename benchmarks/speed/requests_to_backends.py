"""Figures of Label Studio's own part of a click: how long it takes, and what it sends.

The backend is an echo that answers at once and counts what it is sent.
"""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from benchmarks.speed.clicks import point
from benchmarks.speed.run import Run
from benchmarks.speed.studios import Studio, studios, task
from benchmarks.speed.timing import compared, pairs

SIZE = "2.8"
PREDICTED, ANNOTATED = 15, (30, 30)


class Echo:
    """A backend without a model. sent: bytes of each body that /predict was given."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.sent: list[int] = []


@contextmanager
def echo() -> Iterator[Echo]:
    """Run an echo until the block ends."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._answer({"status": "UP"})

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            if self.path == "/predict":
                found.sent.append(len(body))
            self._answer({"model_version": "echo", "results": [{"result": [], "score": 1.0}]})

        def _answer(self, value: object) -> None:
            body = json.dumps(value).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """The terminal is the benchmark's."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found = Echo(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield found
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def measure(run: Run) -> None:
    """Measure the group `label-studio`."""
    made = task(run.pictures.address(SIZE), SIZE, PREDICTED, ANNOTATED)
    with studios(run.folder) as (stock, ours), echo() as to_stock, echo() as to_ours:
        ratio, theirs, mine = pairs(
            _click(stock, made, to_stock),
            _click(ours, made, to_ours),
            run.samples(15, 3),
            (stock.server.pid, ours.server.pid),
            warm_up=2,
        )
    run.note("request_75_masks_time", ratio, compared(theirs, mine))
    sent = to_stock.sent[-1], to_ours.sent[-1]
    run.note(
        "request_75_masks_bytes", sent[0] / sent[1], f"stock {sent[0]:,}, ours {sent[1]:,} bytes"
    )


def _click(studio: Studio, made: dict, backend: Echo):
    project, (number,) = studio.project([made])
    connected = studio.connect(project, backend.url)

    def click(count: int) -> None:
        studio.api(
            "POST",
            f"/api/ml/{connected}/interactive-annotating",
            json={"task": number, "context": {"result": [point(count, SIZE)]}},
        )

    return click
