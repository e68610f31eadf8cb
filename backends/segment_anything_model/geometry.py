"""How an image lies in a model's square input, and how logits become masks of its own size.

Segment Anything keeps the aspect ratio and pads the square; Segment Anything 2 squashes the image
into it. Each does on the way back what its official predictor does.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from backends.serving.upsampling import positive
from masks.runs import Runs

# A mask given as a prompt becomes logits of this size, as sure as the decoder's own.
MASK_PROMPT_LOGIT = 10.0


@dataclass(frozen=True)
class Geometry(ABC):
    """One image in a model's square input, from its top left corner.

    Attributes:
        original_size: (height, width) of the image in pixels.
        side: of the square input in pixels, 1024 for the official checkpoints.
        logits_side: of the decoder's square logits, 256 for the official checkpoints.
    """

    original_size: tuple[int, int]
    side: int
    logits_side: int

    @property
    @abstractmethod
    def input_size(self) -> tuple[int, int]:
        """(height, width) of the resized image inside the square; at least 1 x 1."""

    @abstractmethod
    def full_size(self, logits: torch.Tensor) -> Runs:
        """Return logits, float32 (1, 1, h, w), as a mask of the image's own size."""

    def resized(self, image: NDArray[np.uint8]) -> NDArray[np.uint8] | NDArray[np.float32]:
        """Return an image, uint8 RGB (H, W, 3), at `input_size`, bilinear and without aliasing."""
        height, width = self.input_size
        picture = Image.fromarray(image).resize((width, height), Image.Resampling.BILINEAR)
        return np.array(picture)

    def to_input(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return points, (..., 2) as x, y in pixels of the image, in pixels of the input."""
        (height, width), (new_height, new_width) = self.original_size, self.input_size
        return points * (new_width / width, new_height / height)

    def as_logits(self, mask: NDArray[np.bool_]) -> torch.Tensor:
        """Return a mask, bool (H, W), as logits, float32 (1, 1, h, w) on the CPU."""
        height, width = (
            max(1, round(length * self.logits_side / self.side)) for length in self.input_size
        )
        share = cv2.resize(mask.astype(np.float32), (width, height), interpolation=cv2.INTER_AREA)
        logits = torch.full((1, 1, self.logits_side, self.logits_side), -MASK_PROMPT_LOGIT)
        logits[0, 0, :height, :width] = torch.from_numpy(share * 2 - 1) * MASK_PROMPT_LOGIT
        return logits


class Padded(Geometry):
    """The longest side fills the input, the rest of it is padding: Segment Anything."""

    @property
    def input_size(self) -> tuple[int, int]:
        scale = self.side / max(self.original_size)
        # The official transform makes nothing of a strip of 20000 x 8 pixels.
        height, width = (max(1, int(length * scale + 0.5)) for length in self.original_size)
        return height, width

    def full_size(self, logits: torch.Tensor) -> Runs:
        height, width = self.input_size
        rows, columns = self.covered(self.logits_side)
        times = self.side // self.logits_side
        # As torch's `interpolate` does it without aligned corners, in a third of the time.
        larger = cv2.resize(
            logits[0, 0, :rows, :columns].cpu().numpy(), (columns * times, rows * times)
        )
        return positive(torch.from_numpy(larger[:height, :width]), *self.original_size)

    def covered(self, side: int) -> tuple[int, int]:
        """Return on how many rows and columns of a grid over the input the image's mask depends.

        Args:
            side: of the grid; the input's is a multiple of it. The logits' is one of its own.
        """
        # The input's last pixel of the image is mixed from the logits at and behind it.
        per_logit = self.side / self.logits_side
        last = (int((length - 0.5) / per_logit - 0.5) + 1 for length in self.input_size)
        rows, columns = (min(one * side // self.logits_side, side - 1) + 1 for one in last)
        return rows, columns


class Squashed(Geometry):
    """The image fills the input, whatever its aspect ratio: Segment Anything 2."""

    @property
    def input_size(self) -> tuple[int, int]:
        return self.side, self.side

    def resized(self, image: NDArray[np.uint8]) -> NDArray[np.float32]:
        """As for `Geometry`, but float32 0..255: the official predictor does not round here."""
        channels = (Image.fromarray(image[..., channel].astype(np.float32)) for channel in range(3))
        size = (self.side, self.side)
        return np.stack(
            [np.array(it.resize(size, Image.Resampling.BILINEAR)) for it in channels], 2
        )

    def full_size(self, logits: torch.Tensor) -> Runs:
        return positive(logits[0, 0].cpu(), *self.original_size)
