"""Pixels are those that a browser shows; what is broken is said to be broken."""

import io
import re
import struct
import zlib

import cv2
import numpy as np
import pytest
from PIL import Image

from backends.serving.images import ImageTooLarge, ImageUnreadable
from backends.serving.images.decode import decode
from tests.backends.serving.images.samples import PICTURE, PNG, encoded, gradient

MAX_PIXELS = 1_000_000
COLOUR = Image.fromarray(PICTURE)
GREY = np.asarray(COLOUR.convert("L"))
DEEP = (GREY.astype(np.uint16) << 8) + 128
ALPHA = np.tile(np.arange(64, dtype=np.uint8) * 4, (40, 1))
ON_WHITE = np.rint(255 - (255.0 - PICTURE) * ALPHA[..., None] / 255)
FADING = Image.merge("RGBA", [*COLOUR.split(), Image.fromarray(ALPHA)])
PALETTE = COLOUR.quantize(64)
HOLE = PALETTE.getpixel((0, 0))
RED = Image.new("RGB", COLOUR.size, "red")


def pixels(content: bytes, max_pixels: int = MAX_PIXELS) -> np.ndarray:
    return decode(io.BytesIO(content), "x.img", max_pixels, lambda _: None)


def deep_png(channels: np.ndarray) -> bytes:
    return cv2.imencode(".png", channels)[1].tobytes()


def three(grey: np.ndarray) -> np.ndarray:
    return np.dstack([grey] * 3)


def rgb(picture: Image.Image) -> np.ndarray:
    return np.asarray(picture.convert("RGB"))


def with_hole() -> np.ndarray:
    expected = rgb(PALETTE).copy()
    expected[np.asarray(PALETTE) == HOLE] = 255
    return expected


# name: (file, expected pixels, greatest difference of a channel)
FORMATS = {
    "PNG": (PNG, PICTURE, 0),
    "BMP": (encoded(COLOUR, "BMP"), PICTURE, 0),
    "JPEG": (encoded(COLOUR, "JPEG", quality=95, subsampling=0), PICTURE, 5),
    "progressive JPEG": (encoded(COLOUR, "JPEG", quality=95, progressive=True), PICTURE, 8),
    "grey JPEG": (encoded(COLOUR.convert("L"), "JPEG", quality=95), three(GREY), 5),
    "CMYK JPEG": (encoded(COLOUR.convert("CMYK"), "JPEG", quality=95), PICTURE, 6),
    "CMYK TIFF": (encoded(COLOUR.convert("CMYK"), "TIFF"), PICTURE, 1),
    "lossless WebP": (encoded(COLOUR, "WEBP", lossless=True), PICTURE, 0),
    "AVIF": (encoded(COLOUR, "AVIF", quality=100, subsampling="4:4:4"), PICTURE, 5),
    "LZW TIFF": (encoded(COLOUR, "TIFF", compression="tiff_lzw"), PICTURE, 0),
    "YCbCr TIFF": (encoded(COLOUR.convert("YCbCr"), "TIFF"), PICTURE, 4),
    "1-bit PNG": (encoded(COLOUR.convert("1"), "PNG"), rgb(COLOUR.convert("1")), 0),
    "palette PNG": (encoded(PALETTE, "PNG"), rgb(PALETTE), 0),
    "palette with a hole": (encoded(PALETTE, "PNG", transparency=HOLE), with_hole(), 0),
    "RGBA PNG": (encoded(FADING, "PNG"), ON_WHITE, 1),
    "RGBA WebP": (encoded(FADING, "WEBP", lossless=True, exact=True), ON_WHITE, 1),
    "opaque RGBA": (encoded(COLOUR.convert("RGBA"), "PNG"), PICTURE, 0),
    "LA PNG": (
        encoded(Image.merge("LA", [COLOUR.convert("L"), Image.fromarray(ALPHA)]), "PNG"),
        three(np.rint(255 - (255.0 - GREY) * ALPHA / 255)),
        1,
    ),
    "16-bit grey PNG": (encoded(Image.fromarray(DEEP), "PNG"), three(DEEP / 257), 0.5),
    "16-bit grey TIFF": (encoded(Image.fromarray(DEEP), "TIFF"), three(DEEP / 257), 0.5),
    "16-bit RGB PNG": (deep_png(PICTURE[:, :, ::-1].astype(np.uint16) * 257), PICTURE, 0),
    "32-bit TIFF": (
        encoded(Image.fromarray(DEEP.astype(np.int32)), "TIFF"),
        three(DEEP / 257),
        0.5,
    ),
    "float TIFF 0..1": (
        encoded(Image.fromarray((GREY / 255).astype(np.float32)), "TIFF"),
        three(GREY),
        0.5,
    ),
    "animated GIF": (
        encoded(PALETTE, "GIF", save_all=True, append_images=[RED]),
        rgb(PALETTE),
        0,
    ),
    "animated WebP": (
        encoded(COLOUR, "WEBP", save_all=True, append_images=[RED], lossless=True),
        PICTURE,
        0,
    ),
    "animated PNG": (encoded(COLOUR, "PNG", save_all=True, append_images=[RED]), PICTURE, 0),
    "animated PNG behind a still": (
        encoded(RED, "PNG", save_all=True, append_images=[COLOUR, RED], default_image=True),
        PICTURE,
        0,
    ),
}


