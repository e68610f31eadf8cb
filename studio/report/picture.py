"""An image with what two people marked on it: agreed in green, otherwise in their colours."""

from contextlib import suppress

import cv2
import numpy as np
from numpy.typing import NDArray

from masks.agreement import Mask

LONGEST = 480
# BGR, as OpenCV has it.
BOTH, ONE, OTHER = (80, 170, 60), (50, 50, 220), (220, 110, 40)
OPACITY = 0.55


def overlay(content: bytes | None, both: Mask, one: Mask, other: Mask) -> bytes:
    """Return a PNG, its longer side LONGEST pixels at most.

    Args:
        content: the image's file; on plain grey where there is none that can be decoded.
        both, one, other: bool (H, W), of the image's own size: what both marked with the same
            label, and what only the first or the second did. They may overlap.
    """
    height, width = both.shape
    scale = min(1.0, LONGEST / max(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    drawn = _decoded(content, size)
    for mask, colour in ((both, BOTH), (one, ONE), (other, OTHER)):
        share = cv2.resize(mask.astype(np.float32), size, interpolation=cv2.INTER_AREA)
        alpha = (OPACITY * share)[..., None]
        drawn = drawn * (1 - alpha) + np.array(colour, dtype=np.float32) * alpha
    written, encoded = cv2.imencode(".png", np.round(drawn).astype(np.uint8))
    assert written
    return encoded.tobytes()


def _decoded(content: bytes | None, size: tuple[int, int]) -> NDArray[np.float32]:
    found = None
    if content:
        with suppress(cv2.error):  # Raised for one of more pixels than OpenCV takes.
            found = cv2.imdecode(np.frombuffer(content, dtype=np.uint8), cv2.IMREAD_COLOR)
    if found is None:
        return np.full((size[1], size[0], 3), 200, dtype=np.float32)
    return cv2.resize(found, size, interpolation=cv2.INTER_AREA).astype(np.float32)
