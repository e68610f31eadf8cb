import numpy as np

from masks.cleanup import clean, components


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


def test_components_are_the_connected_parts_by_size() -> None:
    mask = np.zeros((20, 20), np.bool_)
    mask[1:3, 1:3] = True
    mask[8:18, 8:18] = True
    assert [part.sum() for part in components(mask)] == [100, 4]
