"""The prompt encoder in fewer steps against the official one with the same weights."""

import numpy as np
import pytest
import torch
from segment_anything.modeling import PromptEncoder

from backends.segment_anything_model.prompt_encoder import FastPromptEncoder
from backends.segment_anything_model.prompts import Click


@pytest.fixture
def official() -> PromptEncoder:
    """That of vit_b, vit_l and vit_h, on an oblong input."""
    torch.manual_seed(4)
    return PromptEncoder(256, (12, 20), (192, 320), 16).eval()


@pytest.mark.parametrize(
    ("positive", "has_box"),
    [((), True), ((True,), False), ((True,), True), ((False, True), False), ((True, False), True)],
)  # fmt: skip
@torch.inference_mode()
def test_tokens_are_the_official_encoders(
    official: PromptEncoder, positive: tuple[bool, ...], has_box: bool
) -> None:
    clicks = [Click(0, 0, one) for one in positive]
    places = np.random.default_rng(7).uniform(-3, 330, (len(clicks) + 2 * has_box, 2))
    numbers = torch.as_tensor(places, dtype=torch.float)
    points = (numbers[None, : len(clicks)], torch.tensor([positive], dtype=torch.int))
    box = numbers[len(clicks) :].reshape(1, 4) if has_box else None
    expected, _ = official(points if clicks else None, box, None)
    found = FastPromptEncoder(official).sparse(clicks, places, has_box)
    assert found.shape == expected.shape
    assert torch.allclose(found, expected, atol=1e-5)


@torch.inference_mode()
def test_an_earlier_mask_or_none_is_the_official_encoders(official: PromptEncoder) -> None:
    fast = FastPromptEncoder(official)
    earlier = torch.randn(1, 1, *official.mask_input_size)
    for mask in (earlier, None):
        _, expected = official(None, torch.zeros(1, 4), mask)
        assert torch.equal(fast.dense(mask), expected)
