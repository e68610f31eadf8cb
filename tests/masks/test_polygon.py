import cv2
import numpy as np

from masks.polygon import outlines


def fill(parts: list[list[list[float]]], height: int, width: int) -> np.ndarray:
    canvas = np.zeros((height, width), np.uint8)
    for part in parts:
        corners = np.round(np.array(part) * [width / 100, height / 100]).astype(np.int32)
        cv2.fillPoly(canvas, [corners], 1)
    return canvas > 0


def test_filling_the_outline_gives_the_mask_back() -> None:
    rows, columns = np.mgrid[:300, :400]
    mask = ((rows - 150) / 90) ** 2 + ((columns - 200) / 130) ** 2 < 1
    parts = outlines(mask)
    assert len(parts) == 1
    assert len(parts[0]) < 80
    filled = fill(parts, 300, 400)
    assert (filled & mask).sum() / (filled | mask).sum() > 0.98


def test_each_part_is_its_own_polygon_the_largest_first() -> None:
    mask = np.zeros((100, 100), np.bool_)
    mask[10:20, 10:20] = True
    mask[40:90, 40:90] = True
    parts = outlines(mask)
    assert [min(x for x, _ in part) for part in parts] == [40.0, 10.0]


def test_a_part_too_small_for_a_polygon_becomes_its_box() -> None:
    mask = np.zeros((100, 200), np.bool_)
    mask[50, 100] = True
    assert outlines(mask) == [[[50.0, 50.0], [50.5, 50.0], [50.5, 51.0], [50.0, 51.0]]]


def test_a_triangle_keeps_its_three_corners() -> None:
    mask = np.tri(40, dtype=np.bool_)
    (corners,) = outlines(mask)
    assert sorted(corners) == [[0.0, 0.0], [0.0, 97.5], [97.5, 97.5]]


def test_larger_pictures_are_simplified_more_and_small_ones_to_a_pixel() -> None:
    rows, columns = np.mgrid[:2000, :2000]
    disc = (rows - 1000) ** 2 + (columns - 1000) ** 2 < 900**2
    (large,), (small,) = outlines(disc), outlines(disc[::20, ::20])
    assert len(large) < 0.75 * len(outlines(disc, tolerance=0)[0])
    assert 12 < len(small) < 30


def test_a_hole_is_no_part() -> None:
    mask = np.ones((60, 60), np.bool_)
    mask[20:40, 20:40] = False
    assert len(outlines(mask)) == 1


def test_an_empty_mask_has_no_outline() -> None:
    assert outlines(np.zeros((5, 5), np.bool_)) == []
