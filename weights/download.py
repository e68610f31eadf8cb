"""One file from its address to its place: resumed, checked while it arrives, whole or not there."""

import http.client
import re
import ssl
import time
import urllib.error
from pathlib import Path
from urllib.parse import urlsplit

from weights.access import Access, answer, shown
from weights.errors import WeightsError
from weights.file import File, Report, megabytes
from weights.partial import Partial

TRIES = 5
"""In a row, without a megabyte more than before."""
FIRST_PAUSE_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 30.0
STEP_BYTES = 1_000_000
CHUNK_BYTES = 256 * 1024

BUSY = {408, 425, 429, 500, 502, 503, 504}


class _Again(Exception):
    """The address may well answer next time."""

    def __init__(self, what: str, pause_seconds: float | None = None) -> None:
        super().__init__(what)
        self.pause_seconds = pause_seconds


def silent(file: File, done: int, total: int | None) -> None:
    """Report nothing."""


def download(file: File, target: Path, access: Access, report: Report = silent) -> None:
    """Fetch a file. `target` is there whole and checked afterwards, or not at all.

    What arrived stays beside it when the connection is cut or the process killed, and the next call
    goes on from there. Two calls at once for one target are not for this function: see Cache.

    Raises:
        WeightsError: the address does not answer or refuses, has another file, or the folder cannot
            be written; the message says which address, and what to do.
    """
    url = access.address(file.url)
    part = Partial(target)
    try:
        _fill(part, file, url, access, report)
        part.finish()
    finally:
        part.close()


def _fill(part: Partial, file: File, url: str, access: Access, report: Report) -> None:
    """Go on until the hash of what is here is the file's."""
    resumed = part.size > 0
    furthest, failures = part.size, 0
    while True:
        try:
            resumed &= not _receive(part, file, url, access, report)
        except _Again as again:
            failures = 1 if part.size >= furthest + STEP_BYTES else failures + 1
            furthest = max(furthest, part.size)
            if failures >= TRIES:
                raise WeightsError(_given_up(file, url, str(again), part.size)) from again
            pause = FIRST_PAUSE_SECONDS * 2 ** (failures - 1)
            time.sleep(min(LONGEST_PAUSE_SECONDS, again.pause_seconds or pause))
            resumed = part.size > 0
            continue
        if part.sha256() == file.sha256:
            return
        found = part.sha256()
        part.begin(url, "")
        if not resumed:
            raise _another(url, f"its SHA-256 is {found}, not {file.sha256}")
        # What an earlier run left was of another version: once more, from the beginning.
        resumed = False


def _receive(part: Partial, file: File, url: str, access: Access, report: Report) -> bool:
    """Ask once, for what is missing. Return whether the answer began with the first byte."""
    if file.size is not None and part.size >= file.size:
        if part.size == file.size:
            return False
        part.begin(url, "")
    headers = {"User-Agent": "atelier-weights", "Accept-Encoding": "identity"}
    if part.size:
        headers["Range"] = f"bytes={part.size}-"
        if version := part.version(url):
            headers["If-Range"] = version
    try:
        with answer(access.request(url, headers)) as response:
            return _read(response, part, file, url, report)
    except urllib.error.HTTPError as error:
        error.close()
        if error.code == 416 and part.size:
            # There is nothing behind what is here: it is whole, or of another version.
            if part.sha256() != file.sha256:
                part.begin(url, "")
                raise _Again("has no such range", pause_seconds=0.01) from error
            return False
        raise _refused(file, url, error) from error
    except (http.client.InvalidURL, ValueError) as error:
        raise WeightsError(f"{shown(url)} is no address: {error}") from error
    except (OSError, http.client.HTTPException) as error:
        raise _broken(url, error) from error


def _read(
    response: http.client.HTTPResponse, part: Partial, file: File, url: str, report: Report
) -> bool:
    anew = response.status != 206
    if anew:
        length = response.headers.get("Content-Length")
        total = int(length) if length else None
    else:
        start, total = _range(response.headers.get("Content-Range", ""))
        if start != part.size:
            part.begin(url, "")
            raise _Again("answers another range than it was asked for")
    if total is not None and file.size is not None and total != file.size:
        kind = response.headers.get_content_type()
        page = " (a web page: does a proxy ask to sign in?)" if kind == "text/html" else ""
        raise _another(url, f"it has {total} bytes{page}, not {file.size}")
    if anew:
        part.begin(url, _version(response.headers))
    total = total if file.size is None else file.size
    report(file, part.size, total)
    while chunk := response.read1(CHUNK_BYTES):
        part.append(chunk)
        if total is not None and part.size > total:
            part.begin(url, "")
            raise _another(url, f"it has more than {total} bytes")
        report(file, part.size, total)
    if total is not None and part.size < total:
        raise _Again(f"was cut off after {part.size} of {total} bytes")
    return anew


def _range(header: str) -> tuple[int | None, int | None]:
    """Return the first byte and the whole size that a Content-Range names."""
    found = re.match(r"bytes (\d+)-\d+/(\d+|\*)$", header.strip())
    if found is None:
        return None, None
    return int(found[1]), None if found[2] == "*" else int(found[2])


def _version(headers: http.client.HTTPMessage) -> str:
    """Return what If-Range may name: a weak entity tag is not allowed there (RFC 9110, 13.1.5)."""
    tag = headers.get("ETag", "")
    return tag if tag.startswith('"') else headers.get("Last-Modified", "")


def _another(url: str, what: str) -> WeightsError:
    return WeightsError(
        f"{shown(url)} is not the file that was asked for: {what}. Nothing of it was kept"
    )


def _refused(file: File, url: str, error: urllib.error.HTTPError) -> Exception:
    what = f"answers {error.code} {error.reason}"
    if error.code in BUSY:
        seconds = error.headers.get("Retry-After", "")
        return _Again(what, float(seconds) if seconds.isdigit() else None)
    if error.code in (401, 403) and urlsplit(url).scheme == "gs":
        advice = (
            "whoever runs this may not read that object. On your own machine: gcloud auth "
            "application-default login, with an account that may"
        )
    elif error.code in (401, 403, 407):
        advice = "it, or a proxy on the way, lets nobody in without a key"
    elif url != file.url:
        advice = f"the mirror (WEIGHTS_MIRROR) has no copy of {shown(file.url)}"
    else:
        advice = "the file was moved or deleted, or the address has a mistake in it"
    return WeightsError(f"{shown(url)} {what}: {advice}")


def _broken(url: str, error: Exception) -> Exception:
    reason = getattr(error, "reason", error)
    if isinstance(reason, ssl.SSLCertVerificationError):
        return WeightsError(
            f"{shown(url)} has a certificate that this machine does not trust "
            f"({reason.verify_message}). If your network has an authority of its own, name its "
            "file: SSL_CERT_FILE=..."
        )
    if urlsplit(url).scheme == "file":
        return WeightsError(f"{shown(url)} cannot be read: {reason}")
    return _Again(f"cannot be read ({reason or type(reason).__name__})")


def _given_up(file: File, url: str, what: str, size: int) -> str:
    kept = f" What arrived ({megabytes(size)}) is kept: the next run goes on from there." * bool(
        size
    )
    return (
        f"{shown(url)} {what}, {TRIES} times in a row.{kept} If this machine reaches the internet "
        "only by a proxy or a mirror, set HTTPS_PROXY or WEIGHTS_MIRROR (docs/models.md)"
    )
