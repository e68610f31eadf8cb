"""Checkpoints of interactive models: what a file or a folder holds.

Read are the official files of Segment Anything (.pth), Segment Anything 2.1 and EdgeTAM (.pt),
folders of transformers for the same models, and the demo's file.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, cast, get_args

import torch
from safetensors import SafetensorError, safe_open

from backends.segment_anything_model.conversion import hiera_size
from backends.segment_anything_model.settings import ModelType
from backends.serving.errors import SettingsError

SAM_TYPES: tuple[ModelType, ...] = ("small", "vit_b", "vit_l", "vit_h")

READ = (
    "an official checkpoint of Segment Anything (.pth), Segment Anything 2.1 or EdgeTAM (.pt), a "
    "folder of transformers with config.json and model.safetensors of SamModel, Sam2Model or "
    "EdgeTamModel, or the demo's file"
)

# The official encoders of the first Segment Anything differ in the width of their tokens.
_WIDTHS: dict[int, ModelType] = {768: "vit_b", 1024: "vit_l", 1280: "vit_h"}


@dataclass(frozen=True)
class Checkpoint:
    """A checkpoint that has been looked into.

    Attributes:
        path: the file or folder.
        type: the model whose weights it holds.
        digest: the first 8 hex digits of the weights' SHA-256.
        state: an official checkpoint's tensors under their own names, mapped from the file; empty
            for what a library reads by itself.
    """

    path: Path
    type: ModelType
    digest: str
    state: Mapping[str, torch.Tensor] = field(default_factory=dict, repr=False)

    @property
    def is_folder(self) -> bool:
        """Whether it is a folder of transformers."""
        return self.path.is_dir()


def read_checkpoint(path: Path, model_type: ModelType | Literal["auto"] = "auto") -> Checkpoint:
    """Look into a checkpoint.

    Args:
        path: `sam_vit_b_01ec64.pth`, `sam2.1_hiera_tiny.pt`, `edgetam.pt` and their like, a folder
            of transformers, or the demo's safetensors file.
        model_type: "auto" reads it from the checkpoint.

    Raises:
        SettingsError: there is nothing, no known checkpoint, or another type than asked.
    """
    if path.is_dir():
        found, state, files = _type_in_folder(path), {}, sorted(path.glob("*.safetensors"))
        if not files:
            raise SettingsError(f"{path} has no model.safetensors; give {READ}")
    elif not path.is_file():
        raise SettingsError(f"SAM_CHECKPOINT={path} does not exist; give {READ}")
    elif path.suffix == ".safetensors":
        found, state, files = _type_in_safetensors(path), {}, [path]
    else:
        state = _state(path)
        found, files = _type_in_state(path, state), [path]
    if model_type not in ("auto", found):
        raise SettingsError(f"SAM_MODEL_TYPE={model_type}, but {path} holds {found} weights")
    return Checkpoint(path, found, _digest(files), state)


def _type_in_folder(path: Path) -> ModelType:
    try:
        config = json.loads((path / "config.json").read_text())
        kind = str(config["model_type"])
        # Meta's folders on the hub are of the video models; the image model is a part of them.
        if kind.removesuffix("_video") == "edgetam":
            return "edgetam"
        if kind.removesuffix("_video") == "sam2":
            hiera = config["vision_config"]["backbone_config"]
            size = hiera_size(hiera["hidden_size"], sum(hiera["blocks_per_stage"]))
            return _known(path, f"sam2.1-{size}")
        if kind == "sam":
            return _WIDTHS[config["vision_config"]["hidden_size"]]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SettingsError(f"{path} is no folder of a known model; give {READ}") from error
    raise SettingsError(f"{path} holds a model of type {kind}; give {READ}")


def _type_in_safetensors(path: Path) -> ModelType:
    try:
        with safe_open(path, "pt") as file:
            found = (file.metadata() or {}).get("model_type")
    except SafetensorError as error:
        raise SettingsError(f"{path} is not a whole safetensors file: {error}") from error
    if found != "small":
        raise SettingsError(
            f"{path} is not the demo's (model_type={found}); for a model of transformers give its "
            "folder, which has config.json too"
        )
    return "small"


def _type_in_state(path: Path, state: Mapping[str, torch.Tensor]) -> ModelType:
    position = state.get("image_encoder.pos_embed")
    if position is not None and position.ndim == 4 and position.shape[-1] in _WIDTHS:
        return _WIDTHS[position.shape[-1]]
    if any(name.startswith("image_encoder.trunk.body.") for name in state):
        return "edgetam"
    patches = state.get("image_encoder.trunk.patch_embed.proj.weight")
    if patches is not None:
        blocks = {
            name.split(".")[3] for name in state if name.startswith("image_encoder.trunk.blocks.")
        }
        return _known(path, f"sam2.1-{hiera_size(patches.shape[0], len(blocks))}")
    raise SettingsError(f"{path} holds no known model; give {READ}")


def _known(path: Path, found: str) -> ModelType:
    if found not in get_args(ModelType):
        raise SettingsError(f"{path} is a Segment Anything 2 of no official size; give {READ}")
    return cast(ModelType, found)


def _state(path: Path) -> Mapping[str, torch.Tensor]:
    try:
        state: Any = torch.load(path, map_location="cpu", weights_only=True, mmap=True)
    except Exception as error:
        raise SettingsError(
            f"{path} is not a PyTorch checkpoint of plain weights: {error}"
        ) from error
    # Segment Anything 2 and EdgeTAM keep theirs under "model".
    if isinstance(state, dict) and isinstance(state.get("model"), dict):
        state = state["model"]
    if not isinstance(state, dict) or not all(torch.is_tensor(v) for v in state.values()):
        raise SettingsError(f"{path} holds no state dict; give {READ}")
    return state


def _digest(files: list[Path]) -> str:
    digest = hashlib.sha256()
    for file in files:
        with file.open("rb") as stream:
            whole = hashlib.file_digest(stream, "sha256")
        if len(files) == 1:
            return whole.hexdigest()[:8]
        digest.update(whole.digest())
    return digest.hexdigest()[:8]
