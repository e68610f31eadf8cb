"""Segment Anything as its authors load it."""

from pathlib import Path

import torch
from segment_anything import sam_model_registry
from segment_anything.modeling import Sam

from backends.segment_anything_model.demo.small_sam import build_small_sam


def official_sam(checkpoint: Path, model: str) -> Sam:
    """Return the network of a checkpoint in fp32, on the GPU where there is one.

    model: its type in segment_anything, or "small" for the demo's.
    """
    sam: Sam = (
        build_small_sam(checkpoint)
        if model == "small"
        else sam_model_registry[model](checkpoint=str(checkpoint))
    )
    return sam.to("cuda" if torch.cuda.is_available() else "cpu").eval()
