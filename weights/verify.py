"""Ask the hosts of weights which size and which SHA-256 their files have, without fetching them."""

import hashlib
import http.client
import urllib.error
import urllib.request
from dataclasses import dataclass

from weights.access import Access, answer, shown
from weights.carried import carried
from weights.errors import WeightsError
from weights.file import File, is_digest

# A file below this is fetched and hashed: the hub names no SHA-256 for one that is not in LFS.
SMALL_BYTES = 1_000_000


@dataclass(frozen=True)
class Finding:
    """What a host says about a file.

    Attributes:
        differs: the host has another file, or none.
        words: what was compared, for a person.
    """

    differs: bool
    words: str


def verify(file: File, access: Access) -> Finding:
    """Compare a file of the catalogue with what its host says. Nothing is kept.

    Raises:
        WeightsError: the address cannot be asked.
    """
    if carried(file.sha256) is not None:
        return Finding(False, "comes with Atelier, and is not fetched")
    url = access.address(file.url)
    try:
        if file.size is not None and file.size < SMALL_BYTES:
            return _compared(file, *_whole(url, access))
        return _compared(file, *_described(url, access))
    except urllib.error.HTTPError as error:
        error.close()
        return Finding(True, f"{shown(url)} answers {error.code} {error.reason}")
    except (OSError, http.client.HTTPException) as error:
        reason = getattr(error, "reason", error)
        raise WeightsError(f"{shown(url)} cannot be asked: {reason}") from error


def _compared(file: File, size: int | None, sha256: str | None) -> Finding:
    faults = []
    if size is not None and file.size is not None and size != file.size:
        faults.append(f"it has {size} bytes, not {file.size}")
    if sha256 is not None and sha256 != file.sha256:
        faults.append(f"its SHA-256 is {sha256}, not {file.sha256}")
    if faults:
        return Finding(True, "; ".join(faults))
    same = {"size": size and file.size, "SHA-256": sha256}
    agree = [name for name, value in same.items() if value is not None]
    unsaid = [name for name, value in same.items() if value is None]
    words = [f"same {' and '.join(agree)}"] if agree else []
    words += [f"the host names no {' and no '.join(unsaid)}"] if unsaid else []
    return Finding(False, "; ".join(words))


def _whole(url: str, access: Access) -> tuple[int, str]:
    with answer(access.request(url, {"Accept-Encoding": "identity"})) as response:
        content = response.read(SMALL_BYTES + 1)
    return len(content), hashlib.sha256(content).hexdigest()


def _described(url: str, access: Access) -> tuple[int | None, str | None]:
    """Return size and SHA-256 as the host's headers tell them."""
    redirects = _Redirects()
    try:
        with answer(access.request(url, {"Accept-Encoding": "identity"}, "HEAD"), redirects) as end:
            length = end.headers.get("Content-Length")
    except urllib.error.HTTPError as error:
        if error.code not in (403, 405, 501):
            raise
        # Some hosts, and signed addresses, allow GET alone.
        error.close()
        with answer(access.request(url, {"Range": "bytes=0-0"}), redirects) as end:
            whole = end.headers.get("Content-Length") if end.status == 200 else None
            length = whole or end.headers.get("Content-Range", "").rpartition("/")[2]
    if redirects.linked:
        return redirects.linked
    return (int(length) if length and length.isdigit() else None), None


class _Redirects(urllib.request.HTTPRedirectHandler):
    """Follows redirects with the method that was asked for, and keeps what Hugging Face's tells of
    a file in LFS before it leads to where the bytes are: huggingface_hub reads the same headers."""

    linked: tuple[int, str] | None = None

    def redirect_request(self, req, fp, code, msg, headers, newurl):  # type: ignore[no-untyped-def]
        size, tag = headers.get("X-Linked-Size", ""), headers.get("X-Linked-Etag", "").strip('"')
        if size.isdigit() and is_digest(tag):
            self.linked = int(size), tag
        following = super().redirect_request(req, fp, code, msg, headers, newurl)
        if following is not None:
            following.method = req.get_method()  # Python 3.11 makes a GET of a HEAD.
        return following
