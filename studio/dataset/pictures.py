"""The pictures of a data set: their size as it is shown, and small ones for the contact sheet."""

import io
from contextlib import suppress
from dataclasses import dataclass

import cv2
import numpy as np
from PIL import Image, ImageOps

from studio.dataset.categories import Categories
from studio.dataset.things import Drawn
from studio.errors import ExportError

ORIENTATION = 0x0112  # EXIF
# These turn a picture by a quarter, which swaps height and width.
SIDEWAYS = (5, 6, 7, 8)

THUMBNAIL = 320
COVERED = 0.55


@dataclass(frozen=True)
class Shown:
    """A picture as a browser shows it.

    Attributes:
        height, width: in pixels.
        turned: whether its EXIF data turn or mirror it, which not every reader heeds.
    """

    height: int
    width: int
    turned: bool


def read_size(content: bytes) -> Shown:
    """Return the size of a picture without decoding it.

    Raises:
        ExportError: it cannot be read.
    """
    try:
        with Image.open(io.BytesIO(content)) as image:
            orientation = image.getexif().get(ORIENTATION, 1)
            width, height = image.size
    except Exception as error:  # noqa: BLE001 - Pillow raises of many kinds, for EXIF data too
        raise ExportError(f"its picture cannot be read: {error}") from None
    if orientation in SIDEWAYS:
        height, width = width, height
    return Shown(height, width, orientation not in (0, 1))


def thumbnail(content: bytes | None, drawn: Drawn, categories: Categories) -> Image.Image:
    """Return a small picture with what was drawn on it, RGB, at most THUMBNAIL on each side."""
    whole, _ = drawn.category_map()
    height, width = whole.shape
    scale = min(1.0, THUMBNAIL / max(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    picture = Image.new("RGB", size, (40, 40, 40))
    if content is not None:
        # One that is cut off in its pixels stays grey: its size could be read.
        with suppress(Exception), Image.open(io.BytesIO(content)) as image:
            image.draft("RGB", size)
            picture = ImageOps.exif_transpose(image).convert("RGB").resize(size)
    small = cv2.resize(whole, size, interpolation=cv2.INTER_NEAREST)
    colours = Image.fromarray(np.minimum(small, 255).astype(np.uint8), mode="P")
    colours.putpalette(palette(categories))
    painted = Image.blend(picture, colours.convert("RGB"), COVERED)
    return Image.composite(painted, picture, Image.fromarray(small > 0))


def palette(categories: Categories) -> list[int]:
    """Return the colours of an indexed PNG: black, then those of the categories."""
    colours = [(0, 0, 0), *(category.colour for category in categories.all)]
    return [channel for colour in colours[:256] for channel in colour]
