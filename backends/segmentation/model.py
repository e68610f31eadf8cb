"""Semantic segmentation on arrays: images in, class maps out, by any model of transformers for it.

Knows nothing of HTTP or of Label Studio.
"""

import hashlib
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from transformers import AutoImageProcessor, AutoModelForSemanticSegmentation

from backends.serving import device as devices
from backends.serving.errors import SettingsError
from backends.serving.pretrained import load_pretrained

# Logits of the full-size image that are made at a time, 18 MB in float32. All 150 classes of a
# 12 Mpx image would take 7.2 GB.
BAND_LOGITS = 18 * 64 * 4000


@dataclass(frozen=True)
class ClassMap:
    """A segmented image.

    Attributes:
        classes: uint8 (H, W), the most likely class of each pixel.
        certainty: uint8 (H, W), that class's softmax probability, 0..255 for 0..1.
    """

    classes: NDArray[np.uint8]
    certainty: NDArray[np.uint8]


class SegmentationModel:
    """A checkpoint, loaded once. Thread-safe: one forward pass runs at a time.

    Attributes:
        classes: class id -> name, without the spaces that some checkpoints have around it.
        version: names the weights.
    """

    def __init__(self, name: str, device: str = "auto") -> None:
        """Load a checkpoint.

        Args:
            name: a directory in Hugging Face's layout, or `name@revision` of one on its hub, which
                is read from the local cache or a mounted one (HF_HOME).
            device: "cpu", "cuda" or "auto".

        Raises:
            SettingsError: there is no such checkpoint, it is no whole one of a semantic
                segmentation model, or it has more classes than a map can hold.
        """
        local = Path(name).is_dir()
        repository, _, revision = (name, "", "") if local else name.partition("@")
        revision = revision or "main"
        network = load_pretrained(
            AutoModelForSemanticSegmentation, repository, revision, f"SEGMENTATION_MODEL={name}"
        )
        try:
            self._processor: Any = AutoImageProcessor.from_pretrained(repository, revision=revision)
        except (OSError, ValueError) as error:
            raise SettingsError(
                f"SEGMENTATION_MODEL={name} lacks a usable preprocessor_config.json: {error}"
            ) from error
        self._whole_image = _whole_image(self._processor)
        self.device = devices.chosen(device)
        self._network = network.to(self.device)
        self._forward_lock = threading.Lock()
        names: dict[Any, str] = network.config.id2label or {}  # type: ignore[union-attr]
        self.classes = {int(number): str(name).strip() for number, name in names.items()}
        if len(self.classes) > 256:
            raise SettingsError(f"{name} has {len(self.classes)} classes; at most 256 fit a map")
        self.version = _version_of(name, local)

    def predict(self, images: list[NDArray[np.uint8]]) -> list[ClassMap]:
        """Segment images in one batch.

        Args:
            images: uint8 RGB, each (H, W, 3) of any size.

        Returns:
            One class map per image, of the image's own size. The classes equal those of bilinear
            upsampling (align_corners=False) of the logits followed by argmax, which is what
            transformers' post_process_semantic_segmentation does.
        """
        inputs = [self._pixels(image) for image in images]
        with torch.inference_mode():
            return [
                _class_map(logits.float(), image.shape[0], image.shape[1])
                for logits, image in zip(self._logits(inputs), images, strict=True)
            ]

    def _logits(self, inputs: list[torch.Tensor]) -> list[torch.Tensor]:
        """Return each input's logits (C, h, w); inputs of one size go through together."""
        if len({pixels.shape for pixels in inputs}) > 1:
            return [logits for pixels in inputs for logits in self._logits([pixels])]
        if not inputs:
            return []
        batch = torch.cat(inputs).to(self.device)
        with self._forward_lock:
            return list(self._network(pixel_values=batch).logits)

    def _pixels(self, image: NDArray[np.uint8]) -> torch.Tensor:
        inputs = self._processor(
            images=image,
            return_tensors="pt",
            input_data_format="channels_last",
            **self._whole_image,
        )
        return inputs["pixel_values"]


def _whole_image(processor: Any) -> dict[str, Any]:
    """Return the options with which a processor shows its network the whole image, unpadded.

    Some (MobileViT, MobileNetV2) cut out the middle, and transformers' own post-processing then
    stretches the result over the image. Others resize the shortest edge and would make a strip of
    1 x 5000 pixels larger than memory. Both get the image squashed into their usual square.
    """
    # DPT's may keep the aspect ratio, but transformers' network behind it takes squares only.
    unwanted = ("do_center_crop", "do_pad", "keep_aspect_ratio")
    options: dict[str, Any] = {name: False for name in unwanted if hasattr(processor, name)}
    size, crop = (dict(getattr(processor, name, None) or {}) for name in ("size", "crop_size"))
    if getattr(processor, "do_center_crop", False) and crop.get("height"):
        options["size"] = {"height": crop["height"], "width": crop["width"]}
    elif size.get("shortest_edge"):
        options["size"] = {"height": size["shortest_edge"], "width": size["shortest_edge"]}
    return options


def _class_map(logits: torch.Tensor, height: int, width: int) -> ClassMap:
    """Upsample logits (C, h, w) band by band and keep only the best class of each pixel."""
    count, low_height, low_width = logits.shape
    top, bottom, row_weight = _bilinear(low_height, height, logits.device)
    left, right, column_weight = _bilinear(low_width, width, logits.device)
    classes = np.empty((height, width), dtype=np.uint8)
    band_rows = max(1, BAND_LOGITS // (count * width))
    for start in range(0, height, band_rows):
        band = slice(start, min(start + band_rows, height))
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
