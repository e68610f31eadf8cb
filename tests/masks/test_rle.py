"""Our codec against label-studio-sdk's, both ways."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from label_studio_sdk.converter.brush import decode_rle, encode_rle, mask2rle

from masks.errors import RleError
from masks.rle import decode_mask, encode_mask

sides = st.integers(1, 48)
noise = st.tuples(sides, sides).flatmap(lambda shape: arrays(np.bool_, shape))
runs = st.lists(st.tuples(st.booleans(), st.integers(1, 400)), min_size=1, max_size=30).map(
    lambda parts: np.concatenate([np.full(n, value) for value, n in parts])[None, :]
)
masks = st.one_of(noise, runs)


def reference(mask: np.ndarray) -> list[int]:
    return mask2rle(mask.astype(np.uint8) * 255)


@given(masks)
def test_bytes_equal_the_sdks(mask: np.ndarray) -> None:
    assert encode_mask(mask) == reference(mask)


@given(masks)
def test_the_sdk_reads_what_we_write(mask: np.ndarray) -> None:
    height, width = mask.shape
    words = decode_rle(encode_mask(mask)).reshape(height, width, 4)
    assert np.array_equal(words[:, :, 3] > 0, mask)


@given(masks)
def test_we_read_what_the_sdk_writes(mask: np.ndarray) -> None:
    assert np.array_equal(decode_mask(reference(mask), *mask.shape), mask)


@given(arrays(np.uint8, st.integers(1, 60).map(lambda pixels: pixels * 4)))
def test_we_read_any_words_of_the_sdk(words: np.ndarray) -> None:
    # Antialiased strokes of the editor: single words, all values, literal runs of one.
    expected = words.reshape(1, -1, 4)[:, :, 3] > 127
    assert np.array_equal(decode_mask(encode_rle(words), 1, words.size // 4), expected)


@pytest.mark.parametrize("filled", [True, False])
def test_runs_longer_than_one_field_are_split_as_the_sdk_splits_them(filled: bool) -> None:
    mask = np.full((300, 400), filled)
    mask[150, 7] = not filled
    assert encode_mask(mask) == reference(mask)
    assert np.array_equal(decode_mask(encode_mask(mask), 300, 400), mask)


@pytest.mark.parametrize("pixels", [2, 3, 4, 5, 64, 65, 16384, 32768, 50000])
def test_lengths_on_the_border_of_a_field_are_written_as_the_sdk_writes_them(pixels: int) -> None:
    # 8, 16, 256 and 65536 words; longer runs are split.
    mask = np.concatenate([np.ones(pixels, np.bool_), np.zeros(3, np.bool_)])[None, :]
    assert encode_mask(mask) == reference(mask)


@pytest.mark.parametrize("pixels", [16385, 16448, 32769])
def test_the_short_rest_of_a_split_run_takes_a_shorter_field_than_the_sdks(pixels: int) -> None:
    mask = np.concatenate([np.ones(pixels, np.bool_), np.zeros(3, np.bool_)])[None, :]
    ours = encode_mask(mask)
    assert len(ours) < len(reference(mask))
    assert np.array_equal(decode_rle(ours).reshape(1, -1, 4)[:, :, 3] > 0, mask)
    assert np.array_equal(decode_mask(ours, *mask.shape), mask)
    assert np.array_equal(decode_mask(reference(mask), *mask.shape), mask)


def test_a_pixel_counts_from_half_opaque_on() -> None:
    words = np.repeat(np.array([127, 128], np.uint8), 4)
    assert decode_mask(encode_rle(words), 1, 2).tolist() == [[False, True]]


def test_runs_beyond_the_word_count_are_refused() -> None:
    bits = f"{4:032b}" + "00111" + "0010" + "0011" + "0111" + "1111" + "1" + "00" + "111" + "1" * 8
    bits += "0" * (-len(bits) % 8)
    rle = [int(bits[i : i + 8], 2) for i in range(0, len(bits), 8)]
    with pytest.raises(RleError, match=r"^the RLE runs past its own word count$"):
        decode_mask(rle, 1, 1)


def test_an_rle_may_end_with_its_last_bit() -> None:
    bits = f"{4:032b}" + "00111" + "0010" + "0011" + "0111" + "1111" + "0" + "00" + "011"
    bits += "1" * 32
    bits += "" if len(bits) % 8 == 0 else "0" * (-len(bits) % 8)
    rle = [int(bits[i : i + 8], 2) for i in range(0, len(bits), 8)]
    assert decode_mask(rle, 1, 1).tolist() == [[True]]
    with pytest.raises(RleError, match=r"^the RLE ends in the middle of a run$"):
        decode_mask(rle[:-1], 1, 1)


def test_literal_chunks_of_the_editor_are_read() -> None:
    # Header for 8 words, then one literal chunk (flag 0, size class 0 of 3 bits) of 8 words.
    bits = f"{8:032b}" + "00111" + "0010" + "0011" + "0111" + "1111"
    bits += "0" + "00" + "111" + "".join(f"{word:08b}" for word in (1, 2, 3, 255, 5, 6, 7, 0))
    bits += "0" * (-len(bits) % 8)
    rle = [int(bits[i : i + 8], 2) for i in range(0, len(bits), 8)]
    assert decode_mask(rle, 1, 2).tolist() == [[True, False]]


@given(noise, st.data())
def test_a_cut_rle_is_refused_not_guessed(mask: np.ndarray, data: st.DataObject) -> None:
    rle = encode_mask(mask)
    kept = data.draw(st.integers(0, max(0, len(rle) - 3)))
    with pytest.raises(RleError):
        decode_mask(rle[:kept], *mask.shape)


@pytest.mark.parametrize(
    ("rle", "said"),
    [
        ([300], "numbers from 0 to 255"),
        (["a"], "numbers from 0 to 255"),
        ([], "middle of a run"),
        (encode_mask(np.ones((3, 3), dtype=np.bool_)), "36 words"),
    ],
)
def test_what_is_no_rle_of_this_image_is_refused_with_the_reason(rle: list, said: str) -> None:
    with pytest.raises(RleError, match=said):
        decode_mask(rle, 4, 4)


@pytest.mark.parametrize(
    "mask", [np.zeros((2, 2), np.uint8), np.zeros((0, 3), np.bool_), np.zeros(4, np.bool_)]
)
def test_only_bool_masks_of_two_dimensions_are_written(mask: np.ndarray) -> None:
    with pytest.raises(RleError):
        encode_mask(mask)
