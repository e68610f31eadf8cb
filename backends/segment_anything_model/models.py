"""From a checkpoint to the model that serves it."""

from pathlib import Path
from typing import Literal

from backends.segment_anything_model.checkpoints import SAM_TYPES, read_checkpoint
from backends.segment_anything_model.model import InteractiveModel
from backends.segment_anything_model.settings import ModelType
from backends.serving.precision import Precision


def load_model(
    path: Path,
    model_type: ModelType | Literal["auto"] = "auto",
    device: str = "auto",
    precision: Precision = "fp32",
) -> InteractiveModel:
    """Return the model of a checkpoint.

    Only the library that this model needs is imported.

    Args:
        path: a file or a folder, see `read_checkpoint`.
        model_type: "auto" reads it from the checkpoint.
        device: "cpu", "cuda", or "auto" for the GPU where there is one.
        precision: of the encoder; see `backends.serving.precision`.

    Raises:
        SettingsError: it is no known checkpoint, not a whole one, or of another type than asked.
    """
    checkpoint = read_checkpoint(path, model_type)
    if checkpoint.type in SAM_TYPES:
        from backends.segment_anything_model.sam import SegmentAnything

        return SegmentAnything.load(checkpoint, device, precision)
    from backends.segment_anything_model.sam2 import SegmentAnything2

    return SegmentAnything2.load(checkpoint, device, precision)
