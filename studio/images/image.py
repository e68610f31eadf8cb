"""An image, and what it is recognised by on the next run."""

from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

# What Label Studio accepts (SUPPORTED_EXTENSIONS) and every browser shows.
SUFFIXES = frozenset({".bmp", ".gif", ".jpeg", ".jpg", ".png", ".webp"})


@dataclass(frozen=True)
class Image:
    """One image.

    Attributes:
        source: what it is recognised by: the path below the folder, or the address.
        path: the file to upload; None for an address.
        object_name: its name in a bucket that was listed or in an image service, where nothing is
            escaped; else "".
        content: what its content is recognised by, with the method before a colon; "" if unknown.
        size: of its file in bytes; 0 if unknown.
        modified: when its file was changed, in ns since 1970; 0 if unknown.
        facts: label and text of what its manifest says about it.
    """

    source: str
    path: Path | None = None
    object_name: str = ""
    content: str = ""
    size: int = 0
    modified: int = 0
    facts: tuple[tuple[str, str], ...] = ()

    @property
    def file_name(self) -> str:
        """The last part of the path or address, without percent escapes or a query."""
        if self.path is not None:
            return self.path.name
        if self.object_name:
            return self.object_name.rpartition("/")[2]
        return unquote(urlsplit(self.source).path).rpartition("/")[2]


@dataclass(frozen=True)
class FoundImages:
    """The images in a stable order, and what was passed over.

    Attributes:
        ignored: file or line, and why it is not an image for Label Studio.
        repeated: groups of images with the same content or address.
    """

    images: tuple[Image, ...]
    ignored: tuple[tuple[str, str], ...] = ()
    repeated: tuple[tuple[str, ...], ...] = ()


def why_no_image(name: str, size: int) -> str | None:
    """Return why a file cannot be labeled, from its name and its bytes; None if it can."""
    suffix = PurePosixPath(name).suffix
    if suffix.lower() not in SUFFIXES:
        return f"{suffix or 'no suffix'} is not an image format that browsers show; convert to JPEG"
    return "the file is empty" if size == 0 else None
