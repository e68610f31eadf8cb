"""Several opinions of one image, and the mask that most of them agree on."""

import numpy as np
import pytest

from masks.agreement import label_masks
from studio.dataset.categories import read_categories
from studio.dataset.consensus import consensus_of, version_of
from studio.errors import ExportError
from tests.studio.dataset.given import CONFIG, HEIGHT, WIDTH, drawn_with_brush

CATEGORIES = read_categories(CONFIG)
DATA = {"image": "/data/upload/1/a.jpg"}


def mask(columns: slice) -> np.ndarray:
    drawn = np.zeros((HEIGHT, WIDTH), np.bool_)
    drawn[10:20, columns] = True
    return drawn


def opinion(number: int, *drawn: tuple[str, slice]) -> dict:
    results = drawn_with_brush([(label, mask(columns)) for label, columns in drawn])
    return {"id": number, "result": results}


def agreed(*opinions: dict) -> tuple[dict[str, np.ndarray], float]:
    results, score = consensus_of(CATEGORIES, DATA, opinions)
    return {label: one for (_, _, label), one in label_masks(results).masks.items()}, score


def test_of_two_opinions_both_have_to_agree_on_a_pixel() -> None:
    found, score = agreed(
        opinion(1, ("coat", slice(0, 20))),
        opinion(2, ("coat", slice(10, 30)), ("hat", slice(50, 60))),
    )
    assert list(found) == ["coat"]
    assert np.array_equal(found["coat"], mask(slice(10, 20)))
    assert score == round(100 / (300 + 100), 4), "of all pixels that somebody marked"


def test_of_three_opinions_two_are_enough_and_an_alias_is_stored_as_the_editor_stores_it() -> None:
    found, score = agreed(
        opinion(1, ("s1", slice(0, 20))), opinion(2, ("s1", slice(5, 25))), opinion(3)
    )
    assert list(found) == ["s1"]
    assert np.array_equal(found["s1"], mask(slice(5, 20)))
    assert score == 0.6


def test_where_nobody_marked_anything_all_agree() -> None:
    assert agreed(opinion(1), opinion(2)) == ({}, 1.0)


def test_a_consensus_is_another_one_when_an_annotation_has_changed() -> None:
    one, two = opinion(1, ("coat", slice(0, 9))), opinion(2)
    assert version_of([one, two]) == version_of([two, one])
    assert version_of([one, two]) != version_of([one, {**two, "result": one["result"]}])
    assert "," not in version_of([one, two]), "Label Studio joins versions with commas"


def test_a_label_that_no_mask_can_have_is_said() -> None:
    config = """<View><Image name="image" value="$image"/>
      <RectangleLabels name="box" toName="image"><Label value="coat"/></RectangleLabels>
      <BrushLabels name="brush" toName="image"><Label value="hat"/></BrushLabels></View>"""
    place = {"x": 0, "y": 0, "width": 50, "height": 50, "rotation": 0}
    box = {
        "id": "b",
        "type": "rectanglelabels",
        "from_name": "box",
        "to_name": "image",
        "original_width": WIDTH,
        "original_height": HEIGHT,
        "value": {**place, "rectanglelabels": ["coat"]},
    }
    twice = [{"id": number, "result": [box]} for number in (1, 2)]
    with pytest.raises(ExportError, match="no brush, bitmask or polygon for image with the label"):
        consensus_of(read_categories(config), DATA, twice)
