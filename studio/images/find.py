"""The images of a project: files of a folder, or objects and addresses that stay where they are."""

import hashlib
import re
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

from studio.buckets.address import StorageAddress
from studio.buckets.cloud_storage import CloudStorage, StoredObject, image_address, unshowable
from studio.errors import StudioError
from studio.project.project_file import Source

# What Label Studio accepts (SUPPORTED_EXTENSIONS) and every browser shows.
SUFFIXES = frozenset({".bmp", ".gif", ".jpeg", ".jpg", ".png", ".webp"})
SCHEMES = frozenset({"gs", "http", "https"})


@dataclass(frozen=True)
class Image:
    """One image.

    Attributes:
        source: what it is recognised by on the next run: the path below the folder, or the address.
        path: the file to upload; None for an address.
        object_name: its name in a bucket that was listed, where nothing is escaped; else "".
    """

    source: str
    path: Path | None = None
    object_name: str = ""

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
        ignored: file or line, and why it is no image for Label Studio.
        repeated: groups of images with the same content or address.
    """

    images: tuple[Image, ...]
    ignored: tuple[tuple[str, str], ...] = ()
    repeated: tuple[tuple[str, ...], ...] = ()


def find_images(
    source: Source,
    leave_out: Path | StorageAddress | None = None,
    cloud: CloudStorage | None = None,
) -> FoundImages:
    """Return the images of ``source``; the file ``leave_out`` (the catalogue) is not mentioned.

    Raises:
        StudioError: there is no image at all, but for a bucket, which may be filled later.
    """
    if source.bucket is not None:
        return _in_bucket(source, source.bucket, leave_out, cloud or CloudStorage())
    if source.folder is not None:
        found = _in_folder(source.folder, leave_out)
        where = str(source.folder)
    else:
        found = _in_list(_lines(source.list or ()))
        where = str(source.list) if isinstance(source.list, Path) else "the list"
    if not found.images:
        raise StudioError(
            f"no image in {where}: files must end in {', '.join(sorted(SUFFIXES))}, "
            f"addresses begin with {', '.join(sorted(f'{scheme}://' for scheme in SCHEMES))}"
        )
    return found


def _in_bucket(
    source: Source,
    bucket: StorageAddress,
    leave_out: Path | StorageAddress | None,
    cloud: CloudStorage,
) -> FoundImages:
    images, ignored = [], []
    by_content: dict[str, list[str]] = defaultdict(list)
    wanted = re.compile(source.regex)
    for found in cloud.objects(bucket, source.glob):
        below = found.name.removeprefix(bucket.prefix)
        if (
            found.name.endswith("/")  # a folder, as the console makes them
            or not wanted.search(below)
            or StorageAddress(bucket.bucket, found.name) == leave_out
        ):
            continue
        if reason := _not_an_image(found):
            ignored.append((below, reason))
            continue
        image = Image(image_address(bucket.bucket, found.name), object_name=found.name)
        images.append(image)
        if found.md5:
            by_content[found.md5].append(below)
    repeated = tuple(tuple(names) for names in by_content.values() if len(names) > 1)
    return FoundImages(tuple(images), tuple(ignored), repeated)


def _not_an_image(found: StoredObject) -> str | None:
    suffix = PurePosixPath(found.name).suffix
    if suffix.lower() not in SUFFIXES:
        return f"{suffix or 'no suffix'} is no image format"
    return "the file is empty" if found.size == 0 else unshowable(found.name)


def _in_folder(folder: Path, leave_out: Path | StorageAddress | None) -> FoundImages:
    images, ignored = [], []
    hidden_file = leave_out.resolve() if isinstance(leave_out, Path) else None
    for path in sorted(folder.rglob("*")):
        relative = path.relative_to(folder)
        hidden = any(part.startswith(".") for part in relative.parts)
        if hidden or not path.is_file() or path.resolve() == hidden_file:
            continue
        if path.suffix.lower() not in SUFFIXES:
            ignored.append(
                (relative.as_posix(), f"{path.suffix or 'no suffix'} is no image format")
            )
        elif path.stat().st_size == 0:
            ignored.append((relative.as_posix(), "the file is empty"))
        else:
            images.append(Image(relative.as_posix(), path))
    return FoundImages(tuple(images), tuple(ignored), _same_content(images))


def _same_content(images: list[Image]) -> tuple[tuple[str, ...], ...]:
    """Group images whose files are equal; only files of one size are read."""
    by_size: dict[int, list[Image]] = defaultdict(list)
    for image in images:
        if image.path is not None:
            by_size[image.path.stat().st_size].append(image)
    by_content: dict[str, list[str]] = defaultdict(list)
    for alike in by_size.values():
        for image in alike if len(alike) > 1 else ():
            if image.path is not None:
                with image.path.open("rb") as file:
                    digest = hashlib.file_digest(file, "sha256").hexdigest()
                by_content[digest].append(image.source)
    return tuple(tuple(sources) for sources in by_content.values() if len(sources) > 1)


def _lines(entries: Path | tuple[str, ...]) -> list[str]:
    lines = entries.read_text("utf-8").splitlines() if isinstance(entries, Path) else entries
    stripped = (line.strip() for line in lines)
    return [line for line in stripped if line and not line.startswith("#")]


def _in_list(addresses: list[str]) -> FoundImages:
    ignored = []
    images: dict[str, Image] = {}
    repeated: dict[str, tuple[str, ...]] = {}
    for address in addresses:
        parts = urlsplit(address)
        if parts.scheme not in SCHEMES or not parts.netloc or not parts.path.strip("/"):
            ignored.append((address, "is no address of an image"))
        elif address in images:
            repeated[address] = (*repeated.get(address, (address,)), address)
        else:
            images[address] = Image(address)
    return FoundImages(tuple(images.values()), tuple(ignored), tuple(repeated.values()))
