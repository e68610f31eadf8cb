"""Semantic segmentation on arrays: images in, class maps out, by any model of transformers for it.

Knows nothing of HTTP or of Label Studio.
"""

import hashlib
import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional
from transformers import AutoImageProcessor, AutoModelForSemanticSegmentation

from backends.segmentation.class_map import ClassMap, class_map
from backends.segmentation.segformer import in_less_work
from backends.serving import computing
from backends.serving import device as devices
from backends.serving.errors import SettingsError
from backends.serving.precision import Precision, chosen, suffix, working_in
from backends.serving.pretrained import load_pretrained


class SegmentationModel:
    """A checkpoint, loaded once. Thread-safe: one forward pass runs at a time.

    Attributes:
        classes: class id -> name, without the spaces that some checkpoints have around it.
        version: names the weights.
        precision: the numbers that the network works in.
        cores: where images are segmented one on each core, see `segmented`; None on a GPU.
    """

    def __init__(
        self, name: str, device: str = "auto", precision: Precision | Literal["auto"] = "fp32"
    ) -> None:
        """Load a checkpoint.

        Args:
            name: a directory in Hugging Face's layout, or `name@revision` of one on its hub, which
                is read from the local cache or a mounted one (HF_HOME).
            device: "cpu", "cuda" or "auto".
            precision: of the network; see `backends.serving.precision`.

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
        self._resize = _resizing(self._processor, self._whole_image)
        self.device = devices.chosen(device)
        self.precision: Precision = chosen(precision, self.device)
        self._network = in_less_work(network).to(self.device)
        self._forward_lock = threading.Lock()
        self._workers = ThreadPoolExecutor(os.cpu_count(), "images-of-a-batch")
        self.cores = computing.Apart() if self.device.type == "cpu" else None
        names: dict[Any, str] = network.config.id2label or {}  # type: ignore[union-attr]
        self.classes = {int(number): str(name).strip() for number, name in names.items()}
        if len(self.classes) > 256:
            raise SettingsError(f"{name} has {len(self.classes)} classes; at most 256 fit a map")
        self.version = _version_of(name, local) + suffix(self.precision)

    def predict(self, images: list[NDArray[np.uint8]]) -> list[ClassMap]:
        """Segment images in one batch.

        Args:
            images: uint8 RGB, each (H, W, 3) of any size.

        Returns:
            One class map per image, of the image's own size. The classes equal those of bilinear
            upsampling (align_corners=False) of the logits followed by argmax, which is what
            transformers' post_process_semantic_segmentation does.
        """
        alone = self.cores.rounds(len(images)) if self.cores else 0
        if self.cores and alone:
            with self._forward_lock:
                found = self.cores.each(self.segmented, images[:alone])
            return found + self._together(images[alone:])
        return self._together(images)

    def segmented(self, image: NDArray[np.uint8]) -> ClassMap:
        """Segment one image in the calling thread, which must be one of `cores`.

        For work that goes on with an image where it was segmented. Unlike `predict` it does not
        wait for others.
        """
        (logits,) = self._logits([self._pixels(image)])
        return class_map(logits, *image.shape[:2])

    def _together(self, images: list[NDArray[np.uint8]]) -> list[ClassMap]:
        if not images:
            return []
        inputs = list(self._workers.map(self._pixels, images))
        with self._forward_lock:
            logits = computing.at_length(lambda: self._logits(inputs))
        heights, widths = ([image.shape[axis] for image in images] for axis in (0, 1))
        return list(self._workers.map(class_map, logits, heights, widths))

    @torch.inference_mode()
    def _logits(self, inputs: list[torch.Tensor]) -> list[torch.Tensor]:
        """Return each input's logits, float32 (C, h, w); those of one size go through together."""
        if len({pixels.shape for pixels in inputs}) > 1:
            return [logits for pixels in inputs for logits in self._logits([pixels])]
        if not inputs:
            return []
        # On a processor one at a time: what is made of one fits into memory that is kept.
        together = 1 if self.device.type == "cpu" else len(inputs)
        batches = torch.cat(inputs).to(self.device).split(together)
        with working_in(self.precision, self.device):
            found = [self._network(pixel_values=batch).logits.float() for batch in batches]
        return [logits for batch in found for logits in batch]

    def _pixels(self, image: NDArray[np.uint8]) -> torch.Tensor:
        pixels = torch.from_numpy(image).permute(2, 0, 1)
        return _processed(self._processor, self._whole_image, self._resize(pixels))


def _processed(processor: Any, options: dict[str, Any], pixels: torch.Tensor) -> torch.Tensor:
    """Return what a network wants of an image, uint8 (3, H, W)."""
    return processor(
        images=pixels, return_tensors="pt", input_data_format="channels_first", **options
    )["pixel_values"]


def _resizing(processor: Any, options: dict[str, Any]) -> Callable[[torch.Tensor], torch.Tensor]:
    """Return what resizes an image, uint8 (3, H, W), as the processor does it, but in less time.

    torch resizes an image whose colors lie side by side, as files have them, ten times as fast as
    one color after the other, which is what the processor makes of it first. It then finds an image
    that has its size already. Whether the answer is the same is tried here; where it is not, images
    stay as they are.
    """
    size = dict(options.get("size") or getattr(processor, "size", None) or {})
    mode = {2: "bilinear", 3: "bicubic"}.get(getattr(processor, "resample", None) or 0)

    def resized(pixels: torch.Tensor) -> torch.Tensor:
        return functional.interpolate(
            pixels[None], (size["height"], size["width"]), mode=mode or "", antialias=True
        )[0]

    def is_the_same(height: int, width: int) -> bool:
        colors = np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8)
        sample = torch.from_numpy(colors).permute(2, 0, 1)
        usual = _processed(processor, options, sample)
        return torch.equal(usual, _processed(processor, options, resized(sample)))

    height, width = size.get("height"), size.get("width")
    # Larger and smaller: only what is made smaller is smoothed.
    if mode and height and width and is_the_same(67, 91) and is_the_same(2 * height, 3 * width):
        return resized
    return lambda pixels: pixels


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


def _version_of(name: str, local: bool) -> str:
    if not local:
        repository, _, revision = name.partition("@")
        return f"{repository.rpartition('/')[2]}@{revision[:8] or 'latest'}"
    digest = hashlib.sha256()
    for file in sorted([*Path(name).glob("*.safetensors"), *Path(name).glob("*.bin")]):
        with file.open("rb") as stream:
            digest.update(hashlib.file_digest(stream, "sha256").digest())
    return f"{Path(name).resolve().name}@{digest.hexdigest()[:8]}"
