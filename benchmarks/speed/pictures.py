"""The pictures that are labeled: drawn scenes, as JPEG, from a server on loopback."""

import io
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import cv2
from PIL import Image

from demo.scenes import draw

# Megapixels -> (height, width): all portraits of 2:3, as a catalogue's are.
SIZES = {
    "0.5": (866, 577),
    "2.8": (2049, 1366),
    "3.4": (2250, 1500),
    "12": (4242, 2828),
    "13.5": (4500, 3000),
}
DRAWN = (900, 600)
JPEG_QUALITY = 90


def picture(seed: int, megapixels: str) -> bytes:
    """Return the JPEG of a scene, drawn small and enlarged."""
    height, width = SIZES[megapixels]
    pixels = cv2.resize(draw(seed, DRAWN).image, (width, height), interpolation=cv2.INTER_CUBIC)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=JPEG_QUALITY)
    return file.getvalue()


class Pictures:
    """A server of scenes. Addresses are `URL/MEGAPIXELS/SEED.jpg`; each is drawn once."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.host = url.partition("://")[2]
        self._held: dict[str, bytes] = {}
        self._lock = threading.Lock()

    def address(self, megapixels: str, seed: int = 0) -> str:
        """Return the address of a picture, drawn before anyone is timed."""
        path = f"/{megapixels}/{seed}.jpg"
        self.content(path)
        return self.url + path

    def content(self, path: str) -> bytes | None:
        """Return the file of an address's path; None for a path that is none."""
        _, _, rest = path.partition("/")
        megapixels, _, name = rest.partition("/")
        number = name.removesuffix(".jpg")
        if megapixels not in SIZES or not number.isdigit():
            return None
        with self._lock:
            if path not in self._held:
                self._held[path] = picture(int(number), megapixels)
            return self._held[path]


@contextmanager
def serving_pictures() -> Iterator[Pictures]:
    """Serve pictures until the block ends."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            body = pictures.content(self.path.partition("?")[0])
            self.send_response(404 if body is None else 200)
            self.send_header("Content-Type", "image/jpeg")
            self.send_header("Content-Length", str(len(body or b"")))
            # The editor paints it on a canvas, which another origin must allow.
            self.send_header("Access-Control-Allow-Origin", "*")
            self.end_headers()
            self.wfile.write(body or b"")

        def log_message(self, format: str, *args: object) -> None:
            """The terminal is the benchmark's."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    pictures = Pictures(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield pictures
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
