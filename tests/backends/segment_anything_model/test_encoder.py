"""The encoder in parts against the official one with the same weights."""

from typing import Any

import pytest
import torch
from segment_anything.modeling import ImageEncoderViT, Sam
from segment_anything.modeling.image_encoder import Block

from backends.segment_anything_model import encoder
from backends.segment_anything_model.encoder import BlockInParts, in_parts
from backends.serving import linear


def block(side: tuple[int, int], window: int = 0, qkv_bias: bool = True) -> Block:
    torch.manual_seed(4)
    made = Block(
        24, 3, qkv_bias=qkv_bias, use_rel_pos=True, window_size=window, input_size=side
    ).eval()
    for parameter in made.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    return made


def vision_with(depth: int, looks_everywhere: int) -> ImageEncoderViT:
    """A small encoder, one of whose blocks looks at all tokens and the others in windows."""
    torch.manual_seed(5)
    return ImageEncoderViT(
        img_size=128,
        embed_dim=24,
        depth=depth,
        num_heads=3,
        out_chans=8,
        use_rel_pos=True,
        window_size=3,
        global_attn_indexes=(looks_everywhere,),
    ).eval()


@pytest.mark.parametrize("scores", [1, 700, 5000, 10**9])
@pytest.mark.parametrize("tokens", [1, 16, 10**9])
@pytest.mark.parametrize("side", [(7, 5), (6, 6), (1, 9), (11, 1)])
@pytest.mark.parametrize("quick", [True, False])
@torch.inference_mode()
def test_a_block_in_parts_is_the_block(
    monkeypatch: pytest.MonkeyPatch,
    quick: bool,
    side: tuple[int, int],
    tokens: int,
    scores: int,
) -> None:
    if not quick:  # As on a machine without oneDNN.
        monkeypatch.setattr(linear, "_ONEDNN", None)
    monkeypatch.setattr(encoder, "SCORES" if quick else "OFFICIAL_SCORES", scores)
    monkeypatch.setattr(encoder, "TOKENS", tokens)
    official = block(side)
    x = torch.randn(2, *side, 24)
    expected = official(x)
    assert torch.allclose(BlockInParts(official)(x), expected, atol=1e-5)


@pytest.mark.parametrize("qkv_bias", [True, False])
@pytest.mark.parametrize("window", [1, 3, 5, 14])
@pytest.mark.parametrize("side", [(7, 5), (6, 6), (1, 9), (15, 14)])
@torch.inference_mode()
def test_what_pads_windows_at_the_edge_counts_as_it_does_officially(
    side: tuple[int, int], window: int, qkv_bias: bool
) -> None:
    official = block(side, window, qkv_bias)
    x = torch.randn(2, *side, 24)
    expected = official(x)
    assert torch.allclose(BlockInParts(official)(x), expected, atol=1e-5)


@torch.inference_mode()
def test_tokens_that_lie_otherwise_in_memory_are_the_same() -> None:
    official = block((6, 6), 4)
    x = torch.randn(1, 24, 6, 6).permute(0, 2, 3, 1)
    expected = official(x)
    assert torch.allclose(BlockInParts(official)(x), expected, atol=1e-5)


@torch.inference_mode()
def test_positions_of_another_size_are_interpolated_as_the_official_ones_are() -> None:
    official = block((5, 5))
    x = torch.randn(1, 8, 8, 24)
    expected = official(x)
    assert torch.allclose(BlockInParts(official)(x), expected, atol=1e-5)


@torch.inference_mode()
def test_half_precision_is_worked_in_as_by_the_official_block() -> None:
    for window in (0, 4):
        official = block((6, 6), window)
        x = torch.randn(1, 6, 6, 24)
        exact = official(x.clone())
        with torch.autocast("cpu", torch.bfloat16):
            expected, found = official(x.clone()), BlockInParts(official)(x.clone())
        assert found.dtype == torch.float32
        error = (found - exact).abs().mean()
        assert 0 < error < 2 * (expected - exact).abs().mean()


@torch.inference_mode()
def test_an_encoder_with_and_without_windows_answers_as_before_with_the_same_weights(
    sam: Sam, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(encoder, "SCORES", 300)
    vision = vision_with(depth=3, looks_everywhere=1)
    for name, parameter in vision.named_parameters():
        if "rel_pos" in name:
            torch.nn.init.normal_(parameter)
    whole = Sam(vision, sam.prompt_encoder, sam.mask_decoder)
    image = torch.randn(1, 3, 128, 128)
    before, names = vision(image), list(whole.state_dict())
    in_parts(whole)
    assert sum(isinstance(part, BlockInParts) for part in whole.image_encoder.modules()) == 3
    # Twice: nothing of one image may stay behind.
    for _ in range(2):
        assert torch.allclose(vision(image), before, atol=1e-5)
    assert list(whole.state_dict()) == names


@pytest.mark.parametrize("leading", [1, 2])
@pytest.mark.parametrize("precision", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize(
    "covered", [(128, 128), (128, 47), (40, 128), (48, 128), (97, 128), (1, 128), (128, 1)]
)
@torch.inference_mode()
def test_padding_is_worked_out_once_and_counts_as_it_does_officially(
    sam: Sam, covered: tuple[int, int], precision: torch.dtype, leading: int
) -> None:
    vision = vision_with(depth=4, looks_everywhere=leading)
    for parameter in vision.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    whole = Sam(vision, sam.prompt_encoder, sam.mask_decoder)
    in_parts(whole)
    ours: Any = whole.image_encoder
    # In half precision both are as near to each other as to the official one.
    near = 1e-4 if precision == torch.float32 else 0.1
    for _ in range(2):
        image = torch.zeros(1, 3, 128, 128)
        image[:, :, : covered[0], : covered[1]] = torch.randn(1, 3, *covered)
        with torch.autocast("cpu", precision, enabled=precision != torch.float32):
            expected = vision(image).float()
            found, all_of_it = ours(image, covered).float(), ours(image).float()
        assert torch.allclose(found, all_of_it, atol=near)
        assert torch.allclose(found, expected, atol=near)
    # Eight tokens a side: of 97 pixels, the third window has one row.
    assert len(ours._of_padding) == (min(covered) <= 96)
