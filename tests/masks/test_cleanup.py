import numpy as np
import pytest

from masks.cleanup import clean, components, without_specks


def canvas() -> np.ndarray:
    mask = np.zeros((60, 60), np.bool_)
    mask[10:50, 10:50] = True
    return mask


def test_specks_go_and_pinholes_are_filled() -> None:
    mask = canvas()
    mask[2, 2] = True
    mask[30, 30] = False
    assert np.array_equal(clean(mask, min_area=9, smooth_px=0), canvas())


def test_a_large_hole_stays_because_it_may_be_another_garment() -> None:
    mask = canvas()
    mask[20:30, 20:30] = False
    assert np.array_equal(clean(mask, min_area=9, smooth_px=0), mask)


def test_edges_lose_their_teeth() -> None:
    mask = canvas()
    mask[9, 10:50:2] = True
    smooth = clean(mask, min_area=1, smooth_px=1.5)
    assert np.ptp(smooth[:, 20:40].argmax(axis=0)) == 0
    assert abs(int(smooth.sum()) - int(canvas().sum())) < 60


def test_an_empty_mask_stays_empty() -> None:
    assert not clean(np.zeros((5, 5), np.bool_), min_area=3, smooth_px=2).any()


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
    assert not clean(mask, min_area=1, smooth_px=0.8)[7, 30]
    assert clean(mask, min_area=1, smooth_px=0)[7, 30]


def test_smoothing_leaves_a_straight_edge_where_it_is() -> None:
    mask = np.zeros((20, 20), np.bool_)
    mask[:, 10:] = True
    assert np.array_equal(clean(mask, min_area=1, smooth_px=1.5), mask)


def test_components_are_the_connected_parts_by_size() -> None:
    mask = np.zeros((20, 20), np.bool_)
    mask[1:3, 1:3] = True
    mask[8:18, 8:18] = True
    assert [part.sum() for part in components(mask)] == [100, 4]