@pytest.mark.parametrize("name", FORMATS)
def test_formats_are_shown_as_browsers_show_them(name: str) -> None:
    content, expected, tolerance = FORMATS[name]
    found = pixels(content)
    assert found.dtype == np.uint8
    assert found.shape == PICTURE.shape
    assert found.flags.c_contiguous
    assert np.abs(found - expected.astype(float)).max() <= tolerance


def test_a_16_bit_grey_that_is_declared_transparent_is_white() -> None:
    key = int(DEEP[5, 5])
    found = pixels(encoded(Image.fromarray(DEEP), "PNG", transparency=key))
    assert (found[key == DEEP] == 255).all()
    assert (found[key != DEEP] == pixels(encoded(Image.fromarray(DEEP), "PNG"))[key != DEEP]).all()


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([[0.0, 100.0, 255.0]], [0, 100, 255]),
        ([[0.0, 65535.0, 257.0]], [0, 255, 1]),
        ([[-10.0, 0.0, 10.0]], [0, 128, 255]),
        ([[0.0, np.nan, 1.0]], [0, 0, 255]),
        ([[0.0, 0.0, 0.0]], [0, 0, 0]),
        ([[1e6, 1e6, 1e6]], [0, 0, 0]),
    ],
)
def test_floats_are_scaled_by_their_range_and_not_clipped(values, expected) -> None:
    file = encoded(Image.fromarray(np.array(values, np.float32)), "TIFF")
    assert pixels(file)[0, :, 0].tolist() == expected


def test_what_a_gifs_first_frame_leaves_open_is_white() -> None:
    content = bytearray(encoded(PALETTE, "GIF"))
    content[6:10] = struct.pack("<HH", 80, 60)
    found = pixels(bytes(content))
    assert found.shape == (60, 80, 3)
    assert (found[:40, :64] == rgb(PALETTE)).all()
    assert (found[40:] == 255).all()
    assert (found[:, 64:] == 255).all()


def exif(value: int, order: str = "<", kind: int = 3, count: int = 1) -> bytes:
    """An EXIF block that holds nothing but an orientation."""
    head = {"<": b"II*\0", ">": b"MM\0*"}[order]
    stored = struct.pack(
        order + ("HH" if kind == 3 else "I"), *([value, 0][: 2 if kind == 3 else 1])
    )
    entry = struct.pack(order + "HHI", 0x0112, kind, count) + stored
    return b"Exif\0\0" + head + struct.pack(order + "IH", 8, 1) + entry + bytes(4)


# What a viewer must show for what is stored, EXIF 2.32, 4.6.4: where row 0 and column 0 are.
UPRIGHT = {
    1: lambda stored: stored,
    2: lambda stored: stored[:, ::-1],
    3: lambda stored: stored[::-1, ::-1],
    4: lambda stored: stored[::-1],
    5: lambda stored: stored.transpose(1, 0, 2),
    6: lambda stored: np.rot90(stored, -1),
    7: lambda stored: stored[::-1, ::-1].transpose(1, 0, 2),
    8: lambda stored: np.rot90(stored, 1),
}


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("value", UPRIGHT)
def test_every_exif_orientation_is_shown_upright(value: int, order: str) -> None:
    stored = pixels(encoded(COLOUR, "JPEG"))
    turned = pixels(encoded(COLOUR, "JPEG", exif=exif(value, order)))
    assert np.array_equal(turned, UPRIGHT[value](stored))
    in_png = pixels(encoded(COLOUR, "PNG", exif=exif(value, order)[6:]))
    assert np.array_equal(in_png, UPRIGHT[value](PICTURE))


