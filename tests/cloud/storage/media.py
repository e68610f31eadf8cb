"""An object's bytes, whole or a range of them."""

import re
from email.utils import formatdate

from tests.cloud.storage.objects import Version
from tests.cloud.storage.refusal import Reply
from tests.cloud.storage.request import Request


def media(request: Request, version: Version, content: bytes) -> Reply:
    """Return `content` with the headers that clients check it by."""
    headers = {
        "Content-Type": version.content_type,
        "ETag": f'"C{version.generation}"',
        "Accept-Ranges": "bytes",
        "X-Goog-Hash": f"crc32c={version.crc32c},md5={version.md5}",
        "X-Goog-Generation": str(version.generation),
        "X-Goog-Metageneration": "1",
        "X-Goog-Storage-Class": "STANDARD",
        "X-Goog-Stored-Content-Encoding": "identity",
        "X-Goog-Stored-Content-Length": str(version.size),
        "Last-Modified": formatdate(version.generation / 1e6, usegmt=True),
        "Cache-Control": "private, max-age=0",
    }
    wanted = re.fullmatch(r"bytes=(\d*)-(\d*)", request.headers.get("range", ""))
    if wanted is None or not any(wanted.groups()):
        return Reply(200, content, headers)
    first, last = wanted.groups()
    start = int(first) if first else max(version.size - int(last), 0)
    stop = min(int(last) + 1 if first and last else version.size, version.size)
    if start >= stop:
        return Reply(416, b"", {"Content-Range": f"bytes */{version.size}"})
    headers["Content-Range"] = f"bytes {start}-{stop - 1}/{version.size}"
    return Reply(206, content[start:stop], headers)
