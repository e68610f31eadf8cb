"""Fetch a model's weights while an image is built: from a URL, checked by SHA-256, never later.

    python -m weights.fetch FOLDER URL SHA256

One file: SHA256 is its hash in hex, FOLDER is where it goes under its name in the URL. Several: URL
is their folder, and SHA256 is `name=hex,name=hex`. Only the standard library is used: it runs
before anything is installed.
"""

import hashlib
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit

from weights.errors import WeightsError

TRIES = 4
PAUSE_SECONDS = 2.0
TIMEOUT_SECONDS = 60
CHUNK_BYTES = 1024 * 1024


def wanted(url: str, sha256: str) -> dict[str, tuple[str, str]]:
    """Return for each file's name its address and its SHA-256 in hex.

    Raises:
        WeightsError: the address is not http(s), or a hash has not 64 hexadecimal digits.
    """
    if urlsplit(url).scheme not in ("http", "https"):
        raise WeightsError(f"{url!r} is not an http(s) address")
    if "=" not in sha256:
        files = {PurePosixPath(urlsplit(url).path).name: (url, sha256)}
    else:
        pairs = [pair.partition("=") for pair in sha256.split(",")]
        files = {name: (f"{url.rstrip('/')}/{name}", digest) for name, _, digest in pairs}
    for name, (_, digest) in files.items():
        if not name or "/" in name or name.startswith("."):
            raise WeightsError(f"{name!r} is not a file name")
        if len(digest) != 64 or set(digest) - set("0123456789abcdef"):
            raise WeightsError(f"{name}: {digest!r} is not a SHA-256 (64 digits 0-9a-f)")
    return files


def fetch(folder: Path, files: Mapping[str, tuple[str, str]]) -> None:
    """Download ``files`` into ``folder``; a file is there whole and checked, or not at all.

    Raises:
        WeightsError: an address does not answer, or answers with other bytes.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name, (url, digest) in files.items():
        part = folder / f".{name}.part"
        found = _download(url, part)
        if found != digest:
            part.unlink()
            raise WeightsError(f"{url} has the SHA-256 {found}, not {digest}: it is another file")
        part.chmod(0o444)
        part.rename(folder / name)
        print(f"weights: {name}, {(folder / name).stat().st_size / 1e6:.1f} MB", flush=True)


def _download(url: str, target: Path) -> str:
    """Write the answer of ``url`` to ``target`` and return its SHA-256."""
    for number in range(1, TRIES + 1):
        digest = hashlib.sha256()
        try:
            with (
                urllib.request.urlopen(url, timeout=TIMEOUT_SECONDS) as answer,
                target.open("wb") as file,
            ):
                while chunk := answer.read(CHUNK_BYTES):
                    digest.update(chunk)
                    file.write(chunk)
            return digest.hexdigest()
        except urllib.error.HTTPError as error:
            if error.code < 500 or number == TRIES:
                raise WeightsError(f"{url} answers {error.code} {error.reason}") from error
        except OSError as error:
            if number == TRIES:
                raise WeightsError(f"{url} cannot be read: {error}") from error
        time.sleep(PAUSE_SECONDS * number)
    raise AssertionError("unreachable: the last try returns or raises")


def main(arguments: list[str]) -> int:
    """Run the command line."""
    if len(arguments) != 3:
        print("usage: python -m weights.fetch FOLDER URL SHA256", file=sys.stderr)
        return 2
    folder, url, sha256 = arguments
    try:
        fetch(Path(folder), wanted(url, sha256))
    except WeightsError as error:
        print(f"weights: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