# Pillow reads the resolution from EXIF, whether asked or not, and warns of what is cut off.
@pytest.mark.filterwarnings("ignore::UserWarning:PIL.TiffImagePlugin")
@pytest.mark.parametrize(
    "broken",
    [
        exif(0),
        exif(9),
        exif(6, kind=4),
        exif(6, count=2),
        exif(6)[:20],
        exif(6)[:8],
        b"Exif\x00\x00",
        b"Exif\x00\x00garbage garbage",
        b"Exif\x00\x00II*\x00\xff\xff\xff\xff",
        b"II*\x00",
    ],
)
def test_a_broken_orientation_turns_nothing(broken: bytes) -> None:
    stored = pixels(encoded(COLOUR, "JPEG"))
    assert np.array_equal(pixels(encoded(COLOUR, "JPEG", exif=broken)), stored)


def test_an_orientation_that_browsers_ignore_turns_nothing() -> None:
    xmp = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><r tiff:Orientation="6"/></x:xmpmeta>'
    stored = pixels(encoded(COLOUR, "JPEG"))
    assert np.array_equal(pixels(encoded(COLOUR, "JPEG", xmp=xmp)), stored)
    webp = encoded(COLOUR, "WEBP", lossless=True, exif=exif(6)[6:])
    assert np.array_equal(pixels(webp), PICTURE)


# TIFF: Python warns of every tag that is cut off, besides the error that we raise.
@pytest.mark.filterwarnings("ignore::UserWarning:PIL.TiffImagePlugin")
@pytest.mark.parametrize("format", ["PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF", "AVIF"])
def test_a_truncated_file_is_an_error_and_never_half_a_picture(format: str) -> None:
    content = encoded(COLOUR, format)
    whole = pixels(content)
    refused = 0
    for length in range(1, len(content), max(1, len(content) // 60)):
        try:
            found = pixels(content[:length])
        except ImageUnreadable:
            refused += 1
        else:  # Only the end mark was cut off.
            assert np.array_equal(found, whole)
    assert refused > 40


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "the file is empty"),
        (b"<!DOCTYPE html><html>Log in", "web page"),
        (b"\xef\xbb\xbf \n<html>", "web page"),
        (b"\n<HEAD><title>", "web page"),
        (b'{"detail": "no"}', "not an image of a known format"),
        (b"%PDF-1.7", "not an image of a known format"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "not an image of a known format"),
        (b"%!PS-Adobe-3.0 EPSF-3.0", "not an image of a known format"),
        (b"\x89PNG\r\n\x1a\n", "damaged or incomplete"),
        (b"\xff\xd8\xff", "damaged or incomplete"),
        (b"RIFF\0\0\0\0WEBPVP8 ", "damaged or incomplete"),
    ],
)
def test_what_is_no_image_is_named_for_what_it_is(content: bytes, sentence: str) -> None:
    with pytest.raises(ImageUnreadable, match=f"x.img: .*{sentence}"):
        pixels(content)


def bomb(width: int, height: int) -> bytes:
    """A PNG that declares a size and holds no pixels, so that decoding it fails in another way."""
    content = bytearray(PNG)
    content[16:24] = struct.pack(">II", width, height)
    content[29:33] = struct.pack(">I", zlib.crc32(content[12:29]))
    return bytes(content)


@pytest.mark.parametrize(
    "content",
    [
        bomb(1001, 1000),
        bomb(2**31 - 1, 2**31 - 1),
        encoded(Image.new("1", (1001, 1000)), "GIF"),
        encoded(Image.new("1", (1001, 1000)), "TIFF"),
        encoded(Image.new("L", (1001, 1000)), "JPEG"),
        encoded(Image.new("RGB", (1001, 1000)), "WEBP"),
    ],
)
def test_too_many_pixels_are_refused_by_the_header(content: bytes) -> None:
    allowed = r"more than the 1 megapixels allowed \(IMAGE_MAX_MEGAPIXELS\)$"
    with pytest.raises(ImageTooLarge, match=rf"x\.img: .* pixels are {allowed}") as caught:
        pixels(content)
    assert re.match(allowed, caught.value.reason)


def test_the_limit_is_inclusive_and_our_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100_000)
    content = encoded(Image.new("L", (1000, 1000)), "PNG")
    assert pixels(content, 1_000_000).shape == (1000, 1000, 3)
    with pytest.raises(ImageTooLarge, match="1000 x 1000 pixels"):
        pixels(content, 999_999)
    assert Image.MAX_IMAGE_PIXELS == 100_000


def test_pixels_are_exact_whatever_the_height() -> None:
    for height in (1, 63, 64, 65, 129):
        expected = gradient(height, 7)
        assert np.array_equal(pixels(encoded(Image.fromarray(expected), "PNG")), expected)
