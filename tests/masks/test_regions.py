import numpy as np
import pytest

from masks.errors import RegionError
from masks.labeling_config import mask_control
from masks.polygon import outlines
from masks.regions import mask_of, regions_of
from masks.rle import encode_mask

MASK = np.zeros((40, 60), np.bool_)
MASK[5:15, 10:30] = True
MASK[25:35, 40:50] = True


def control(tag: str, labelled: bool = True):
    labels = '<Label value="hat"/>' if labelled else ""
    return mask_control(
        f'<View><Image name="photo" value="$pic"/>'
        f'<{tag} name="m" toName="photo">{labels}</{tag}></View>'
    )


@pytest.mark.parametrize("tag", ["BrushLabels", "BitmaskLabels"])
def test_a_region_holds_the_mask_and_the_configs_own_names(tag: str) -> None:
    (region,) = regions_of(MASK, control(tag), "hat", 0.87654)
    kind = tag.lower()
    assert ("imageDataURL" in region["value"]) == (tag == "BitmaskLabels")
    assert region["type"] == kind
    assert region["value"][kind] == ["hat"]
    assert (region["from_name"], region["to_name"]) == ("m", "photo")
    assert (region["original_width"], region["original_height"]) == (60, 40)
    assert region["image_rotation"] == 0
    assert region["score"] == 0.8765
    assert np.array_equal(mask_of(region, 40, 60), MASK)


def test_polygons_are_one_region_per_part() -> None:
    regions = regions_of(MASK, control("PolygonLabels"), "hat", 1.0)
    assert [region["type"] for region in regions] == ["polygonlabels"] * 2
    assert all(region["value"]["closed"] for region in regions)
    assert [region["value"]["points"] for region in regions] == outlines(MASK)
    assert len({region["id"] for region in regions}) == 2


def test_without_a_label_the_region_has_the_plain_type() -> None:
    (region,) = regions_of(MASK, control("BrushLabels"), None, 0.5)
    assert region["type"] == "brush"
    assert region["value"] == {"format": "rle", "rle": encode_mask(MASK)}


def test_an_empty_mask_gives_no_region() -> None:
    assert regions_of(np.zeros((4, 4), np.bool_), control("BrushLabels"), "hat", 1.0) == []


@pytest.mark.parametrize(
    "value", [{}, {"points": []}, {"rle": [1, 2, 3]}, {"imageDataURL": "x"}, "text"]
)
def test_a_region_without_a_readable_mask_is_named(value: object) -> None:
    with pytest.raises(RegionError, match="region abc"):
        mask_of({"id": "abc", "value": value}, 4, 4)
