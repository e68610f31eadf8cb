"""SegFormer on arrays: images in, class maps out. Knows nothing of HTTP or of Label Studio."""

import hashlib
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import cv2
import numpy as np
import torch
import transformers
from numpy.typing import NDArray
from transformers import SegformerForSemanticSegmentation, SegformerImageProcessor

from backends.serving import device as devices
from backends.serving.errors import SettingsError

# Rows of the full-size image that are upsampled at a time: 18 classes of a 4000 px wide image take
# 18 MB in float32 then, where the whole of a 12 Mpx image would take 860 MB.
BAND_ROWS = 64


@dataclass(frozen=True)
class ClassMap:
    """A segmented image.

    Attributes:
        classes: uint8 (H, W), the most likely class of each pixel.
        certainty: uint8 (H, W), that class's softmax probability, 0..255 for 0..1.
    """

    classes: NDArray[np.uint8]
    certainty: NDArray[np.uint8]


class SegFormer:
    """A SegFormer checkpoint, loaded once. Thread-safe: one forward pass runs at a time."""

    def __init__(self, name: str, device: str = "auto") -> None:
        """Load a checkpoint.

        Args:
            name: a directory in Hugging Face's layout, or `name@revision` of one on its hub, which
                is read from the local cache or a mounted one (HF_HOME).
            device: "cpu", "cuda" or "auto".

        Raises:
            SettingsError: there is no such checkpoint, or it is not a SegFormer.
        """
        transformers.utils.logging.disable_progress_bar()
        local = Path(name).is_dir()
        repository, _, revision = (name, "", "") if local else name.partition("@")
        revision = revision or "main"
        try:
            self._processor = SegformerImageProcessor.from_pretrained(repository, revision=revision)
            loaded = SegformerForSemanticSegmentation.from_pretrained(
                repository, revision=revision, dtype=torch.float32, output_loading_info=True
            )
        except (OSError, ValueError) as error:
            raise SettingsError(
                f"SEGMENTATION_MODEL={name} cannot be loaded: {error}. Give the directory of a "
                "SegFormer checkpoint (config.json, model.safetensors), or name@revision with the "
                "hub or its cache within reach"
            ) from error
        network, report = cast(
            "tuple[SegformerForSemanticSegmentation, dict[str, set[str]]]", loaded
        )
        if report["missing_keys"]:
            # transformers would fill them with random numbers, which segment at random.
            missing = ", ".join(sorted(report["missing_keys"])[:3])
            raise SettingsError(
                f"{name} lacks weights of a SegFormer segmentation model: {missing}"
            )
        self.device = devices.chosen(device)
        self._network = cast(torch.nn.Module, network).to(self.device).eval()
        self._forward_lock = threading.Lock()
        self.classes = {
            int(number): name for number, name in (network.config.id2label or {}).items()
        }
        if len(self.classes) > 256:
            raise SettingsError(f"{name} has {len(self.classes)} classes; at most 256 fit a map")
        self.version = _version_of(name, local)

    def predict(self, images: list[NDArray[np.uint8]]) -> list[ClassMap]:
        """Segment images in one batch.

        Args:
            images: uint8 RGB, each (H, W, 3) of any size.

        Returns:
            One class map per image, of the image's own size. The classes equal those of bilinear
            upsampling (align_corners=False) of the logits followed by argmax.
        """
        if not images:
            return []
        inputs = self._processor(
            images=images, return_tensors="pt", input_data_format="channels_last"
        )
        with torch.inference_mode():
            with self._forward_lock:
                logits = self._network(pixel_values=inputs["pixel_values"].to(self.device)).logits
            return [
                _class_map(low_res.float(), image.shape[0], image.shape[1])
                for low_res, image in zip(logits, images, strict=True)
            ]


def _class_map(logits: torch.Tensor, height: int, width: int) -> ClassMap:
    """Upsample logits (C, h, w) band by band and keep only the best class of each pixel."""
    _, low_height, low_width = logits.shape
    top, bottom, row_weight = _bilinear(low_height, height, logits.device)
    left, right, column_weight = _bilinear(low_width, width, logits.device)
    classes = np.empty((height, width), dtype=np.uint8)
    for start in range(0, height, BAND_ROWS):
        band = slice(start, min(start + BAND_ROWS, height))
        weight = row_weight[band, None]
        rows = logits[:, top[band]] * (1 - weight) + logits[:, bottom[band]] * weight
        pixels = rows[:, :, left] * (1 - column_weight) + rows[:, :, right] * column_weight
        classes[band] = pixels.argmax(0).to(torch.uint8).cpu().numpy()
    certainty = (logits.softmax(0).amax(0) * 255).round().to(torch.uint8).cpu().numpy()
    return ClassMap(classes, cv2.resize(certainty, (width, height)).astype(np.uint8, copy=False))


def _bilinear(
    low: int, high: int, device: torch.device
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return, per target position, its two source indices and the second one's weight."""
    position = ((torch.arange(high, device=device) + 0.5) * (low / high) - 0.5).clamp_(min=0)
    first = position.floor().long().clamp_(max=low - 1)
    return first, (first + 1).clamp_(max=low - 1), position - first


def _version_of(name: str, local: bool) -> str:
    if not local:
        repository, _, revision = name.partition("@")
        return f"{repository.rpartition('/')[2]}@{revision[:8] or 'latest'}"
    digest = hashlib.sha256()
    for file in sorted([*Path(name).glob("*.safetensors"), *Path(name).glob("*.bin")]):
        with file.open("rb") as stream:
            digest.update(hashlib.file_digest(stream, "sha256").digest())
    return f"{Path(name).resolve().name}@{digest.hexdigest()[:8]}"
