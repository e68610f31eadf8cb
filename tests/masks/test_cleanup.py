import cv2
import numpy as np
import pytest

from masks.cleanup import clean, components, rectangle_of, surroundings, without_specks


def canvas() -> np.ndarray:
    mask = np.zeros((60, 60), np.bool_)
    mask[10:50, 10:50] = True
    return mask


def cleaned(mask: np.ndarray, min_area: int, smooth_px: float) -> np.ndarray:
    """A whole mask, cleaned where it is painted."""
    if not mask.any():
        return mask
    within = surroundings(rectangle_of(mask), mask.shape, min_area, smooth_px)
    whole = np.zeros_like(mask)
    whole[within] = clean(mask[within], min_area, smooth_px, within, mask.shape)
    return whole


def test_specks_go_and_pinholes_are_filled() -> None:
    mask = canvas()
    mask[2, 2] = True
    mask[30, 30] = False
    assert np.array_equal(cleaned(mask, min_area=9, smooth_px=0), canvas())


def test_a_large_hole_stays_because_it_may_be_another_garment() -> None:
    mask = canvas()
    mask[20:30, 20:30] = False
    assert np.array_equal(cleaned(mask, min_area=9, smooth_px=0), mask)


def test_edges_lose_their_teeth() -> None:
    mask = canvas()
    mask[9, 10:50:2] = True
    smooth = cleaned(mask, min_area=1, smooth_px=1.5)
    assert np.ptp(smooth[:, 20:40].argmax(axis=0)) == 0
    assert abs(int(smooth.sum()) - int(canvas().sum())) < 60


def test_an_empty_mask_stays_empty() -> None:
    everywhere = slice(0, 5), slice(0, 5)
    empty = np.zeros((5, 5), np.bool_)
    assert not clean(empty, min_area=3, smooth_px=2, within=everywhere, shape=(5, 5)).any()


@pytest.mark.parametrize(("side", "stays"), [(2, False), (3, True)])
def test_a_part_of_exactly_the_least_area_stays(side: int, stays: bool) -> None:
    mask = np.zeros((12, 12), np.bool_)
    mask[1 : 1 + side, 1 : 1 + side] = True
    assert without_specks(mask, 9).any() == stays


def test_two_is_the_least_area_that_drops_single_pixels() -> None:
    mask = np.eye(1, 9, 4, dtype=np.bool_)
    assert without_specks(mask, 1).any()
    assert not without_specks(mask, 2).any()


def test_a_little_smoothing_takes_a_single_tooth_away() -> None:
    mask = canvas()
    mask[7:10, 30] = True
    assert not cleaned(mask, min_area=1, smooth_px=0.8)[7, 30]
    assert cleaned(mask, min_area=1, smooth_px=0)[7, 30]


def test_smoothing_leaves_a_straight_edge_where_it_is() -> None:
    mask = np.zeros((20, 20), np.bool_)
    mask[:, 10:] = True
    assert np.array_equal(cleaned(mask, min_area=1, smooth_px=1.5), mask)


def test_components_are_the_connected_parts_by_size() -> None:
    mask = np.zeros((20, 20), np.bool_)
    mask[1:3, 1:3] = True
    mask[8:18, 8:18] = True
    assert [part.sum() for part in components(mask)] == [100, 4]


def test_each_of_equal_components_comes_once() -> None:
    mask = np.zeros((9, 9), np.bool_)
    mask[::4, ::4] = True
    found = list(components(mask))
    assert len(found) == 9
    assert np.array_equal(np.logical_or.reduce(found), mask)
    assert list(components(np.zeros((3, 3), np.bool_))) == []


def plainly_clean(mask: np.ndarray, min_area: int, smooth_px: float) -> np.ndarray:
    """The same on the whole image."""
    if smooth_px > 0:
        mask = cv2.GaussianBlur(mask.astype(np.uint8) * 255, (0, 0), smooth_px) > 127
    return without_specks(~without_specks(~mask, min_area), min_area)


@pytest.mark.parametrize("smooth_px", [0, 0.4, 0.7, 1.5, 4])
@pytest.mark.parametrize("min_area", [1, 3, 30, 400])
def test_a_masks_own_rectangle_gives_what_the_whole_image_gives(
    min_area: int, smooth_px: float
) -> None:
    rng = np.random.default_rng(min_area)
    for _ in range(40):
        height, width = (int(side) for side in rng.integers(1, 90, 2))
        mask = np.zeros((height, width), np.bool_)
        for _ in range(rng.integers(1, 6)):
            y, x = rng.integers(0, height), rng.integers(0, width)
            mask[y : y + rng.integers(1, 60), x : x + rng.integers(1, 60)] ^= True
        mask &= rng.random(mask.shape) < rng.choice([0.9, 1])
        expected = plainly_clean(mask, min_area, smooth_px)
        assert np.array_equal(cleaned(mask, min_area, smooth_px), expected)


def test_the_strip_beside_a_mask_is_no_hole_however_narrow() -> None:
    # Within its rectangle the strip is small, beside it the background goes on.
    mask = np.zeros((100, 100), np.bool_)
    mask[:, 50:] = True
    assert np.array_equal(cleaned(mask, 1000, 0), mask)
    mask[:, 5:] = True
    assert cleaned(mask, 501, 0).all()
    assert np.array_equal(cleaned(mask, 500, 0), mask)
