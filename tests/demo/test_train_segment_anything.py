"""Training must ask and decode exactly as the official modules do when they answer."""

import numpy as np
import pytest
import torch

from backends.segment_anything_model.demo.small_sam import build_small_sam
from demo.training.train_segment_anything import (
    CORNER_ONE,
    CORNER_TWO,
    NEGATIVE,
    POSITIVE,
    Asked,
    decode,
    tokens_of,
)

POINTS = np.array([[[40.0, 60.0], [100.5, 20.25]]], np.float32)
BOX = np.array([[[30.0, 20.0], [120.0, 200.0]]], np.float32)


@pytest.fixture(scope="module")
def sam():
    torch.manual_seed(5)
    return build_small_sam()


def asked(kind: str) -> Asked:
    points = {"points": [POINTS], "box": [BOX], "both": [POINTS, BOX]}[kind]
    clicks, corners = [POSITIVE, NEGATIVE], [CORNER_ONE, CORNER_TWO]
    labels = {"points": clicks, "box": corners, "both": clicks + corners}[kind]
    return Asked(np.concatenate(points, 1), np.array([labels]), kind != "points")


def official(sam, kind: str, earlier=None):
    points = (torch.from_numpy(POINTS), torch.tensor([[POSITIVE, NEGATIVE]]))
    return sam.prompt_encoder(
        points=None if kind == "box" else points,
        boxes=None if kind == "points" else torch.from_numpy(BOX).reshape(1, 4),
        masks=earlier,
    )


@pytest.mark.parametrize("kind", ["points", "box", "both"])
@torch.inference_mode()
def test_prompts_become_the_official_tokens(sam, kind):
    sparse, _ = official(sam, kind)
    torch.testing.assert_close(tokens_of(sam, asked(kind), extra_padding=0), sparse)


@pytest.mark.parametrize("with_mask", [False, True])
@torch.inference_mode()
def test_masks_and_qualities_are_those_of_the_official_decoder(sam, with_mask):
    torch.manual_seed(6)
    embedding = torch.randn(1, 64, 32, 32)
    earlier = torch.randn(1, 1, 128, 128) if with_mask else None
    sparse, dense = official(sam, "both", earlier)
    place = sam.prompt_encoder.get_dense_pe()
    masks, quality = sam.mask_decoder.predict_masks(embedding, place, sparse, dense)
    ours, rated = decode(sam, embedding, tokens_of(sam, asked("both"), 0), earlier)
    torch.testing.assert_close(ours, masks, atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(rated, quality, atol=1e-4, rtol=1e-4)
