"""The decoder in less work against the official one with the same weights."""

import copy

import pytest
import torch
from segment_anything.modeling import MaskDecoder, PromptEncoder, Sam, TwoWayTransformer

from backends.segment_anything_model import decoder
from backends.segment_anything_model.decoder import FastDecoder
from backends.serving.computing import Brief

BRIEFS = [None, Brief(in_parts=True)]


@pytest.fixture(autouse=True)
def few_places_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """The grids here are small; a share of one still has several pieces, the last one smaller."""
    monkeypatch.setattr(decoder, "PLACES_AT_A_TIME", 50)


def full_width() -> tuple[PromptEncoder, MaskDecoder]:
    """Prompt encoder and decoder of vit_b, vit_l and vit_h, on an oblong grid."""
    torch.manual_seed(6)
    transformer = TwoWayTransformer(depth=2, embedding_dim=256, mlp_dim=2048, num_heads=8)
    decoder = MaskDecoder(transformer_dim=256, transformer=transformer)
    prompts = PromptEncoder(256, (12, 20), (192, 320), 16)
    for name, parameter in decoder.named_parameters():
        if name.endswith("bias"):  # Fresh ones of some layers are zero, which hides them.
            torch.nn.init.normal_(parameter, std=0.3)
    return prompts.eval(), decoder.eval()


def small(sam: Sam) -> tuple[PromptEncoder, MaskDecoder]:
    return sam.prompt_encoder, sam.mask_decoder


@pytest.mark.parametrize("wide", [True, False], ids=["full width", "small"])
@pytest.mark.parametrize("several", [True, False])
@pytest.mark.parametrize("brief", BRIEFS, ids=["whole", "in parts"])
@torch.inference_mode()
def test_the_wanted_mask_is_the_official_decoders(
    sam: Sam, wide: bool, several: bool, brief: Brief | None
) -> None:
    encoder, official = full_width() if wide else small(sam)
    height, width = encoder.image_embedding_size
    pe = encoder.get_dense_pe()
    fast = FastDecoder(copy.deepcopy(official), pe, brief)
    chosen = set()
    for seed in range(8):
        torch.manual_seed(seed)
        features = torch.randn(1, encoder.embed_dim, height, width)
        count = 1 + seed % 5
        points = torch.rand(1, count, 2) * min(encoder.input_image_size)
        labels = torch.randint(0, 2, (1, count))
        boxes = torch.rand(1, 4) * min(encoder.input_image_size) if seed % 3 == 2 else None
        earlier = torch.randn(1, 1, *encoder.mask_input_size) * 5 if seed % 2 else None
        sparse, dense = encoder((points, labels), boxes, earlier)
        masks, ious = official(features, pe, sparse, dense, multimask_output=several)
        best = int(ious[0].argmax())
        chosen.add(best)
        logits, iou, _ = fast(features, sparse, dense, several)
        scale = float(masks.abs().max())
        assert torch.allclose(logits[0, 0], masks[0, best], atol=1e-5 * max(1, scale))
        assert iou == pytest.approx(float(ious[0, best]), abs=1e-4)
        if earlier is None:
            again, same, _ = fast(features, sparse, dense, several, fast.ready(features, dense))
            assert torch.allclose(again, logits, atol=1e-5 * max(1, scale))
            assert same == pytest.approx(iou, abs=1e-5)
    assert len(chosen) > 1 or not several


@pytest.mark.parametrize("seen", [(12, 20), (12, 7), (5, 20), (1, 1)])
@pytest.mark.parametrize("brief", BRIEFS, ids=["whole", "in parts"])
@torch.inference_mode()
def test_logits_of_padding_are_made_later_and_are_the_same(
    seen: tuple[int, int], brief: Brief | None
) -> None:
    encoder, official = full_width()
    fast = FastDecoder(official, encoder.get_dense_pe(), brief)
    features = torch.randn(1, encoder.embed_dim, 12, 20)
    prompts = torch.tensor([[[40.0, 30.0]]]), torch.ones(1, 1)
    sparse, dense = encoder(prompts, None, None)
    whole, _, complete = fast(features, sparse, dense, True)
    complete()
    logits, _, complete = fast(features, sparse, dense, True, seen=seen)
    rows, columns = (4 * count for count in seen)
    on_the_image = torch.zeros_like(logits, dtype=torch.bool)
    on_the_image[..., :rows, :columns] = True
    assert torch.equal(logits * ~on_the_image, torch.zeros_like(logits))
    assert torch.allclose(logits * on_the_image, whole * on_the_image, atol=1e-5)
    # The decoder is at another click by then.
    fast(torch.randn_like(features), sparse, dense, True)
    for _ in range(2):
        complete()
        assert torch.allclose(logits, whole, atol=1e-5)
