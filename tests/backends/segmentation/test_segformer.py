"""SegFormer in less work against the official one with the same weights."""

import copy
from typing import Any

import pytest
import torch
from torch import nn
from transformers import SegformerConfig, SegformerForSemanticSegmentation

from backends.segmentation import segformer
from backends.segmentation.segformer import FastDecodeHead, in_less_work


def network(**options: Any) -> SegformerForSemanticSegmentation:
    torch.manual_seed(8)
    config = SegformerConfig(
        hidden_sizes=[16, 32, 40, 64],
        num_attention_heads=[1, 2, 5, 8],
        depths=[1, 1, 1, 1],
        decoder_hidden_size=48,
        id2label=dict(enumerate("abcde")),
        **options,
    )
    made = SegformerForSemanticSegmentation(config).eval()
    head: Any = made.decode_head
    norm = head.batch_norm
    # Fresh ones change nothing, and a mistake with them would not be seen.
    for parameter in (norm.weight, norm.bias, norm.running_mean, head.classifier.bias):
        nn.init.normal_(parameter)
    nn.init.uniform_(norm.running_var, 0.2, 3)
    for projection in head.linear_projections:
        nn.init.normal_(projection.proj.bias)
    return made


@pytest.mark.parametrize("channels", [7, 48, 1000])
@pytest.mark.parametrize("size", [(64, 64), (96, 33), (32, 160)])
@torch.inference_mode()
def test_logits_are_those_of_the_official_head(
    monkeypatch: pytest.MonkeyPatch, size: tuple[int, int], channels: int
) -> None:
    monkeypatch.setattr(segformer, "CHANNELS", channels)
    official = network()
    fast = in_less_work(copy.deepcopy(official))
    assert isinstance(fast.decode_head, FastDecodeHead)
    pixels = torch.randn(3, 3, *size)
    expected = official(pixel_values=pixels).logits
    found = fast(pixel_values=pixels).logits
    assert found.shape == expected.shape
    assert torch.allclose(found, expected, atol=1e-5)


@pytest.mark.parametrize("numbers", [1, 64 * 16 * 5, 10**9])
@pytest.mark.parametrize("count", [1, 3])
@torch.inference_mode()
def test_layers_make_the_same_of_some_rows_at_a_time(
    monkeypatch: pytest.MonkeyPatch, count: int, numbers: int
) -> None:
    monkeypatch.setattr(segformer, "NUMBERS", numbers)
    official = network()
    fast = in_less_work(copy.deepcopy(official))
    pixels = torch.randn(count, 3, 64, 96)
    expected = official.segformer(pixels, output_hidden_states=True).hidden_states
    found = fast.segformer(pixels, output_hidden_states=True).hidden_states
    assert len(found) == len(expected) == 4
    for one, other in zip(found, expected, strict=True):
        assert torch.allclose(one, other, atol=1e-5)


@pytest.mark.parametrize("size", [(64, 64), (100, 75), (40, 200)])
@torch.inference_mode()
def test_squares_that_do_not_fill_the_image_are_left_out_as_officially(
    size: tuple[int, int],
) -> None:
    official = network(sr_ratios=[3, 2, 2, 1])
    fast = in_less_work(copy.deepcopy(official))
    pixels = torch.randn(2, 3, *size)
    expected = official.segformer(pixels).last_hidden_state
    assert torch.allclose(fast.segformer(pixels).last_hidden_state, expected, atol=1e-5)


@torch.inference_mode()
def test_half_precision_is_as_close_as_the_official_heads() -> None:
    official = network()
    fast = in_less_work(copy.deepcopy(official))
    pixels = torch.randn(2, 3, 64, 64)
    exact = official(pixel_values=pixels).logits
    with torch.autocast("cpu", torch.bfloat16):
        errors = [
            (one(pixel_values=pixels).logits.float() - exact).abs().mean()
            for one in (official, fast)
        ]
    assert 0 < errors[1] < 2 * errors[0]


def test_a_head_that_gets_other_features_and_other_networks_stay_as_they_are() -> None:
    flat = network(reshape_last_stage=False)
    assert not isinstance(in_less_work(flat).decode_head, FastDecodeHead)
    other = nn.Linear(2, 2)
    assert in_less_work(other) is other
