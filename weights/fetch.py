"""Fetch a model's weights while an image is built, checked by SHA-256; never later.

    python -m weights.fetch FOLDER URL SHA256

One file: SHA256 is its hash in hex, FOLDER is where it goes under its name in the URL. Several: URL
is their folder, and SHA256 is `name=hex,name=hex`. WEIGHTS_MIRROR is asked instead of the address's
own host. Only the standard library is used: it runs before anything is installed.
"""

import os
import shutil
import sys
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit

from weights.access import SCHEMES, Access, shown
from weights.cache import Cache
from weights.errors import WeightsError
from weights.file import File, is_digest, is_file_name, megabytes
from weights.google import build_token
from weights.settings import load_settings
from weights.terminal import in_lines


def wanted(url: str, sha256: str) -> tuple[File, ...]:
    """Return the files of a build's two arguments.

    Raises:
        WeightsError: not an address, or a hash has not 64 hexadecimal digits.
    """
    if urlsplit(url).scheme not in SCHEMES:
        raise WeightsError(f"{shown(url)!r} is not an address: {', '.join(SCHEMES)}")
    if "=" not in sha256:
        files = (File(PurePosixPath(urlsplit(url).path).name, url, sha256),)
    else:
        pairs = [pair.partition("=") for pair in sha256.split(",")]
        files = tuple(File(name, f"{url.rstrip('/')}/{name}", digest) for name, _, digest in pairs)
    for file in files:
        if not is_file_name(file.name):
            raise WeightsError(f"{file.name!r} is not a file name")
        if not is_digest(file.sha256):
            raise WeightsError(f"{file.name}: {file.sha256!r} is not a SHA-256 (64 digits 0-9a-f)")
    return files


def fetch(folder: Path, files: tuple[File, ...], cache: Cache) -> None:
    """Put ``files`` into ``folder``, each whole and checked; all of them or none.

    Raises:
        WeightsError: an address does not answer, or answers with other bytes.
    """
    contents = [cache.fetch_file(file, in_lines(_say)) for file in files]
    folder.mkdir(parents=True, exist_ok=True)
    for file, content in zip(files, contents, strict=True):
        shutil.copyfile(content, folder / file.name)
        (folder / file.name).chmod(0o444)
        _say(f"{file.name}, {megabytes(content.stat().st_size)}")


def _say(line: str) -> None:
    print(f"weights: {line}", flush=True)


def main(arguments: list[str]) -> int:
    """Run the command line."""
    if len(arguments) != 3:
        print("usage: python -m weights.fetch FOLDER URL SHA256", file=sys.stderr)
        return 2
    folder, url, sha256 = arguments
    try:
        settings = load_settings(os.environ)
        cache = Cache(settings.cache, Access(settings.mirror, build_token), _say)
        fetch(Path(folder), wanted(url, sha256), cache)
    except WeightsError as error:
        print(f"weights: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
