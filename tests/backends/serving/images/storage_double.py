"""The two requests of Cloud Storage's JSON API that reading an object takes, for the real client.

One request for the object's metadata and one for its bytes, pinned to a generation. A replaced
object loses its older generation, as in a bucket without versioning.
"""

import base64
import itertools
import json
from urllib.parse import parse_qs, unquote

import google_crc32c

from tests.backends.serving.images.servers import Asked, Reply

_GENERATIONS = itertools.count(1_700_000_000_000_001)


class Bucket:
    """A bucket's objects; `faults` are answered first, one each, in place of what was asked."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.faults: list[Reply] = []
        self.checksum: str | None = None
        self.between = lambda: None
        self._objects: dict[str, tuple[bytes, int]] = {}

    def put(self, name: str, content: bytes) -> int:
        generation = next(_GENERATIONS)
        self._objects[name] = content, generation
        return generation

    def __call__(self, asked: Asked) -> Reply:
        root = f"/storage/v1/b/{self.name}"
        if asked.path == root:  # the client's own telemetry, in the background
            return _json({"name": self.name, "location": "EU", "projectNumber": "1"})
        path = asked.path.removeprefix("/download")
        if self.faults:
            return self.faults.pop(0)
        if not path.startswith(f"{root}/o/"):
            return _error(404, "no such bucket")
        name, query = unquote(path.removeprefix(f"{root}/o/")), parse_qs(asked.url.query)
        if name not in self._objects:
            return _error(404, "no such object")
        content, generation = self._objects[name]
        if query.get("generation", [str(generation)]) != [str(generation)]:
            return _error(404, "no such generation")
        crc32c = (
            self.checksum or base64.b64encode(google_crc32c.Checksum(content).digest()).decode()
        )
        if query.get("alt") == ["media"]:
            first = int(asked.headers.get("range", "bytes=0-")[6:].partition("-")[0])
            headers = {"X-Goog-Hash": f"crc32c={crc32c}", "X-Goog-Generation": str(generation)}
            headers["X-Goog-Stored-Content-Length"] = str(len(content))
            return Reply(content[first:], 206 if first else 200, headers)
        answer = {
            "name": name,
            "bucket": self.name,
            "generation": str(generation),
            "size": str(len(content)),
            "crc32c": crc32c,
            "mediaLink": f"http://{asked.headers['host']}/download{asked.path}"
            f"?generation={generation}&alt=media",
        }
        self.between()
        return _json(answer)


def _json(content: dict, status: int = 200) -> Reply:
    return Reply(json.dumps(content).encode(), status, {"Content-Type": "application/json"})


def _error(status: int, message: str) -> Reply:
    return _json({"error": {"code": status, "message": message}}, status)
