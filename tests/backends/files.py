"""A file server on loopback in Label Studio's place: /data/upload/... for those with the token."""

import io
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
from PIL import Image

TOKEN = "a-legacy-token"


def png(pixels: np.ndarray) -> bytes:
    """A PNG of pixels, uint8 (H, W, 3)."""
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


class Files:
    """What the server holds and how often each path was fetched."""

    def __init__(self) -> None:
        self.held: dict[str, bytes] = {}
        self.fetched: list[str] = []
        self.url = ""

    def put(self, name: str, pixels: np.ndarray) -> str:
        """Hold an image and return the address that task data has for it."""
        path = f"/data/upload/1/{name}"
        self.held[path] = png(pixels)
        return path


@contextmanager
def serving_files() -> Iterator[Files]:
    """Serve `Files.held` until the block ends."""
    files = Files()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            path = self.path.partition("?")[0]
            files.fetched.append(path)
            allowed = self.headers.get("Authorization") == f"Token {TOKEN}"
            body = files.held.get(path) if allowed else None
            self.send_response(200 if body else 404 if allowed else 401)
            self.send_header("Content-Type", "image/png")
            self.send_header("Content-Length", str(len(body or b"")))
            self.end_headers()
            self.wfile.write(body or b"")

        def log_message(self, format: str, *args: object) -> None:
            """Keep the test's output for the test."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    files.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield files
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
