"""Our serving path against the official SamPredictor, and many threads on one model."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from segment_anything import SamPredictor
from segment_anything.modeling import Sam

from backends.segment_anything_model.prompts import Box, Click
from backends.segment_anything_model.sam import SegmentAnything
from tests.backends.segment_anything_model.conftest import photo

CASES: list[tuple[list[Click], Box | None]] = [
    ([Click(40, 50)], None),
    ([Click(40, 50), Click(90, 30, False)], None),
    ([], (20, 30, 100, 90)),
    ([Click(50, 60), Click(5, 5, False)], (20, 30, 100, 90)),
]


@pytest.mark.parametrize(("clicks", "box"), CASES)
@pytest.mark.parametrize("shape", [(120, 160), (300, 90)])
def test_masks_equal_the_official_predictors(
    sam: Sam, model: SegmentAnything, clicks: list[Click], box: Box | None, shape: tuple[int, int]
) -> None:
    image = photo(1, *shape)
    embedding = model.encode(image)
    decoded = model.decode(embedding, clicks, box)
    mask = model.full_size(embedding, decoded).mask()

    predictor = SamPredictor(sam)
    predictor.set_image(image)
    masks, ious, logits = predictor.predict(
        point_coords=np.array([[c.x, c.y] for c in clicks]) if clicks else None,
        point_labels=np.array([int(c.positive) for c in clicks]) if clicks else None,
        box=np.array(box) if box else None,
        multimask_output=len(clicks) == 1 and box is None,
    )
    best = int(ious.argmax())
    assert decoded.iou == pytest.approx(float(ious[best]), abs=1e-5)
    assert np.allclose(decoded.logits[0, 0].numpy(), logits[best], atol=1e-4)
    assert (mask == masks[best]).mean() > 0.9999
    assert 0 < mask.mean() < 1


def test_a_refining_click_equals_the_official_mask_input(sam: Sam, model: SegmentAnything) -> None:
    image = photo(2)
    embedding = model.encode(image)
    first = model.decode(embedding, [Click(40, 50)])
    clicks = [Click(40, 50), Click(100, 80, False)]
    second = model.decode(embedding, clicks, earlier=first.logits)

    predictor = SamPredictor(sam)
    predictor.set_image(image)
    _, _, logits = predictor.predict(
        point_coords=np.array([[40, 50], [100, 80]]),
        point_labels=np.array([1, 0]),
        mask_input=first.logits[0].numpy(),
        multimask_output=False,
    )
    assert np.allclose(second.logits[0, 0].numpy(), logits[0], atol=1e-4)


def test_a_mask_as_prompt_lies_where_the_mask_lies(model: SegmentAnything) -> None:
    embedding = model.encode(photo(3, 120, 160))
    mask = np.zeros((120, 160), np.bool_)
    mask[30:90, 40:120] = True
    logits = model.as_logits(embedding, mask)
    back = torch.nn.functional.interpolate(logits, (256, 256), mode="bilinear")[0, 0]
    back = torch.nn.functional.interpolate(back[None, None, :192], (120, 160), mode="bilinear")
    overlap = (back[0, 0].numpy() > 0) == mask
    assert overlap.mean() > 0.98


def test_nine_labelers_on_nine_images_get_nine_right_masks(model: SegmentAnything) -> None:
    images = [photo(seed) for seed in range(9)]
    clicks = [Click(20 + 10 * step, 30 + 8 * step, step != 2) for step in range(5)]

    def labeler(image: np.ndarray) -> list[bytes]:
        embedding = model.encode(image)
        return [
            np.packbits(
                model.full_size(embedding, model.decode(embedding, clicks[: count + 1])).mask()
            ).tobytes()
            for count in range(5)
        ]

    alone = [labeler(image) for image in images]
    with ThreadPoolExecutor(9) as labelers:
        together = list(labelers.map(labeler, images))
    assert together == alone
    assert len({masks[4] for masks in alone}) == 9
