import base64
import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image

from masks.bitmask import PREFIX, decode_mask, encode_mask
from masks.errors import BitmaskError

sides = st.integers(1, 40)


def gif() -> bytes:
    buffer = io.BytesIO()
    Image.new("L", (9, 9)).save(buffer, "GIF")
    return buffer.getvalue()


def png(picture: Image.Image) -> str:
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    return PREFIX + base64.b64encode(buffer.getvalue()).decode()


@given(st.tuples(sides, sides).flatmap(lambda shape: arrays(np.bool_, shape)))
def test_a_mask_comes_back_as_it_went(mask: np.ndarray) -> None:
    assert np.array_equal(decode_mask(encode_mask(mask), *mask.shape), mask)


def test_the_png_is_transparent_where_nothing_is_painted() -> None:
    mask = np.array([[True, False, True]])
    raw = base64.b64decode(encode_mask(mask).removeprefix(PREFIX))
    with Image.open(io.BytesIO(raw)) as image:
        assert image.convert("RGBA").getchannel("A").tobytes() == b"\xff\x00\xff"


def test_the_png_has_one_bit_a_pixel_black_and_white() -> None:
    raw = base64.b64decode(encode_mask(np.eye(64, dtype=np.bool_)).removeprefix(PREFIX))
    assert raw[24:26] == b"\x01\x03"  # IHDR: one bit, colours from a palette.
    assert b"PLTE\0\0\0\xff\xff\xff" in raw


def test_a_pixel_counts_from_half_opaque_on_as_in_the_editors_own_pngs() -> None:
    shades = Image.new("RGBA", (3, 1))
    for x, alpha in enumerate((127, 128, 255)):
        shades.putpixel((x, 0), (9, 9, 9, alpha))
    assert decode_mask(png(shades), 1, 3).tolist() == [[False, True, True]]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("data:image/jpeg;base64,AAAA", "starts with data:image/png"),
        (PREFIX + "*", "not a readable PNG"),
        (encode_mask(np.ones((9, 9), np.bool_)) + "*", "not a readable PNG"),
        (PREFIX + base64.b64encode(gif()).decode(), "not a readable PNG"),
        (PREFIX + base64.b64encode(b"no png").decode(), "not a readable PNG"),
        (encode_mask(np.ones((2, 3), np.bool_)), "3x2"),
        (PREFIX + encode_mask(np.ones((9, 9), np.bool_)).removeprefix(PREFIX)[:60], "readable"),
    ],
)
def test_what_is_no_bitmask_of_this_image_is_refused(text: str, said: str) -> None:
    with pytest.raises(BitmaskError, match=said):
        decode_mask(text, 9, 9)
