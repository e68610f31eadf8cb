import numpy as np
import pytest

from masks.errors import RegionError
from masks.labeling_config import labeling_config
from masks.polygon import outlines
from masks.regions import mask_of, regions_of
from masks.results import drawn_regions
from masks.rle import encode_mask
from masks.runs import Runs

MASK = np.zeros((40, 60), np.bool_)
MASK[5:15, 10:30] = True
MASK[25:35, 40:50] = True


def control(tag: str, labelled: bool = True):
    labels = '<Label value="hat"/>' if labelled else ""
    config = f'<View><Image name="photo" value="$pic"/><{tag} name="m" toName="photo">{labels}'
    return labeling_config(f"{config}</{tag}></View>").mask_controls[0]


def hat(tag: str):
    return control(tag).label_for("hat")


@pytest.mark.parametrize("tag", ["BrushLabels", "BitmaskLabels"])
def test_a_region_holds_the_mask_and_the_configs_own_names(tag: str) -> None:
    (region,) = regions_of(MASK, control(tag), hat(tag), 0.87654)
    kind = tag.lower()
    assert ("imageDataURL" in region["value"]) == (tag == "BitmaskLabels")
    assert region["type"] == kind
    assert region["value"][kind] == ["hat"]
    assert (region["from_name"], region["to_name"]) == ("m", "photo")
    assert (region["original_width"], region["original_height"]) == (60, 40)
    assert region["image_rotation"] == 0
    assert region["score"] == 0.8765
    assert np.array_equal(mask_of(region, 40, 60), MASK)


@pytest.mark.parametrize("tag", ["BrushLabels", "BitmaskLabels", "PolygonLabels"])
def test_a_masks_runs_make_the_regions_that_its_pixels_make(tag: str) -> None:
    of_pixels, of_runs = (
        [region["value"] for region in regions_of(mask, control(tag), hat(tag), 1.0)]
        for mask in (MASK, Runs.of(MASK))
    )
    assert of_runs == of_pixels


def test_polygons_are_one_region_per_part() -> None:
    regions = regions_of(MASK, control("PolygonLabels"), hat("PolygonLabels"), 1.0)
    assert [region["type"] for region in regions] == ["polygonlabels"] * 2
    assert all(region["value"]["closed"] for region in regions)
    assert [region["value"]["points"] for region in regions] == outlines(MASK)
    assert len({region["id"] for region in regions}) == 2


def test_without_a_label_the_region_has_the_plain_type() -> None:
    (region,) = regions_of(MASK, control("BrushLabels"), None, 0.5)
    assert region["type"] == "brush"
    assert region["value"] == {"format": "rle", "rle": encode_mask(MASK)}


def test_an_empty_mask_gives_no_region() -> None:
    assert (
        regions_of(np.zeros((4, 4), np.bool_), control("BrushLabels"), hat("BrushLabels"), 1.0)
        == []
    )


@pytest.mark.parametrize(
    "value", [{}, {"points": []}, {"rle": [1, 2, 3]}, {"imageDataURL": "x"}, "text"]
)
def test_a_region_without_a_readable_mask_is_named(value: object) -> None:
    with pytest.raises(RegionError, match="region abc"):
        mask_of({"id": "abc", "value": value}, 4, 4)


@pytest.mark.parametrize("tag", ["Brush", "Bitmask", "Polygon"])
def test_a_plain_control_with_a_list_of_labels_gives_two_results_of_one_id(tag: str) -> None:
    plain = labeling_config(
        '<View><Image name="photo" value="$pic"/><Labels name="garment" toName="photo">'
        f'<Label value="hat" alias="h"/></Labels><{tag} name="m" toName="photo"/></View>'
    ).mask_controls[0]
    whole = np.ones((4, 6), np.bool_)
    drawn, named = regions_of(whole, plain, plain.label_for("hat"), 0.5, item_index=2)
    assert (drawn["type"], drawn["from_name"]) == (tag.lower(), "m")
    assert (named["type"], named["from_name"]) == ("labels", "garment")
    # As the editor stores them: both with the mask, the second with its labels.
    assert named["value"] == {**drawn["value"], "labels": ["h"]}
    same = ("id", "to_name", "original_width", "original_height", "score", "item_index")
    assert {key: drawn[key] for key in same} == {key: named[key] for key in same}
    assert drawn["item_index"] == 2


@pytest.mark.parametrize("tag", ["Brush", "BrushLabels"])
def test_a_region_may_have_several_labels_of_one_list(tag: str) -> None:
    labels = '<Label value="hat" alias="h"/><Label value="straw"/>'
    plain = f'<Labels name="list" toName="photo" choice="multiple">{labels}</Labels>'
    own = f'<{tag} name="m" toName="photo" choice="multiple">{labels}</{tag}>'
    text = f'<View><Image name="photo" value="$pic"/>{plain if tag == "Brush" else ""}{own}</View>'
    holder = labeling_config(text).mask_controls[0]
    found = holder.label_for("hat")
    assert found is not None
    assert found[0].takes_several
    straw = found[0].named("straw")
    assert straw is not None
    results = regions_of(MASK, holder, found, 1.0, more=(straw,))
    (region,) = drawn_regions(results)
    assert region.labels == ("h", "straw")


def test_an_image_of_its_own_has_no_item_index() -> None:
    (region,) = regions_of(MASK, control("BrushLabels"), hat("BrushLabels"), 1.0)
    assert "item_index" not in region
