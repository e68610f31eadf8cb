"""Where an archive's images are: a folder, a prefix of a bucket, or a list of addresses."""

import os
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import numpy as np

from backends.serving.images import (
    Image,
    ImageAccess,
    ImageError,
    ImageNotFound,
    ImageRefused,
)
from backends.serving.images import identity as identities
from backends.serving.images.access import reasons_without_name
from backends.serving.images.budget import Body, Budget
from backends.serving.images.decode import decode
from backends.serving.limits import PixelGate
from backends.serving.settings import ModelSettings
from batch.errors import BatchError
from batch.places import SCHEME, client, explained, split_address

# Of the formats that the backends decode.
SUFFIXES = frozenset({".avif", ".bmp", ".gif", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp"})


@dataclass(frozen=True, order=True)
class Item:
    """An image to work on.

    Attributes:
        name: its address, or its path below the folder.
        state: changes when the image is replaced; empty where that cannot be told without
            fetching it.
    """

    name: str
    state: str


# Images that are done and written together.
Shard = tuple[Item, ...]


class Source(ABC):
    """Images by name. Goes to the workers, so it holds nothing but texts."""

    @abstractmethod
    def items(self) -> Iterator[Item]:
        """Every image, in an order that stays the same."""

    def images(self, settings: ModelSettings, gate: PixelGate | None = None) -> ImageAccess:
        """Return the way from an item's name to its pixels: the backends' own, with its limits."""
        return ImageAccess(settings, gate=gate)

    def address(self, item: Item) -> str:
        """Return what stands in a task's data for an item."""
        return item.name


@dataclass(frozen=True)
class Folder(Source):
    """A folder with all below it.

    Attributes:
        root: the folder.
        prefix: where Label Studio's users find the same files; empty for paths below the folder.
    """

    root: Path
    prefix: str = ""

    def items(self) -> Iterator[Item]:
        for where, folders, files in os.walk(self.root):
            folders[:] = sorted(name for name in folders if not name.startswith("."))
            for name in sorted(files):
                if name.startswith(".") or Path(name).suffix.lower() not in SUFFIXES:
                    continue
                path = Path(where, name)
                try:
                    state = path.stat()
                except OSError:
                    # A link to nowhere: it fails where it is read, with the others that do.
                    yield Item(path.relative_to(self.root).as_posix(), "")
                    continue
                yield Item(
                    path.relative_to(self.root).as_posix(), f"{state.st_size} {state.st_mtime_ns}"
                )

    def images(self, settings: ModelSettings, gate: PixelGate | None = None) -> ImageAccess:
        return FolderImages(self.root, settings, gate or PixelGate(settings.max_pixels))

    def address(self, item: Item) -> str:
        if not self.prefix:
            return item.name
        return self.prefix.rstrip("/") + "/" + quote(os.fsencode(item.name))


class FolderImages(ImageAccess):
    """Reads the files of a folder by their paths below it, within the backends' limits."""

    def __init__(self, root: Path, settings: ModelSettings, gate: PixelGate) -> None:
        super().__init__(settings, gate=gate)
        self._root = root
        self._limits = settings
        self._turns = gate

    def address(self, url: str, task: object) -> str:
        return url

    def identity(self, url: str) -> str:
        return url

    @contextmanager
    def loaded(self, url: str) -> Iterator[Image]:
        with ExitStack() as work:
            with reasons_without_name(url):
                image = self._image(url, work)
            yield image

    def _image(self, name: str, work: ExitStack) -> Image:
        path = self._root / name
        if name.encode(errors="replace").decode() != name:
            raise ImageRefused(f"{name!a}: its name is no UTF-8; rename the file")
        if not path.resolve().is_relative_to(self._root.resolve()):
            raise ImageRefused(f"{name}: it leads out of the folder")
        budget = Budget(name, self._limits.image_timeout_seconds, self._limits.max_bytes)
        body = Body(budget)
        try:
            budget.check_size(path.stat().st_size)
            body.write(path.read_bytes())
        except FileNotFoundError as error:
            raise ImageNotFound(f"{name}: there is no such file") from error
        except OSError as error:
            raise ImageRefused(f"{name}: the file cannot be read: {error.strerror}") from error
        identity = identities.of_content(name, body.getbuffer())
        content = f"sha256:{identities.of_content_alone(identity)}"
        body.seek(0)

        def begin(pixels: int) -> None:
            work.enter_context(self._turns.working_on(pixels))

        def decoded() -> np.ndarray:
            with reasons_without_name(name):
                return decode(body, name, self._limits.max_pixels, begin)

        return Image(decoded, identity, content)


class NotedImages(ImageAccess):
    """Reads images as another access does, and notes which content each address had."""

    def __init__(self, images: ImageAccess) -> None:
        self._images = images
        self._contents: dict[str, str] = {}

    def address(self, url: str, task: object) -> str:
        return self._images.address(url, task)

    def identity(self, url: str) -> str:
        return self._images.identity(url)

    @contextmanager
    def loaded(self, url: str) -> Iterator[Image]:
        with self._images.loaded(url) as image:
            self._contents[url] = image.content
            try:
                yield image
            except ImageError:
                self._contents.pop(url, None)
                raise

    def taken(self, url: str) -> str:
        """Return the content that an address had, see `Image.content`, and forget it.

        It is "" where the image could not be had.
        """
        return self._contents.pop(url, "")


@dataclass(frozen=True)
class Elsewhere(Source):
    """Images that have addresses, to a worker that gets their names from a plan."""

    def items(self) -> Iterator[Item]:
        return iter(())


@dataclass(frozen=True)
class Addresses(Source):
    """A text file with one address a line; blank lines and those that begin with # are skipped."""

    file: Path

    def items(self) -> Iterator[Item]:
        try:
            lines = self.file.read_text(encoding="utf-8-sig").splitlines()
        except UnicodeDecodeError as error:
            raise BatchError(f"{self.file} is no text in UTF-8, one address a line") from error
        for name in dict.fromkeys(line.strip() for line in lines):
            if name and not name.startswith("#"):
                yield Item(name, "")


@dataclass(frozen=True)
class Bucket(Source):
    """The objects of a Cloud Storage bucket below a prefix."""

    name: str
    prefix: str

    def items(self) -> Iterator[Item]:
        with explained(f"{SCHEME}{self.name}"):
            fields = "items(name,generation),nextPageToken"
            for blob in client().list_blobs(self.name, prefix=self.prefix or None, fields=fields):
                if Path(blob.name).suffix.lower() in SUFFIXES:
                    yield Item(f"{SCHEME}{self.name}/{blob.name}", str(blob.generation))


def source_of(text: str, prefix: str = "") -> Source:
    """Return the source that somebody named.

    Args:
        text: a folder, `gs://bucket/prefix`, or a text file with addresses.
        prefix: see `Folder`.

    Raises:
        BatchError: it is none of them.
    """
    if text.startswith(SCHEME):
        return Bucket(*split_address(text))
    path = Path(text)
    if path.is_dir():
        return Folder(path.absolute(), prefix)
    if path.is_file():
        return Addresses(path.absolute())
    raise BatchError(
        f"there is no {text}. Give a folder with images, gs://bucket/folder/, or a text file with"
        " one address a line."
    )
