"""From a file's bytes to the pixels that a browser shows.

Colour profiles are ignored: masks and models do not need calibrated colours. Formats are those that
browsers show, and TIFF. Pillow's own pixel limit (a global of the module) plays no part for any
file below our limit: the size is read from the header and checked before anything is decoded.
"""

import os
import struct
import threading
from collections.abc import Callable
from typing import BinaryIO

import numpy as np
from PIL import (  # noqa: F401  (importing a plugin registers its format)
    AvifImagePlugin,
    BmpImagePlugin,
    GifImagePlugin,
    Image,
    ImageFile,
    JpegImagePlugin,
    PngImagePlugin,
    TiffImagePlugin,
    WebPImagePlugin,
)

from backends.serving.images.errors import ImageTooLarge, ImageUnreadable
from backends.serving.images.pixels import as_array, on_canvas, upright, white_rgb

FORMATS = ("JPEG", "PNG", "GIF", "WEBP", "BMP", "TIFF", "AVIF")
# What Pillow's plugins raise for broken files, depending on where the fault lies.
_BROKEN = (
    OSError,
    SyntaxError,
    ValueError,
    EOFError,
    IndexError,
    KeyError,
    TypeError,
    OverflowError,
    RuntimeError,
    struct.error,
)
_PREFIX_BYTES = 64
WHOLE_FILE = 2**30
# More than there are cores would be no sooner through, and each takes seven bytes a pixel in fresh
# memory: so the next one has that of the last.
_AT_ONCE = threading.BoundedSemaphore(os.cpu_count() or 1)


def decode(
    file: BinaryIO, image: str, max_pixels: int, begin: Callable[[int], object]
) -> np.ndarray:
    """Pixels of the first frame, uint8 (H, W, 3) RGB, upright, on white.

    image: the name for messages. begin: called with the number of pixels before anything is
    decoded; it may wait, and what it raises reaches the caller. Raises ImageTooLarge,
    ImageUnreadable.
    """
    try:
        with _open(file, image) as picture:
            width, height = picture.size
            if width * height > max_pixels:
                most = f"{max_pixels / 1e6:g} megapixels"
                allowed = f"more than the {most} allowed (IMAGE_MAX_MEGAPIXELS)"
                raise ImageTooLarge(f"{image}: {width} x {height} pixels are {allowed}", allowed)
            begin(width * height)
            with _AT_ONCE:
                return _pixels(picture)
    except Image.DecompressionBombError as error:
        raise ImageTooLarge(f"{image}: has more pixels than can be decoded") from error
    except _BROKEN as error:
        damaged = "the file is damaged or incomplete"
        raise ImageUnreadable(f"{image}: {damaged} ({error})", damaged) from error


def _pixels(picture: ImageFile.ImageFile) -> np.ndarray:
    # Some animated PNGs carry a still for old viewers before their first frame.
    if getattr(picture, "default_image", False) and getattr(picture, "n_frames", 1) > 1:
        picture.seek(1)
    frame = picture.tile[0].extents if picture.format == "GIF" else None
    # All in one step: between steps a decoder may wait for other threads' Python, 5 ms each time.
    picture.decodermaxblock = WHOLE_FILE
    picture.load()
    rgb = white_rgb(picture)
    if frame is not None:
        rgb = on_canvas(rgb, frame)
    return as_array(upright(rgb, picture))


def _open(file: BinaryIO, image: str) -> ImageFile.ImageFile:
    """The picture, with its header read. Image.open would apply the global pixel limit."""
    prefix = file.read(_PREFIX_BYTES)
    for name in FORMATS:
        factory, accept = Image.OPEN[name]
        # A text instead of a truth value says that the format's library is missing.
        if accept is not None and accept(prefix) is True:
            file.seek(0)
            return factory(file, "")
    if not prefix:
        raise ImageUnreadable(f"{image}: the file is empty")
    start = prefix.lstrip(b"\xef\xbb\xbf \t\r\n")[:9].lower()
    if start.startswith((b"<!doctype", b"<html", b"<head")):
        raise ImageUnreadable(f"{image}: is a web page (a login page?) and not an image")
    raise ImageUnreadable(f"{image}: is not an image of a known format ({', '.join(FORMATS)})")
