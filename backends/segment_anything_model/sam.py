"""Segment Anything on arrays: an image becomes an embedding, prompts on it a mask.

No state is shared but the weights: the official `SamPredictor` holds one image at a time, and two
labelers on one predictor get masks of each other's images. Whatever answers the same four calls
(`load`, `encode`, `decode`, `describe`) can take this model's place.
"""

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Self

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from segment_anything.modeling import Sam
from segment_anything.utils.transforms import ResizeLongestSide

from backends.segment_anything_model.checkpoints import load_sam
from backends.segment_anything_model.prompts import Box, Click
from backends.segment_anything_model.settings import ModelType
from backends.serving import device as devices
from backends.serving.metrics import ENCODE_SECONDS, ENCODES

# A mask given as a prompt becomes logits of this size, as sure as the decoder's own.
MASK_PROMPT_LOGIT = 10.0


class _Resize(ResizeLongestSide):
    """The official resizing, for strips too: their short side would be rounded to no pixel."""

    @staticmethod
    def get_preprocess_shape(oldh: int, oldw: int, long_side_length: int) -> tuple[int, int]:
        height, width = ResizeLongestSide.get_preprocess_shape(oldh, oldw, long_side_length)
        return max(1, height), max(1, width)


@dataclass(frozen=True)
class Embedding:
    """What the encoder saw in one image.

    Attributes:
        features: float32 (1, C, h, w), (1, 256, 64, 64) for the official checkpoints.
        input_size: (height, width) of the resized image inside the model's square input.
        original_size: (height, width) of the image in pixels.
    """

    features: torch.Tensor
    input_size: tuple[int, int]
    original_size: tuple[int, int]

    @property
    def nbytes(self) -> int:
        return self.features.nbytes


@dataclass(frozen=True)
class Decoded:
    """The decoder's answer to prompts.

    Attributes:
        logits: float32 (1, 1, 4h, 4w), low resolution; above 0 is the object.
        iou: the model's own estimate of the mask's IoU, about 0..1.
    """

    logits: torch.Tensor
    iou: float


class SegmentAnything:
    """A model for any number of threads: one encode at a time, decodes beside it."""

    def __init__(
        self, sam: Sam, device: str = "auto", description: str = "sam", is_demo: bool = False
    ) -> None:
        self.is_demo = is_demo
        self._description = description
        self._sam = sam.to(devices.chosen(device)).eval()
        self._resize = _Resize(sam.image_encoder.img_size)
        self._encode_lock = threading.Lock()
        self.device: torch.device = self._sam.device
        with torch.inference_mode():
            self._dense_pe = self._sam.prompt_encoder.get_dense_pe()

    @classmethod
    def load(
        cls, path: Path, model_type: ModelType | Literal["auto"] = "auto", device: str = "auto"
    ) -> Self:
        """Return the model of a checkpoint.

        Raises:
            SettingsError: as `load_sam` does.
        """
        sam, found, digest = load_sam(path, model_type)
        return cls(sam, device, f"sam-{found}@{digest}", found == "small")

    def describe(self) -> str:
        """Return the name of the weights and the start of their hash, for the model version."""
        return self._description

    @torch.inference_mode()
    def encode(self, image: NDArray[np.uint8]) -> Embedding:
        """Return the embedding of an image, uint8 RGB (H, W, 3)."""
        resized = self._resize.apply_image(image)
        pixels = torch.as_tensor(resized, device=self._sam.device).permute(2, 0, 1)[None]
        with self._encode_lock, ENCODE_SECONDS.time():
            features = self._sam.image_encoder(self._sam.preprocess(pixels.float()))
        ENCODES.inc()
        height, width = image.shape[:2]
        return Embedding(features, (resized.shape[0], resized.shape[1]), (height, width))

    @torch.inference_mode()
    def decode(
        self,
        embedding: Embedding,
        clicks: Sequence[Click],
        box: Box | None = None,
        earlier: torch.Tensor | None = None,
    ) -> Decoded:
        """Return the mask for one set of prompts.

        A single positive click is ambiguous (button, jacket or person?): of the decoder's three
        masks for it the one with the best predicted IoU is taken. Otherwise its single mask is.

        Args:
            embedding: the image.
            clicks: point prompts in pixels of the image.
            box: one box prompt in pixels of the image.
            earlier: logits of an earlier mask that these prompts refine, (1, 1, 4h, 4w).
        """
        points = None
        if clicks:
            coordinates = np.array([[click.x, click.y] for click in clicks], dtype=np.float64)
            labels = [int(click.positive) for click in clicks]
            points = (
                self._tensor(self._resize.apply_coords(coordinates, embedding.original_size))[None],
                torch.tensor([labels], dtype=torch.int, device=self._sam.device),
            )
        boxes = None
        if box is not None:
            boxes = self._tensor(self._resize.apply_boxes(np.array([box]), embedding.original_size))
        sparse, dense = self._sam.prompt_encoder(points=points, boxes=boxes, masks=earlier)
        single_click = len(clicks) == 1 and box is None and earlier is None
        logits, ious = self._sam.mask_decoder(
            image_embeddings=embedding.features,
            image_pe=self._dense_pe,
            sparse_prompt_embeddings=sparse,
            dense_prompt_embeddings=dense,
            multimask_output=single_click,
        )
        best = int(ious[0].argmax())
        return Decoded(logits[:, best : best + 1], float(ious[0, best]))

    @torch.inference_mode()
    def full_size(self, embedding: Embedding, decoded: Decoded) -> NDArray[np.bool_]:
        """Return the mask, bool (H, W), of the image's own size."""
        logits = self._sam.postprocess_masks(
            decoded.logits, embedding.input_size, embedding.original_size
        )
        return (logits[0, 0] > self._sam.mask_threshold).cpu().numpy()

    def as_logits(self, embedding: Embedding, mask: NDArray[np.bool_]) -> torch.Tensor:
        """Return a mask, bool (H, W), as low resolution logits for `decode(earlier=)`."""
        size = self._sam.image_encoder.img_size
        low_height, low_width = self._sam.prompt_encoder.mask_input_size
        height, width = embedding.input_size
        target = (
            max(1, round(width * low_width / size)),
            max(1, round(height * low_height / size)),
        )
        share = cv2.resize(mask.astype(np.float32), target, interpolation=cv2.INTER_AREA)
        logits = torch.full((1, 1, low_height, low_width), -MASK_PROMPT_LOGIT)
        logits[0, 0, : target[1], : target[0]] = torch.from_numpy(share * 2 - 1) * MASK_PROMPT_LOGIT
        return logits.to(self._sam.device)

    def _tensor(self, array: NDArray[np.float64]) -> torch.Tensor:
        return torch.as_tensor(array, dtype=torch.float, device=self._sam.device)
