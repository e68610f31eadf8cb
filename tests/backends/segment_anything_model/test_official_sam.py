"""The first Segment Anything, full size, against SamPredictor with the same weights."""

from functools import cache, partial
from pathlib import Path
from typing import Any

import pytest
import torch
from segment_anything import SamPredictor, sam_model_registry
from transformers import SamConfig, SamModel

from backends.segment_anything_model.checkpoints import read_checkpoint
from backends.segment_anything_model.conversion import official_sam_state
from backends.segment_anything_model.geometry import Padded
from backends.segment_anything_model.models import load_model
from backends.segment_anything_model.sam import SegmentAnything
from benchmarks.equality import SIZES, agreement, officials, ours
from benchmarks.official import layout, write_checkpoint


def looking_once(encoder: torch.nn.Module) -> list[tuple[Any, ...]]:
    """Let an encoder answer with what it saw in its first image, and return what it is given: an
    image, and ours what of it is no padding.

    Whether it sees right shows in one image; decoders and sizes are tried with any features.
    """
    inputs: list[tuple[Any, ...]] = []
    look = cache(partial(encoder.forward))

    def forward(*given: Any) -> torch.Tensor:
        inputs.append(given)
        return look(*inputs[0])

    encoder.forward = forward
    return inputs


@pytest.mark.integration  # 375 MB on disk, 3 GB of memory and two encodes of 12 CPU-s.
def test_a_full_size_checkpoint_gives_the_official_predictors_masks(tmp_path: Path) -> None:
    path = write_checkpoint("vit_b", tmp_path)
    assert read_checkpoint(path).type == "vit_b"
    model = load_model(path, device="cpu")
    assert isinstance(model, SegmentAnything)
    assert model.describe().startswith("sam-vit_b@")
    official = sam_model_registry["vit_b"](path)
    predictor = SamPredictor(official)
    seen, officially_seen = (looking_once(sam.image_encoder) for sam in (model._sam, official))
    for size in SIZES:
        found, expected = list(ours(model, size)), list(officials(predictor, size))
        assert torch.equal(seen[-1][0], officially_seen[-1][0]), size
        assert min(agreement(found, expected)) >= 0.99, size
        assert len({answer.mask.tobytes() for answer in found}) == len(found)
        for answer, answered in zip(found, expected, strict=True):
            assert answer.iou == pytest.approx(answered.iou, abs=1e-3)
    features = (model._sam.image_encoder(*seen[0]), official.image_encoder(*officially_seen[0]))
    assert torch.allclose(*features, atol=1e-4)


def test_the_names_of_transformers_become_the_official_ones() -> None:
    with torch.device("meta"):
        converted = official_sam_state(SamModel(SamConfig()).state_dict())
    assert {name: tuple(value.shape) for name, value in converted.items()} == layout("vit_b")


def test_a_strip_is_at_least_a_pixel_high_in_the_input() -> None:
    assert Padded((8, 20000), 1024, 256).input_size == (1, 1024)
    assert Padded((600, 1), 1024, 256).input_size == (1024, 2)
