"""The encoder in parts against the official one with the same weights."""

import pytest
import torch
from segment_anything.modeling import ImageEncoderViT, Sam
from segment_anything.modeling.image_encoder import Attention

from backends.segment_anything_model import encoder
from backends.segment_anything_model.encoder import ChunkedAttention, spare_memory


def attention(side: tuple[int, int], heads: int = 3) -> Attention:
    torch.manual_seed(4)
    made = Attention(24, heads, use_rel_pos=True, input_size=side).eval()
    torch.nn.init.normal_(made.rel_pos_h)
    torch.nn.init.normal_(made.rel_pos_w)
    return made


@pytest.mark.parametrize("scores", [1, 700, 5000, 10**9])
@pytest.mark.parametrize(("windows", "side"), [(1, (7, 5)), (4, (6, 6)), (2, (1, 9)), (1, (11, 1))])
@torch.inference_mode()
def test_attention_in_parts_is_attention(
    monkeypatch: pytest.MonkeyPatch, windows: int, side: tuple[int, int], scores: int
) -> None:
    monkeypatch.setattr(encoder, "SCORES", scores)
    official = attention(side)
    x = torch.randn(windows, *side, 24)
    assert torch.allclose(ChunkedAttention(official)(x), official(x), atol=1e-5)


@torch.inference_mode()
def test_positions_of_another_size_are_interpolated_as_the_official_ones_are() -> None:
    official = attention((5, 5))
    x = torch.randn(1, 8, 8, 24)
    assert torch.allclose(ChunkedAttention(official)(x), official(x), atol=1e-5)


@torch.inference_mode()
def test_an_encoder_with_and_without_windows_answers_as_before_with_the_same_weights(
    sam: Sam, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(encoder, "SCORES", 300)
    torch.manual_seed(5)
    vision = ImageEncoderViT(
        img_size=128,
        embed_dim=24,
        depth=3,
        num_heads=3,
        out_chans=8,
        use_rel_pos=True,
        window_size=3,
        global_attn_indexes=(1,),
    ).eval()
    for name, parameter in vision.named_parameters():
        if "rel_pos" in name:
            torch.nn.init.normal_(parameter)
    whole = Sam(vision, sam.prompt_encoder, sam.mask_decoder)
    image = torch.randn(1, 3, 128, 128)
    before, names = vision(image), list(whole.state_dict())
    spare_memory(whole)
    assert sum(isinstance(part, ChunkedAttention) for part in vision.modules()) == 3
    assert torch.allclose(vision(image), before, atol=1e-5)
    assert list(whole.state_dict()) == names
