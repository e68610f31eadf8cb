"""Masks as Label Studio polygons: one outline per connected part, in percent of the image."""

import cv2
import numpy as np
from numpy.typing import NDArray

# A polygon closer to its outline than this share of the image's longer side cannot be told from it
# on screen, and has 10-50 times fewer corners for the labeler to drag.
TOLERANCE = 0.0015
FEWEST_CORNERS = 3


def outlines(mask: NDArray[np.bool_], tolerance: float = TOLERANCE) -> list[list[list[float]]]:
    """Return the outer outlines of a mask, largest part first, simplified by Douglas-Peucker.

    Args:
        mask: bool (H, W). Holes are lost: a Label Studio polygon has none.
        tolerance: greatest distance from the true outline, as a share of the longer side; a
            pixel at least.

    Returns:
        Per part, corners as [x, y] in percent of width and height (0..100).
    """
    height, width = mask.shape
    contours, _ = cv2.findContours(
        mask.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE
    )
    scale = np.array([100.0 / width, 100.0 / height])
    found: list[tuple[float, list[list[float]]]] = []
    for contour in contours:
        corners = cv2.approxPolyDP(contour, max(1.0, tolerance * max(height, width)), True)[:, 0, :]
        if len(corners) < FEWEST_CORNERS:
            x, y, w, h = cv2.boundingRect(contour)
            corners = np.array([[x, y], [x + w, y], [x + w, y + h], [x, y + h]])
        found.append((cv2.contourArea(contour), np.round(corners * scale, 4).tolist()))
    found.sort(key=lambda part: -part[0])
    return [corners for _, corners in found]
