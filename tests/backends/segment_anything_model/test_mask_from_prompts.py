import numpy as np
import pytest

from backends.segment_anything_model.demo.grabcut import refine
from backends.segment_anything_model.embeddings import EncodedImage
from backends.segment_anything_model.mask_from_prompts import MaskFromPrompts, clicks_along
from backends.segment_anything_model.prompts import Click, Prompts
from backends.segment_anything_model.sam import SegmentAnything
from backends.serving.errors import BadRequest
from masks.errors import RegionError
from masks.labeling_config import labeling_config
from masks.regions import regions_of
from masks.rle import encode_mask
from tests.backends.segment_anything_model.conftest import photo

CONTROL = labeling_config(
    '<View><Image name="i" value="$i"/><BrushLabels name="b" toName="i">'
    '<Label value="hat"/></BrushLabels></View>'
).mask_controls[0]


@pytest.fixture(scope="module")
def image(model: SegmentAnything) -> EncodedImage:
    pixels = photo(4)
    return EncodedImage("four", model.encode(pixels), pixels)


def test_clicks_refine_the_mask_of_the_clicks_before(
    model: SegmentAnything, image: EncodedImage
) -> None:
    clicks = [Click(40, 50), Click(100, 80, False)]
    mask, score = MaskFromPrompts(model).mask(image, Prompts(tuple(clicks)))
    # In the same thread: another number of torch's helpers rounds in another way.
    first = model.brief.do(lambda: model.decode(image.embedding, clicks[:1]))
    second = model.brief.do(lambda: model.decode(image.embedding, clicks, earlier=first.logits))
    assert np.array_equal(mask.mask(), model.full_size(image.embedding, second).mask())
    assert score == pytest.approx(min(max(second.iou, 0), 1))


def test_the_answer_does_not_depend_on_what_was_asked_before(
    model: SegmentAnything, image: EncodedImage
) -> None:
    clicks = [Click(40, 50), Click(100, 80), Click(60, 20, False)]
    warm = MaskFromPrompts(model)
    for count in (1, 2, 3):
        warm.mask(image, Prompts(tuple(clicks[:count])))
    mask_warm, _ = warm.mask(image, Prompts(tuple(clicks)))
    mask_cold, _ = MaskFromPrompts(model).mask(image, Prompts(tuple(clicks)))
    assert np.array_equal(mask_warm.mask(), mask_cold.mask())


def test_a_drawn_mask_is_refined_by_clicks(model: SegmentAnything, image: EncodedImage) -> None:
    drawn = np.zeros((120, 160), np.bool_)
    drawn[30:90, 40:120] = True
    (region,) = regions_of(drawn, CONTROL, CONTROL.label_for("hat"), 1.0)
    click = Click(60, 60, False)
    refined, _ = MaskFromPrompts(model).mask(image, Prompts((click,), drawn=region))
    expected = model.decode(
        image.embedding, [click], earlier=model.as_logits(image.embedding, drawn)
    )
    assert np.array_equal(refined.mask(), model.full_size(image.embedding, expected).mask())


def test_a_drawn_mask_of_another_size_is_an_error(
    model: SegmentAnything, image: EncodedImage
) -> None:
    (region,) = regions_of(np.ones((5, 5), np.bool_), CONTROL, None, 1.0)
    with pytest.raises(RegionError):
        MaskFromPrompts(model).mask(image, Prompts((Click(1, 1),), drawn=region))


def test_grabcut_keeps_every_click(model: SegmentAnything, image: EncodedImage) -> None:
    clicks = [Click(40, 50), Click(100, 80, False)]
    mask, _ = MaskFromPrompts(model, refine).mask(image, Prompts(tuple(clicks)))
    pixels = mask.mask()
    assert pixels[50, 40]
    assert not pixels[80, 100]


def test_a_stroke_of_the_smart_brush_is_clicks_along_it(
    model: SegmentAnything, image: EncodedImage
) -> None:
    stroke = np.zeros((120, 160), np.bool_)
    stroke[50:60, 20:140] = True
    (region,) = regions_of(stroke, CONTROL, None, 1.0)
    clicks = clicks_along(stroke)
    painted, score = MaskFromPrompts(model).mask(image, Prompts(drawn=region))
    clicked, same = MaskFromPrompts(model).mask(image, Prompts(clicks))
    assert np.array_equal(painted.mask(), clicked.mask())
    assert score == same


def test_a_stroke_that_was_rubbed_out_is_no_prompt(
    model: SegmentAnything, image: EncodedImage
) -> None:
    empty = {"value": {"format": "rle", "rle": encode_mask(np.zeros((120, 160), np.bool_))}}
    with pytest.raises(BadRequest, match="paint over the object"):
        MaskFromPrompts(model).mask(image, Prompts(drawn=empty))


def test_clicks_along_a_stroke_are_deep_in_it_and_far_apart() -> None:
    stroke = np.zeros((120, 160), np.bool_)
    stroke[50:60, 20:140] = True
    clicks = clicks_along(stroke, 3)
    assert all(stroke[int(click.y), int(click.x)] and click.positive for click in clicks)
    xs = sorted(click.x for click in clicks)
    assert xs[-1] - xs[0] > 100
    assert clicks_along(np.zeros((4, 4), np.bool_)) == ()
    assert len(clicks_along(np.ones((1, 2), np.bool_), 3)) == 2
