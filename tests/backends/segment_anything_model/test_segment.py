import numpy as np
import pytest

from backends.segment_anything_model.embeddings import EncodedImage
from backends.segment_anything_model.model import SegmentAnything
from backends.segment_anything_model.prompts import Click, PromptGroup
from backends.segment_anything_model.segment import Segmenter
from backends.serving.labeling import mask_control
from backends.serving.masks.regions import RegionError, regions_of
from tests.backends.segment_anything_model.conftest import photo

CONTROL = mask_control(
    '<View><Image name="i" value="$i"/><BrushLabels name="b" toName="i">'
    '<Label value="hat"/></BrushLabels></View>'
)


@pytest.fixture(scope="module")
def image(model: SegmentAnything) -> EncodedImage:
    pixels = photo(4)
    return EncodedImage("four", model.encode(pixels), pixels)


def segmenter(model: SegmentAnything) -> Segmenter:
    return Segmenter(model, with_grabcut=False)


def test_clicks_refine_the_mask_of_the_clicks_before(
    model: SegmentAnything, image: EncodedImage
) -> None:
    clicks = [Click(40, 50), Click(100, 80, False)]
    mask, score = segmenter(model).mask(image, PromptGroup("hat", clicks))
    first = model.decode(image.embedding, clicks[:1])
    second = model.decode(image.embedding, clicks, earlier=first.logits)
    assert np.array_equal(mask, model.full_size(image.embedding, second))
    assert score == pytest.approx(min(max(second.iou, 0), 1))


def test_the_answer_does_not_depend_on_what_was_asked_before(
    model: SegmentAnything, image: EncodedImage
) -> None:
    clicks = [Click(40, 50), Click(100, 80), Click(60, 20, False)]
    warm = segmenter(model)
    for count in (1, 2, 3):
        warm.mask(image, PromptGroup("hat", clicks[:count]))
    mask_warm, _ = warm.mask(image, PromptGroup("hat", clicks))
    mask_cold, _ = segmenter(model).mask(image, PromptGroup("hat", clicks))
    assert np.array_equal(mask_warm, mask_cold)


def test_several_boxes_give_the_union_of_their_masks(
    model: SegmentAnything, image: EncodedImage
) -> None:
    left, right = (10.0, 10.0, 60.0, 100.0), (90.0, 20.0, 150.0, 110.0)
    one, _ = segmenter(model).mask(image, PromptGroup("hat", boxes=[left]))
    two, _ = segmenter(model).mask(image, PromptGroup("hat", boxes=[right]))
    both, _ = segmenter(model).mask(image, PromptGroup("hat", boxes=[left, right]))
    assert np.array_equal(both, one | two)


def test_a_click_counts_for_the_box_that_holds_it_or_for_itself(
    model: SegmentAnything, image: EncodedImage
) -> None:
    left, right = (10.0, 10.0, 60.0, 100.0), (90.0, 20.0, 150.0, 110.0)
    inside, beside, away = Click(30, 50), Click(75, 60), Click(100, 60, False)
    got, _ = segmenter(model).mask(image, PromptGroup("hat", [inside, beside, away], [left, right]))
    parts = [
        PromptGroup("hat", [inside, away], [left]),
        PromptGroup("hat", [away], [right]),
        PromptGroup("hat", [beside, away]),
    ]
    expected = np.zeros_like(got)
    for part in parts:
        expected |= segmenter(model).mask(image, part)[0]
    assert np.array_equal(got, expected)


def test_a_drawn_mask_is_refined_by_clicks(model: SegmentAnything, image: EncodedImage) -> None:
    drawn = np.zeros((120, 160), np.bool_)
    drawn[30:90, 40:120] = True
    regions = regions_of(drawn, CONTROL, "hat", 1.0)
    same, score = segmenter(model).mask(image, PromptGroup("hat", masks=regions))
    assert np.array_equal(same, drawn)
    assert score == 1.0
    click = Click(60, 60, False)
    refined, _ = segmenter(model).mask(image, PromptGroup("hat", [click], masks=regions))
    expected = model.decode(
        image.embedding, [click], earlier=model.as_logits(image.embedding, drawn)
    )
    assert np.array_equal(refined, model.full_size(image.embedding, expected))


def test_a_drawn_mask_of_another_size_is_an_error(
    model: SegmentAnything, image: EncodedImage
) -> None:
    regions = regions_of(np.ones((5, 5), np.bool_), CONTROL, "hat", 1.0)
    with pytest.raises(RegionError):
        segmenter(model).mask(image, PromptGroup("hat", [Click(1, 1)], masks=regions))


def test_grabcut_keeps_every_click(model: SegmentAnything, image: EncodedImage) -> None:
    clicks = [Click(40, 50), Click(100, 80, False)]
    mask, _ = Segmenter(model, with_grabcut=True).mask(image, PromptGroup("hat", clicks))
    assert mask[50, 40]
    assert not mask[80, 100]
