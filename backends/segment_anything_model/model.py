"""The seam for interactive models: an image becomes an embedding, prompts on it a mask.

A model is four methods: `load`, `encode`, `decode`, `describe`. Arrays go in, logits come out, and
no method knows of HTTP or of Label Studio. `sam.py` and `sam2.py` hold the models that there are;
`models.py` takes the one that a checkpoint asks for.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import torch
from numpy.typing import NDArray

from backends.segment_anything_model.checkpoints import Checkpoint
from backends.segment_anything_model.geometry import Geometry
from backends.segment_anything_model.prompts import Box, Click
from backends.serving.computing import Brief
from backends.serving.precision import Precision
from masks.runs import Runs


@dataclass(frozen=True)
class Embedding:
    """What an encoder saw in one image.

    Attributes:
        features: float32 tensors on the model's device, as many as its decoder wants, each (1, C,
            h, w). Segment Anything: one, (1, 256, 64, 64). Segment Anything 2: three, (1, 32, 256,
            256) and (1, 64, 128, 128) for fine edges, (1, 256, 64, 64) for the rest.
        geometry: how the image lies in the model's input.
        ready: what a decoder makes of the image alone, see `InteractiveModel.readied`.
    """

    features: tuple[torch.Tensor, ...]
    geometry: Geometry
    ready: tuple[torch.Tensor, ...] = ()

    @property
    def original_size(self) -> tuple[int, int]:
        """(height, width) of the image in pixels."""
        return self.geometry.original_size

    @property
    def nbytes(self) -> int:
        return sum(tensor.nbytes for tensor in (*self.features, *self.ready))


@dataclass(frozen=True)
class Decoded:
    """A decoder's answer to prompts.

    Attributes:
        on_image: float32 (1, 1, h, w), logits of low resolution (256 x 256 for the official
            checkpoints), in the frame of the embedding's geometry; above 0 is the object. Those of
            the padding, on which no mask depends, may not be there yet.
        iou: the model's own estimate of the mask's IoU, about 0..1.
        complete: makes the others; after the first time it does nothing.
    """

    on_image: torch.Tensor
    iou: float
    complete: Callable[[], None] = lambda: None

    @property
    def logits(self) -> torch.Tensor:
        """All logits, as `InteractiveModel.decode(earlier=)` takes them."""
        self.complete()
        return self.on_image


class InteractiveModel(ABC):
    """A model for any number of threads: its methods share no state but the weights.

    Attributes:
        is_demo: whether the weights are the demo's, whose masks want sharpening.
        device: what it runs on.
        brief: the thread in which it makes masks.
    """

    is_demo: bool = False
    device: torch.device
    brief: Brief

    @classmethod
    @abstractmethod
    def load(
        cls, checkpoint: Checkpoint, device: str = "auto", precision: Precision = "fp32"
    ) -> Self:
        """Return the model of a checkpoint that has been looked into.

        Args:
            checkpoint: of this model, see `checkpoints.read_checkpoint`.
            device: "cpu", "cuda", or "auto" for the GPU where there is one.
            precision: of the encoder.

        Raises:
            SettingsError: weights are missing, or have another shape.
        """

    @abstractmethod
    def describe(self) -> str:
        """Return the name of the weights and the start of their hash, for the model version."""

    @abstractmethod
    def encode(self, image: NDArray[np.uint8]) -> Embedding:
        """Return the embedding of an image, uint8 RGB (H, W, 3).

        It takes gigabytes of some models: `EmbeddingStore` lets one thread at a time do it.
        """

    def readied(self, embedding: Embedding) -> Embedding:
        """Return the embedding of an image that will be clicked on, with what that can use."""
        return embedding

    @abstractmethod
    def decode(
        self,
        embedding: Embedding,
        clicks: Sequence[Click],
        box: Box | None = None,
        earlier: torch.Tensor | None = None,
    ) -> Decoded:
        """Return the mask for one set of prompts: at least one click, or a box.

        A single positive click is ambiguous (button, jacket or person?): of the decoder's three
        masks for it the one with the best predicted IoU is taken. Otherwise its single mask is.

        Args:
            embedding: the image.
            clicks: point prompts in pixels of the image.
            box: one box prompt, x0, y0, x1, y1 in pixels of the image.
            earlier: logits of an earlier mask that these prompts refine, as in `Decoded`.
        """

    def full_size(self, embedding: Embedding, decoded: Decoded) -> Runs:
        """Return the mask of the image's own size."""
        return embedding.geometry.full_size(decoded.on_image)

    def as_logits(self, embedding: Embedding, mask: NDArray[np.bool_]) -> torch.Tensor:
        """Return a mask, bool (H, W), as low resolution logits for `decode(earlier=)`."""
        return embedding.geometry.as_logits(mask)
