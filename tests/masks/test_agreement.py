"""How far two sets of masks agree."""

import numpy as np
import pytest

from masks.agreement import agreement, differences, label_masks
from masks.bitmask import encode_mask as to_bitmask
from masks.rle import encode_mask as to_rle

SIZE = {"original_width": 10, "original_height": 4, "to_name": "image"}


def columns(start: int, end: int) -> np.ndarray:
    mask = np.zeros((4, 10), dtype=bool)
    mask[:, start:end] = True
    return mask


def brush(name: str, start: int, end: int, label: str = "coat") -> dict:
    value = {"format": "rle", "rle": to_rle(columns(start, end)), "brushlabels": [label]}
    return {**SIZE, "id": name, "from_name": "b", "type": "brushlabels", "value": value}


def test_regions_of_a_label_are_joined_and_counted() -> None:
    found = label_masks([brush("1", 0, 2), brush("2", 5, 6), brush("3", 8, 9, "hat")])
    assert found.regions == {"coat": 2, "hat": 1}
    assert found.masks["image", 0, "coat"].sum() == 12


def test_bitmasks_polygons_and_rectangles_are_read_like_brushes() -> None:
    picture = {"imageDataURL": to_bitmask(columns(0, 5)), "bitmasklabels": ["coat"]}
    outline = [[0, 0], [50, 0], [50, 100], [0, 100]]
    ring = {"points": outline, "closed": True, "polygonlabels": ["coat"]}
    bitmask = {**SIZE, "id": "1", "from_name": "b", "type": "bitmasklabels", "value": picture}
    polygon = {**SIZE, "id": "2", "from_name": "p", "type": "polygonlabels", "value": ring}
    one, other = label_masks([bitmask]), label_masks([polygon])
    (iou,) = agreement(one.masks, other.masks).values()
    assert iou == 1
    assert (one.masks["image", 0, "coat"] == columns(0, 5)).all()
    box = {"x": 0, "y": 0, "width": 50, "height": 100, "rectanglelabels": ["coat"]}
    rectangle = {**SIZE, "id": "3", "from_name": "r", "type": "rectanglelabels", "value": box}
    assert (label_masks([rectangle]).masks["image", 0, "coat"] == columns(0, 5)).all()


def test_what_holds_no_mask_is_counted_and_what_has_no_label_is_left_out() -> None:
    place = {"x": 1, "y": 1, "keypointlabels": ["coat"]}
    broken = brush("2", 0, 2)
    broken["value"]["rle"] = [1, 2]
    plain = {**brush("3", 0, 2), "type": "brush"}
    plain["value"] = {"format": "rle", "rle": to_rle(columns(0, 2))}
    point = {**SIZE, "id": "1", "from_name": "k", "type": "keypointlabels", "value": place}
    without_size = {**brush("4", 0, 2), "original_width": None}
    found = label_masks([point, broken, plain, without_size])
    assert (found.masks, found.unreadable) == ({}, 3)


def test_a_region_with_several_labels_counts_for_each() -> None:
    region = brush("1", 0, 4)
    region["value"]["brushlabels"] = ["coat", "hat"]
    found = label_masks([region])
    assert found.regions == {"coat": 1, "hat": 1}
    assert {place[2] for place in found.masks} == {"coat", "hat"}


def test_what_a_smart_tool_left_over_is_no_mask() -> None:
    box = {"x": 0, "y": 0, "width": 100, "height": 100, "rectanglelabels": ["coat"]}
    prompt = {**SIZE, "id": "2", "from_name": "box", "type": "rectanglelabels", "value": box}
    found = label_masks([brush("1", 0, 4), prompt], prompts={"box"})
    assert (found.regions, found.unreadable) == ({"coat": 1}, 0)
    assert (found.masks["image", 0, "coat"] == columns(0, 4)).all()


def test_agreement_is_the_shared_part_of_what_either_covers() -> None:
    one = label_masks([brush("1", 0, 4), brush("2", 8, 9, "hat")]).masks
    other = label_masks([brush("1", 2, 6), brush("2", 8, 9, "bag")]).masks
    assert agreement(one, other) == {
        ("image", 0, "coat"): pytest.approx(2 / 6),
        ("image", 0, "hat"): 0.0,
        ("image", 0, "bag"): 0.0,
    }
    assert set(agreement(one, one).values()) == {1.0}
    assert agreement({}, {}) == {}


def test_masks_of_different_sizes_are_not_compared() -> None:
    one = {("image", 0, "coat"): columns(0, 4)}
    other = {("image", 0, "coat"): np.ones((8, 20), dtype=bool)}
    assert agreement(one, other) == {}
    assert differences(one, other, ("image", 0)) is None


def test_another_label_on_the_same_pixels_is_a_difference() -> None:
    one = {("image", 0, "coat"): columns(0, 4), ("image", 0, "hat"): columns(6, 8)}
    other = {("image", 0, "dress"): columns(0, 4), ("image", 0, "hat"): columns(7, 9)}
    drawn = differences(one, other, ("image", 0))
    assert drawn is not None
    both, first, second = drawn
    assert (both == columns(7, 8)).all()
    assert (first == columns(0, 4) | columns(6, 7)).all()
    assert (second == columns(0, 4) | columns(8, 9)).all()
