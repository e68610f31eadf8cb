import cv2
import numpy as np
import pytest

from masks.polygon import outlines


def fill(parts: list[list[list[float]]], height: int, width: int) -> np.ndarray:
    """Fill by the centres of pixels, by the even-odd rule; a canvas counts windings, which is the
    same for rings that do not cross themselves.
    """
    rows, columns = np.mgrid[:height, :width] + 0.5
    filled = np.zeros((height, width), np.bool_)
    for part in parts:
        inside = np.zeros_like(filled)
        corners = np.array(part) * [width / 100, height / 100]
        for (x0, y0), (x1, y1) in zip(corners, np.roll(corners, -1, axis=0), strict=True):
            crosses = (y0 <= rows) != (y1 <= rows)
            with np.errstate(divide="ignore", invalid="ignore"):
                inside ^= crosses & (x0 + (rows - y0) / (y1 - y0) * (x1 - x0) > columns)
        filled |= inside
    return filled


@pytest.mark.parametrize("seed", range(8))
def test_filling_the_true_outlines_gives_any_mask_back_to_the_pixel(seed: int) -> None:
    rng = np.random.default_rng(seed)
    height, width = rng.integers(5, 40, 2)
    blotches = cv2.GaussianBlur(rng.random((height, width)), (0, 0), rng.uniform(0.5, 3))
    mask = blotches > np.quantile(np.asarray(blotches, np.float64), rng.uniform(0.1, 0.9))
    assert np.array_equal(fill(outlines(mask, tolerance=0), height, width), mask)


def test_a_square_of_ten_pixels_is_ten_wide() -> None:
    mask = np.zeros((100, 200), np.bool_)
    mask[20:30, 40:50] = True
    (corners,) = outlines(mask)
    assert sorted(corners) == [[20.0, 20.0], [20.0, 30.0], [25.0, 20.0], [25.0, 30.0]]


def test_a_hole_stays_empty() -> None:
    mask = np.ones((60, 60), np.bool_)
    mask[20:40, 20:40] = False
    mask[50:55, 5:9] = False
    (corners,) = outlines(mask)
    assert len(corners) == 4 + 2 * (4 + 4)
    assert np.array_equal(fill([corners], 60, 60), mask)


def test_a_part_in_a_hole_is_a_part_of_its_own() -> None:
    mask = np.ones((60, 60), np.bool_)
    mask[10:50, 10:50] = False
    mask[25:35, 25:35] = True
    parts = outlines(mask)
    assert len(parts) == 2
    assert np.array_equal(fill(parts, 60, 60), mask)


def test_the_simplified_outline_is_close_and_has_few_corners() -> None:
    rows, columns = np.mgrid[:300, :400]
    mask = ((rows - 150) / 90) ** 2 + ((columns - 200) / 130) ** 2 < 1
    parts = outlines(mask)
    assert len(parts) == 1
    assert len(parts[0]) < 80
    filled = fill(parts, 300, 400)
    assert (filled & mask).sum() / (filled | mask).sum() > 0.99


@pytest.mark.parametrize("shape", [(1, 5000), (5000, 1), (3, 4000)])
def test_a_strip_keeps_its_pixels(shape: tuple[int, int]) -> None:
    mask = np.zeros(shape, np.bool_)
    mask.flat[100:900] = True
    assert np.array_equal(fill(outlines(mask), *shape), mask)


@pytest.mark.parametrize("small", [slice(10, 20), slice(92, 98)])
def test_each_part_is_its_own_polygon_the_largest_first(small: slice) -> None:
    """Wherever the small one is: OpenCV finds the lowest first."""
    mask = np.zeros((100, 100), np.bool_)
    mask[small, small] = True
    mask[40:90, 40:90] = True
    parts = outlines(mask)
    assert [min(x for x, _ in part) for part in parts] == [40.0, float(small.start)]


def test_one_pixel_is_a_square() -> None:
    mask = np.zeros((100, 200), np.bool_)
    mask[50, 100] = True
    (corners,) = outlines(mask)
    assert sorted(corners) == [[50.0, 50.0], [50.0, 51.0], [50.5, 50.0], [50.5, 51.0]]


def test_a_slope_becomes_one_line() -> None:
    (corners,) = outlines(np.tri(40, dtype=np.bool_))
    assert len(corners) <= 5
    assert [0.0, 100.0] in corners


def test_larger_pictures_are_simplified_more_and_small_ones_to_a_pixel() -> None:
    rows, columns = np.mgrid[:2000, :2000]
    disc = (rows - 1000) ** 2 + (columns - 1000) ** 2 < 900**2
    (large,), (small,) = outlines(disc), outlines(disc[::20, ::20])
    assert len(large) < 0.75 * len(outlines(disc, tolerance=0)[0])
    assert 12 < len(small) < 30


def test_an_empty_mask_has_no_outline() -> None:
    assert outlines(np.zeros((5, 5), np.bool_)) == []
