"""The three ways in which clients upload: media, multipart and resumable."""

import json
import re
import secrets
import threading
from dataclasses import dataclass, field
from typing import Any

from tests.cloud.storage.refusal import Refused, Reply
from tests.cloud.storage.request import Request

# A resumable upload keeps whole multiples of this.
CHUNK_BYTES = 256 * 1024


@dataclass
class Upload:
    """A finished upload. `given`: the object's fields as the client sent them."""

    bucket: str
    name: str
    content: bytes
    given: dict[str, Any]
    conditions: dict[str, str]

    @property
    def content_type(self) -> str:
        return str(self.given.get("contentType") or "application/octet-stream")


@dataclass
class _Session:
    bucket: str
    name: str
    given: dict[str, Any]
    conditions: dict[str, str]
    content: bytearray = field(default_factory=bytearray)
    done: Reply | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)


def read_upload(request: Request, bucket: str) -> Upload:
    """Return an upload that is one request.

    Raises:
        Refused: it is neither media nor multipart.
    """
    kind, name = request.query.get("uploadType"), request.query.get("name", "")
    if kind == "media":
        given = {"contentType": request.headers.get("content-type")}
        return Upload(bucket, name, request.body, given, request.query)
    if kind != "multipart":
        raise Refused(400, "invalid", f"Unknown uploadType: {kind}")
    boundary = re.search(r'boundary="?([^";]+)', request.headers.get("content-type", ""))
    if boundary is None:
        raise Refused(400, "badContent", "Missing multipart boundary")
    parts = request.body.split(b"--" + boundary[1].encode())[1:-1]
    (_, fields), (head, content) = (part[2:-2].split(b"\r\n\r\n", 1) for part in parts)
    kind_of_content = re.search(rb"(?i)content-type:\s*(\S+)", head)
    given = json.loads(fields)
    if kind_of_content:
        given.setdefault("contentType", kind_of_content[1].decode())
    return Upload(bucket, given.get("name") or name, content, given, request.query)


class Sessions:
    """Resumable uploads under way, in memory: a restart of the stand-in forgets them."""

    def __init__(self) -> None:
        self._sessions: dict[str, _Session] = {}

    def open(self, request: Request, bucket: str) -> Reply:
        """Begin an upload; the answer names the address that its bytes go to."""
        given = request.json()
        given.setdefault("contentType", request.headers.get("x-upload-content-type"))
        number = secrets.token_urlsafe(24)
        name = given.get("name") or request.query.get("name", "")
        self._sessions[number] = _Session(bucket, name, given, request.query)
        path = f"/upload/storage/v1/b/{bucket}/o?uploadType=resumable&upload_id={number}"
        return Reply(200, b"", {"Location": request.base + path, "X-GUploader-UploadID": number})

    def receive(self, request: Request) -> tuple[Upload | None, Reply, "_Session"]:
        """Take a chunk, or say how far the upload got ("bytes */N").

        Returns:
            The upload once it is whole and the answer until then. A client that missed the last
            answer may ask again.

        Raises:
            Refused: there is no such upload, or a chunk is missing before this one.
        """
        session = self._sessions.get(request.query.get("upload_id", ""))
        if session is None:
            raise Refused(410, "gone", "The upload session is no longer available.")
        with session.lock:
            if session.done:
                return None, session.done, session
            given = request.headers.get("content-range", f"bytes 0-0/{len(request.body)}")
            wanted = re.fullmatch(r"bytes (?:\*|(\d+)-\d+)/(\*|\d+)", given)
            if wanted is None:
                raise Refused(400, "invalid", f"Failed to parse Content-Range: {given}")
            total = int(wanted[2]) if wanted[2] != "*" else None
            have = session.content
            if wanted[1] is not None:
                skip = len(have) - int(wanted[1])
                if skip < 0:
                    raise Refused(400, "invalid", f"The chunk starts after {len(have)} bytes.")
                have += request.body[skip:]
            if total is None or len(have) < total:
                del have[len(have) // CHUNK_BYTES * CHUNK_BYTES :]
                headers = {"Range": f"bytes=0-{len(have) - 1}"} if have else {}
                return None, Reply(308, b"", headers), session
            fields = {**session.given, **_hashes(request)}
            whole = Upload(session.bucket, session.name, bytes(have), fields, session.conditions)
            return whole, Reply(), session


def _hashes(request: Request) -> dict[str, str]:
    """The checksums that come with the last chunk."""
    names = {"crc32c": "crc32c", "md5": "md5Hash"}
    pairs = (
        part.strip().split("=", 1)
        for part in request.headers.get("x-goog-hash", "").split(",")
        if "=" in part
    )
    return {names[name]: value for name, value in pairs if name in names}
