import base64
import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image

from masks.bitmask import PREFIX, decode_mask, encode_mask
from masks.errors import BitmaskError

sides = st.integers(1, 40)


@given(st.tuples(sides, sides).flatmap(lambda shape: arrays(np.bool_, shape)))
@settings(max_examples=100)
def test_a_mask_comes_back_as_it_went(mask: np.ndarray) -> None:
    assert np.array_equal(decode_mask(encode_mask(mask), *mask.shape), mask)


def test_the_png_is_transparent_where_nothing_is_painted() -> None:
    mask = np.array([[True, False, True]])
    raw = base64.b64decode(encode_mask(mask).removeprefix(PREFIX))
    with Image.open(io.BytesIO(raw)) as image:
        assert image.convert("RGBA").getchannel("A").tobytes() == b"\xff\x00\xff"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("data:image/jpeg;base64,AAAA", "starts with data:image/png"),
        (PREFIX + "*", "not a readable PNG"),
        (PREFIX + base64.b64encode(b"no png").decode(), "not a readable PNG"),
        (encode_mask(np.ones((2, 3), np.bool_)), "3x2"),
        (PREFIX + encode_mask(np.ones((9, 9), np.bool_)).removeprefix(PREFIX)[:60], "readable"),
    ],
)
def test_what_is_no_bitmask_of_this_image_is_refused(text: str, said: str) -> None:
    with pytest.raises(BitmaskError, match=said):
        decode_mask(text, 9, 9)
