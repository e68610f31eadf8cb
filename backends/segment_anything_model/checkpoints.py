"""Segment Anything checkpoints: the official ones (.pth) and the demo's (.safetensors)."""

import hashlib
from pathlib import Path
from typing import Literal, cast

import torch
from safetensors import safe_open
from segment_anything import sam_model_registry
from segment_anything.modeling import Sam

from backends.segment_anything_model.demo.small_sam import build_small_sam
from backends.segment_anything_model.settings import ModelType
from backends.serving.errors import SettingsError

# The official encoders differ in the width of their position embedding, (1, 64, 64, width).
_WIDTHS: dict[int, ModelType] = {768: "vit_b", 1024: "vit_l", 1280: "vit_h"}


def load_sam(
    path: Path, model_type: ModelType | Literal["auto"] = "auto"
) -> tuple[Sam, ModelType, str]:
    """Load a checkpoint.

    Args:
        path: `sam_vit_b_01ec64.pth` and its like, or the demo's safetensors file.
        model_type: "auto" reads it from the checkpoint.

    Returns:
        The model in evaluation mode on the CPU, its type, and the first 8 hex digits of the file's
        SHA-256.

    Raises:
        SettingsError: no such file, no Segment Anything checkpoint, or another type than asked.
    """
    if not path.is_file():
        raise SettingsError(
            f"SAM_CHECKPOINT={path} is not a file; give a Segment Anything checkpoint"
        )
    found = _type_in(path)
    if model_type not in ("auto", found):
        raise SettingsError(f"SAM_MODEL_TYPE={model_type}, but {path} holds {found} weights")
    if found == "small":
        sam = build_small_sam(path)
    else:
        sam = sam_model_registry[found]()
        try:
            sam.load_state_dict(_state(path))
        except RuntimeError as error:
            first = " ".join(str(error).split())[:300]
            raise SettingsError(f"{path} is not a whole {found} checkpoint: {first}") from error
    with path.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    return sam.eval(), found, digest[:8]


def _type_in(path: Path) -> ModelType:
    if path.suffix == ".safetensors":
        with safe_open(path, "pt") as file:
            found = (file.metadata() or {}).get("model_type")
        if found != "small":
            raise SettingsError(f"{path} has model_type={found}; only the demo's small one is read")
        return cast(ModelType, found)
    position = _state(path).get("image_encoder.pos_embed")
    width = position.shape[-1] if position is not None and position.ndim == 4 else None
    if width not in _WIDTHS:
        raise SettingsError(
            f"{path} is not an official Segment Anything checkpoint (vit_b, vit_l or vit_h)"
        )
    return _WIDTHS[width]


def _state(path: Path) -> dict[str, torch.Tensor]:
    try:
        state = torch.load(path, map_location="cpu", weights_only=True, mmap=True)
    except Exception as error:
        raise SettingsError(
            f"{path} is not a PyTorch checkpoint of plain weights: {error}"
        ) from error
    if not isinstance(state, dict):
        raise SettingsError(f"{path} holds no state dict")
    return state
