"""The images of a list of addresses, which stay where they are."""

from pathlib import Path
from urllib.parse import urlsplit

from studio.images.image import FoundImages, Image
from studio.project.encodings import read_text

SCHEMES = frozenset({"gs", "http", "https"})


def in_list(entries: Path | tuple[str, ...]) -> FoundImages:
    """Return the images of a list or of a file with one address a line, each once.

    Raises StudioError where the file is not in UTF-8.
    """
    ignored = []
    images: dict[str, Image] = {}
    repeated: dict[str, tuple[str, ...]] = {}
    for address in _lines(entries):
        parts = urlsplit(address)
        if parts.scheme not in SCHEMES or not parts.netloc or not parts.path.strip("/"):
            ignored.append((address, "not the address of an image"))
        elif address in images:
            repeated[address] = (*repeated.get(address, (address,)), address)
        else:
            images[address] = Image(address)
    return FoundImages(tuple(images.values()), tuple(ignored), tuple(repeated.values()))


def _lines(entries: Path | tuple[str, ...]) -> list[str]:
    lines = read_text(entries).splitlines() if isinstance(entries, Path) else entries
    stripped = (line.strip() for line in lines)
    return [line for line in stripped if line and not line.startswith("#")]
