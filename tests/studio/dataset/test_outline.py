"""Outlines for readers that fill with OpenCV: exact, but for the lines between parts."""

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio.dataset.formats.outline import filled, outline


@given(st.integers(0, 2**32), st.floats(0.1, 0.9), st.integers(1, 4))
def test_only_lines_between_parts_are_more_than_the_mask(
    seed: int, density: float, size: int
) -> None:
    random = np.random.default_rng(seed)
    small = random.random((9, 11)) < density
    mask = small.repeat(size, 0).repeat(size, 1)
    if not mask.any():
        return
    read = filled(outline(mask), *mask.shape)
    assert read[mask].all()
    parts = cv2.connectedComponents(mask.astype(np.uint8))[0] - 1
    if parts == 1:
        assert np.array_equal(read, mask)


@pytest.mark.parametrize(
    "points", [[(3, 3)], [(3, 3), (3, 4)], [(2, 2), (3, 3), (4, 4)], [(0, x) for x in range(8)]]
)
def test_a_few_pixels_have_three_corners_at_least(points: list[tuple[int, int]]) -> None:
    mask = np.zeros((8, 8), np.bool_)
    for point in points:
        mask[point] = True
    corners = outline(mask)
    assert len(corners) >= 3
    assert np.array_equal(filled(corners, 8, 8), mask)


def test_a_mask_that_is_all_holes_has_an_outline() -> None:
    mask = np.ones((80, 80), np.bool_)
    mask[1:-1:2, 1:-1:2] = False
    assert np.array_equal(filled(outline(mask), 80, 80), mask)
