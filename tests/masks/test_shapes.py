"""The pixels that a region covers: those whose centres its shape holds."""

from dataclasses import replace

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from masks.errors import RegionError
from masks.labeling_config import labeling_config
from masks.polygon import outlines
from masks.regions import regions_of
from masks.results import DrawnRegion, drawn_regions
from masks.shapes import covered, fill, size_of


def region(shape: str, value: dict) -> DrawnRegion:
    result = {"id": "r", "type": shape, "from_name": "tool", "to_name": "image", "value": value}
    return drawn_regions([result])[0]


def ring() -> NDArray[np.bool_]:
    """A ring with a hole, a part of its own, and a line of a pixel's width."""
    mask = np.zeros((40, 60), np.bool_)
    mask[5:30, 10:40] = True
    mask[12:20, 15:25] = False
    mask[33:38, 50:58] = True
    mask[2, 0:60] = True
    return mask


@pytest.mark.parametrize("tag", ["BrushLabels", "BitmaskLabels", "PolygonLabels"])
def test_what_a_mask_was_written_as_gives_the_mask_back(tag: str) -> None:
    config = labeling_config(
        f'<View><Image name="image" value="$image"/><{tag} name="tool" toName="image">'
        f'<Label value="dress"/></{tag}></View>'
    )
    control = config.mask_controls[0]
    mask = ring()
    if tag == "PolygonLabels":
        found = [region("polygon", {"points": points}) for points in outlines(mask, 0.0)]
    else:
        found = drawn_regions(regions_of(mask, control, control.label_for("dress"), 1.0))
    assert len(found) == (3 if tag == "PolygonLabels" else 1)
    together = np.any([covered(one, 40, 60) for one in found], axis=0)
    assert np.array_equal(together, mask)


def test_a_rectangle_covers_the_pixels_whose_centres_are_inside() -> None:
    value = {"x": 10, "y": 20, "width": 30, "height": 50, "rotation": 0}
    mask = covered(region("rectanglelabels", value), 10, 20)
    assert mask.sum() == 6 * 5
    assert mask[2:7, 2:8].all()


def test_a_rectangle_is_turned_clockwise_about_its_first_corner() -> None:
    value = {"x": 50, "y": 50, "width": 20, "height": 10, "rotation": 90}
    mask = covered(region("rectangle", value), 100, 100)
    assert mask[50:70, 40:50].all()
    assert mask.sum() == 20 * 10


def test_a_turned_ellipse_is_that_of_the_formula() -> None:
    value = {"x": 50, "y": 40, "radiusX": 30, "radiusY": 10, "rotation": 30}
    mask = covered(region("ellipse", value), 200, 100)
    y, x = np.mgrid[0:200, 0:100] + 0.5
    angle = np.radians(30)
    along = (x - 50) * np.cos(angle) + (y - 80) * np.sin(angle)
    across = (y - 80) * np.cos(angle) - (x - 50) * np.sin(angle)
    assert np.array_equal(mask, (along / 30) ** 2 + (across / 20) ** 2 <= 1)


def test_shapes_are_cut_at_the_edges_of_the_image() -> None:
    wide = covered(
        region("ellipse", {"x": 0, "y": 0, "radiusX": 100, "radiusY": 100, "rotation": 0}), 10, 10
    )
    assert wide[0, 0]
    assert not wide[9, 9]
    box = covered(region("rectangle", {"x": -50, "y": -50, "width": 300, "height": 300}), 10, 10)
    assert box.all()


def test_polygons_fill_as_a_library_tests_each_centre() -> None:
    random = np.random.default_rng(7)
    for _ in range(20):
        angles = np.sort(random.uniform(0, 2 * np.pi, 9))
        radii = random.uniform(5, 30, 9)
        corners = np.stack([40 + radii * np.cos(angles), 35 + radii * np.sin(angles)], axis=1)
        ring = corners.astype(np.float32)
        expected = [
            [cv2.pointPolygonTest(ring, (x + 0.5, y + 0.5), False) > 0 for x in range(80)]
            for y in range(70)
        ]
        assert np.array_equal(fill(corners, 70, 80), expected)


def test_where_an_outline_crosses_itself_the_inside_stays_full() -> None:
    """The canvas's own rule; the even-odd rule would leave the middle of a star empty."""
    turns = np.radians(np.arange(5) * 144)
    star = np.stack([50 + 40 * np.sin(turns), 50 - 40 * np.cos(turns)], axis=1)
    assert fill(star, 100, 100)[50, 50]


@pytest.mark.parametrize(
    ("shape", "value", "words"),
    [
        ("polygon", {"points": []}, "no points"),
        ("polygon", {"points": [[1, "a"]]}, "no points"),
        ("rectangle", {"x": 1, "y": 2, "width": 3}, "no numbers"),
        ("ellipse", {"x": 1, "y": 2, "radiusX": float("nan"), "radiusY": 2}, "no numbers"),
        ("brush", {"format": "rle", "rle": [1]}, "cannot be read"),
    ],
)
def test_a_shape_that_cannot_be_read_is_said(shape: str, value: dict, words: str) -> None:
    with pytest.raises(RegionError, match=words):
        covered(region(shape, value), 10, 10)


@pytest.mark.parametrize("side", ["original_height", "original_width"])
@pytest.mark.parametrize("pixels", [0, -1, None])
def test_a_picture_without_height_or_width_is_refused(side: str, pixels: int | None) -> None:
    sizes = {"original_height": 1, "original_width": 1, side: pixels}
    drawn = replace(region("rectangle", {}), result=sizes)
    with pytest.raises(RegionError, match="region r does not say how large its picture is"):
        size_of(drawn)
