import numpy as np
import pytest

from backends.segment_anything_model.demo.grabcut import refine
from backends.segment_anything_model.embeddings import EncodedImage
from backends.segment_anything_model.mask_from_prompts import MaskFromPrompts
from backends.segment_anything_model.prompts import Click, PromptGroup
from backends.segment_anything_model.sam import SegmentAnything
from masks.errors import RegionError
from masks.labeling_config import mask_control
from masks.regions import regions_of
from tests.backends.segment_anything_model.conftest import photo

CONTROL = mask_control(
    '<View><Image name="i" value="$i"/><BrushLabels name="b" toName="i">'
    '<Label value="hat"/></BrushLabels></View>'
)


@pytest.fixture(scope="module")
def image(model: SegmentAnything) -> EncodedImage:
    pixels = photo(4)
    return EncodedImage("four", model.encode(pixels), pixels)


def test_clicks_refine_the_mask_of_the_clicks_before(
    model: SegmentAnything, image: EncodedImage
) -> None:
    clicks = [Click(40, 50), Click(100, 80, False)]
    mask, score = MaskFromPrompts(model).mask(image, PromptGroup("hat", clicks))
    first = model.decode(image.embedding, clicks[:1])
    second = model.decode(image.embedding, clicks, earlier=first.logits)
    assert np.array_equal(mask, model.full_size(image.embedding, second))
    assert score == pytest.approx(min(max(second.iou, 0), 1))


def test_the_answer_does_not_depend_on_what_was_asked_before(
    model: SegmentAnything, image: EncodedImage
) -> None:
    clicks = [Click(40, 50), Click(100, 80), Click(60, 20, False)]
    warm = MaskFromPrompts(model)
    for count in (1, 2, 3):
        warm.mask(image, PromptGroup("hat", clicks[:count]))
    mask_warm, _ = warm.mask(image, PromptGroup("hat", clicks))
    mask_cold, _ = MaskFromPrompts(model).mask(image, PromptGroup("hat", clicks))
    assert np.array_equal(mask_warm, mask_cold)


def test_several_boxes_give_the_union_of_their_masks(
    model: SegmentAnything, image: EncodedImage
) -> None:
    left, right = (10.0, 10.0, 60.0, 100.0), (90.0, 20.0, 150.0, 110.0)
    one, _ = MaskFromPrompts(model).mask(image, PromptGroup("hat", boxes=[left]))
    two, _ = MaskFromPrompts(model).mask(image, PromptGroup("hat", boxes=[right]))
    both, _ = MaskFromPrompts(model).mask(image, PromptGroup("hat", boxes=[left, right]))
    assert np.array_equal(both, one | two)


def test_a_click_counts_for_the_box_that_holds_it_or_for_itself(
    model: SegmentAnything, image: EncodedImage
) -> None:
    left, right = (10.0, 10.0, 60.0, 100.0), (90.0, 20.0, 150.0, 110.0)
    inside, beside, away = Click(30, 50), Click(75, 60), Click(100, 60, False)
    group = PromptGroup("hat", [inside, beside, away], [left, right])
    got, _ = MaskFromPrompts(model).mask(image, group)
    parts = [
        PromptGroup("hat", [inside, away], [left]),
        PromptGroup("hat", [away], [right]),
        PromptGroup("hat", [beside, away]),
    ]
    expected = np.zeros_like(got)
    for part in parts:
        expected |= MaskFromPrompts(model).mask(image, part)[0]
    assert np.array_equal(got, expected)


def test_a_drawn_mask_is_refined_by_clicks(model: SegmentAnything, image: EncodedImage) -> None:
    drawn = np.zeros((120, 160), np.bool_)
    drawn[30:90, 40:120] = True
    regions = regions_of(drawn, CONTROL, "hat", 1.0)
    same, score = MaskFromPrompts(model).mask(image, PromptGroup("hat", masks=regions))
    assert np.array_equal(same, drawn)
    assert score == 1.0
    click = Click(60, 60, False)
    refined, _ = MaskFromPrompts(model).mask(image, PromptGroup("hat", [click], masks=regions))
    expected = model.decode(
        image.embedding, [click], earlier=model.as_logits(image.embedding, drawn)
    )
    assert np.array_equal(refined, model.full_size(image.embedding, expected))


def test_a_drawn_mask_of_another_size_is_an_error(
    model: SegmentAnything, image: EncodedImage
) -> None:
    regions = regions_of(np.ones((5, 5), np.bool_), CONTROL, "hat", 1.0)
    with pytest.raises(RegionError):
        MaskFromPrompts(model).mask(image, PromptGroup("hat", [Click(1, 1)], masks=regions))


def test_grabcut_keeps_every_click(model: SegmentAnything, image: EncodedImage) -> None:
    clicks = [Click(40, 50), Click(100, 80, False)]
    mask, _ = MaskFromPrompts(model, refine).mask(image, PromptGroup("hat", clicks))
    assert mask[50, 40]
    assert not mask[80, 100]
