import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from masks.errors import RleError
from masks.runs import BLOCK, Runs

sides = st.integers(1, 48)


@given(st.tuples(sides, sides).flatmap(lambda shape: arrays(np.bool_, shape)))
def test_runs_are_the_mask(mask: np.ndarray) -> None:
    runs = Runs.of(mask)
    flat = mask.ravel()
    assert np.array_equal(runs.mask(), mask)
    assert runs.any() == mask.any()
    assert runs.shape == mask.shape
    assert runs.first == mask[0, 0]
    assert runs.ends.tolist() == [*np.flatnonzero(flat[1:] != flat[:-1]), mask.size - 1]


@given(
    st.tuples(sides, sides).flatmap(lambda shape: arrays(np.bool_, shape)),
    st.tuples(*[st.integers(0, 3)] * 4),
)
def test_a_part_and_its_place_give_the_runs_of_the_whole(
    part: np.ndarray, beside: tuple[int, int, int, int]
) -> None:
    above, below, left, right = beside
    whole = np.pad(part, ((above, below), (left, right)))
    height, width = part.shape
    place = slice(above, above + height), slice(left, left + width)
    shape = above + height + below, left + width + right
    runs, expected = Runs.within(part, place, shape), Runs.of(whole)
    assert runs.ends.tolist() == expected.ends.tolist()
    assert (runs.shape, runs.first) == (expected.shape, expected.first)


@pytest.mark.parametrize("shift", range(-2, 3))
def test_a_change_where_two_blocks_meet_is_found_once(shift: int) -> None:
    mask = np.zeros((1, 2 * BLOCK + 100), np.bool_)
    mask[0, BLOCK + shift : 2 * BLOCK + shift] = True
    assert Runs.of(mask).ends.tolist() == [BLOCK + shift - 1, 2 * BLOCK + shift - 1, mask.size - 1]


@pytest.mark.parametrize("more", [-1, 0, 1, 63, 64, 65])
def test_noise_up_to_a_block_border_and_beyond_stays_as_it_is(more: int) -> None:
    mask = np.zeros((1, BLOCK + more), np.bool_)
    noise = np.random.default_rng(0).random((1, 200 + more)) < 0.5
    mask[:, -noise.size :] = noise
    assert np.array_equal(Runs.of(mask).mask(), mask)


@pytest.mark.parametrize(
    "mask", [np.zeros((0, 3), np.bool_), np.zeros(3, np.bool_), np.zeros((2, 2), np.uint8)]
)
def test_what_is_no_mask_is_refused(mask: np.ndarray) -> None:
    with pytest.raises(RleError, match="non-empty bool array"):
        Runs.of(mask)
