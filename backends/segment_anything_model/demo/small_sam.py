"""A Segment Anything of two million parameters for demonstrations and tests.

It is the official `Sam` with the official prompt encoder and mask decoder, made narrow, on a small
residual network instead of a vision transformer. It takes 256 x 256 pixels and gives masks of
128 x 128; whatever drives a full-size `Sam` drives it unchanged.
"""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn import functional

from backends.segment_anything_model.official import (
    MaskDecoder,
    PromptEncoder,
    Sam,
    TwoWayTransformer,
)

IMAGE_SIDE = 256
GRID_SIDE = 32
EMBEDDING = 64
WIDTHS = (24, 48, 96, 144, 176)


class CheckpointError(ValueError):
    """A checkpoint that is not one of the small model; the message says what to do."""


class _Residual(nn.Module):
    """Two 3 x 3 convolutions around a shortcut; `dilation` widens the first one's view."""

    def __init__(self, width: int, dilation: int = 1) -> None:
        super().__init__()
        self.first = nn.Conv2d(width, width, 3, padding=dilation, dilation=dilation, bias=False)
        self.first_norm = nn.BatchNorm2d(width)
        self.second = nn.Conv2d(width, width, 3, padding=1, bias=False)
        self.second_norm = nn.BatchNorm2d(width)

    def forward(self, x: Tensor) -> Tensor:
        y = functional.relu(self.first_norm(self.first(x)))
        return functional.relu(x + self.second_norm(self.second(y)))


def _halve(into: int, out: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(into, out, 3, stride=2, padding=1, bias=False),
        nn.BatchNorm2d(out),
        nn.ReLU(inplace=True),
    )


class SmallImageEncoder(nn.Module):
    """A residual pyramid whose levels are summed on the grid of stride 8.

    Takes float (B, 3, 256, 256), normalised and padded as `Sam.preprocess` does; returns
    (B, 64, 32, 32). `img_size` is what `Sam.preprocess` reads.
    """

    def __init__(self) -> None:
        super().__init__()
        self.img_size = IMAGE_SIDE
        one, two, three, four, five = WIDTHS
        self.stages = nn.ModuleList(
            [
                _halve(3, one),
                nn.Sequential(_halve(one, two), _Residual(two)),
                nn.Sequential(_halve(two, three), _Residual(three), _Residual(three, 2)),
                nn.Sequential(_halve(three, four), _Residual(four), _Residual(four, 2)),
                nn.Sequential(_halve(four, five), _Residual(five), _Residual(five, 2)),
            ]
        )
        # Stride 4 keeps its detail on the coarser grid: each 2 x 2 block becomes channels.
        self.detail = nn.Sequential(nn.PixelUnshuffle(2), nn.Conv2d(4 * two, EMBEDDING, 1))
        self.lateral = nn.ModuleList([nn.Conv2d(width, EMBEDDING, 1) for width in WIDTHS[2:]])
        self.merge = nn.Sequential(
            nn.BatchNorm2d(EMBEDDING),
            nn.ReLU(inplace=True),
            nn.Conv2d(EMBEDDING, EMBEDDING, 3, padding=1, bias=False),
            nn.BatchNorm2d(EMBEDDING),
            nn.ReLU(inplace=True),
            nn.Conv2d(EMBEDDING, EMBEDDING, 3, padding=1),
        )

    def forward(self, x: Tensor) -> Tensor:
        levels = []
        for stage in self.stages:
            x = stage(x)
            levels.append(x)
        total = self.detail(levels[1])
        for lateral, level in zip(self.lateral, levels[2:], strict=True):
            level = lateral(level)
            if level.shape[-1] != GRID_SIDE:
                level = functional.interpolate(
                    level, size=(GRID_SIDE, GRID_SIDE), mode="bilinear", align_corners=False
                )
            total = total + level
        return total + self.merge(total)


def build_small_sam(checkpoint: Path | None = None) -> Sam:
    """The small model in evaluation mode, float32, with random weights or a checkpoint's.

    checkpoint: a safetensors file written by demo.training.train_segment_anything.

    Raises CheckpointError when the file is missing, unreadable or of another model.
    """
    # Random numbers take longer than reading a checkpoint, which would replace them all.
    with nullcontext() if checkpoint is None else torch.device("meta"):
        encoder = SmallImageEncoder()
        prompt_encoder = PromptEncoder(
            embed_dim=EMBEDDING,
            image_embedding_size=(GRID_SIDE, GRID_SIDE),
            input_image_size=(IMAGE_SIDE, IMAGE_SIDE),
            mask_in_chans=16,
        )
        mask_decoder = MaskDecoder(
            num_multimask_outputs=3,
            transformer=TwoWayTransformer(
                depth=2, embedding_dim=EMBEDDING, mlp_dim=256, num_heads=4
            ),
            transformer_dim=EMBEDDING,
            iou_head_depth=2,
            iou_head_hidden_dim=EMBEDDING,
        )
    # Its own buffers are in no checkpoint.
    sam = Sam(encoder, prompt_encoder, mask_decoder)  # type: ignore[arg-type]
    if checkpoint is not None:
        _load(sam, checkpoint)
    return sam.eval()


def _load(sam: Sam, checkpoint: Path) -> None:
    if not checkpoint.is_file():
        raise CheckpointError(f"there is no checkpoint at {checkpoint}: check the path")
    try:
        weights = load_file(checkpoint)
        whole = {name: value.to(torch.float32) if value.is_floating_point() else value
                 for name, value in weights.items()}  # fmt: skip
        sam.load_state_dict(whole, assign=True)
    except SafetensorError as error:
        raise CheckpointError(
            f"{checkpoint} is not a whole safetensors file ({error}): copy it again"
        ) from error
    except RuntimeError as error:
        raise CheckpointError(
            f"{checkpoint} holds another model than the small one: "
            "for the official checkpoints set SAM_MODEL_TYPE to vit_b, vit_l or vit_h"
        ) from error
