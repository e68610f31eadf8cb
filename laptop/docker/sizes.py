"""How much of the disk the images take, and what they share: layers are stored once."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile

from rich.table import Table

from laptop.docker.client import Docker
from laptop.docker.images import TAG, reference
from laptop.docker.settings import BUILD_ARGUMENTS


@dataclass(frozen=True)
class Image:
    """An image's layers, the lowest first: their digests, and the bytes of those that have any.

    Docker tells sizes in the image's history alone, where BuildKit puts them beside the wrong steps
    and steps without a layer have 0 too; so no size belongs to a digest, and only order is used.
    """

    digests: tuple[str, ...]
    sizes: tuple[int, ...]

    @property
    def size_bytes(self) -> int:
        return sum(self.sizes)


def read_image(docker: Docker, name: str) -> Image:
    """Raises LaptopError where there is no such image."""
    layers = docker.answer(
        "image", "inspect", "--format", "{{json .RootFS.Layers}}", reference(name)
    )
    history = ("history", "--human=false", "--format", "{{.Size}}", reference(name))
    sizes = [int(line) for line in docker.answer(*history).splitlines()]
    sizes.reverse()
    return Image(tuple(json.loads(layers)), tuple(size for size in sizes if size))


def common_bytes(one: Image, other: Image) -> int:
    """What the layers that both stand on take: those before the first that differs."""
    count = alike(one.digests, other.digests)
    return sum(one.sizes[: min(count, alike(one.sizes, other.sizes))])


def alike(one: Sequence[object], other: Sequence[object]) -> int:
    """How many items both begin with."""
    pairs = zip(one, other, strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))


def on_disk(images: Mapping[str, Image]) -> int:
    """Bytes that all of them take together."""
    total, before = 0, []
    for image in images.values():
        known = max((common_bytes(image, other) for other in before), default=0)
        total += image.size_bytes - known
        before.append(image)
    return total


def shared(name: str, images: Mapping[str, Image]) -> str:
    """`6.32 GB with segmentation`: the most that it has in common with another one."""
    others = {other: common_bytes(images[name], images[other]) for other in images if other != name}
    most = max(others.values(), default=0)
    if not most:
        return "nothing"
    named = ", ".join(other for other, size in others.items() if size == most)
    return f"{gigabytes(most)} with {named}"


def gigabytes(size_bytes: int) -> str:
    return f"{size_bytes / 1e9:.2f} GB"


def table(images: Mapping[str, Image]) -> Table:
    """A row an image; the caption says what they take together."""
    together = f"together {gigabytes(on_disk(images))} on the disk"
    made = Table(box=None, caption=together, caption_justify="left", pad_edge=False)
    made.add_column("image", no_wrap=True)
    made.add_column("tag", no_wrap=True)
    made.add_column("unpacked", no_wrap=True, justify="right")
    made.add_column("of which shared")
    for name, image in images.items():
        repository = reference(name).removesuffix(f":{TAG}")
        made.add_row(repository, TAG, gigabytes(image.size_bytes), shared(name, images))
    return made


def read_all(docker: Docker) -> dict[str, Image]:
    """All three images. Raises LaptopError where one was not built."""
    return {name: read_image(docker, name) for name in BUILD_ARGUMENTS}
