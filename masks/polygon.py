"""Masks as Label Studio polygons: one closed outline per connected part, in percent of the image.

Corners lie on the corners of pixels, not on their centres: a square of 10 x 10 pixels is 10 wide.
So whoever fills the polygon by the centres of pixels, as a browser's canvas does, gets the mask
back. A Label Studio polygon is one ring and has no holes; a hole is joined to the outline by a slit
without width, there and back, which leaves it empty when filled by any rule.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

# A polygon closer to its outline than this share of the image's longer side cannot be told from it
# on screen, and has 10-50 times fewer corners for the labeler to drag.
TOLERANCE = 0.0015
# Small parts are simplified less: by this share of the square root of their area.
SMALL_PARTS = 0.05
FEWEST_CORNERS = 3
MOST_CHANGE = 0.05
MOST_NEAR = 500

Corners = NDArray[np.int64]


def outlines(mask: NDArray[np.bool_], tolerance: float = TOLERANCE) -> list[list[list[float]]]:
    """Return the outlines of a mask's connected parts, the largest part first.

    They are simplified by Douglas-Peucker, where that changes the area by a twentieth at most.

    Args:
        mask: bool (H, W).
        tolerance: greatest distance from the true outline, as a share of the longer side; a
            pixel at least, unless it is 0, which changes nothing.

    Returns:
        Per part, corners as [x, y] in percent of width and height (0..100).
    """
    height, width = mask.shape
    pixels = max(1.0, tolerance * max(height, width)) if tolerance else 0.0
    parts = [
        [_simplified(ring, pixels) for ring in [outer, *holes]] for outer, holes in _rings(mask)
    ]
    parts.sort(key=lambda rings: -_area(rings[0]))
    scale = np.array([100.0 / width, 100.0 / height])
    return [np.round(_joined(rings) * scale, 5).tolist() for rings in parts]


def _rings(mask: NDArray[np.bool_]) -> list[tuple[Corners, list[Corners]]]:
    """The outer ring and the rings of the holes of each 8-connected part, on pixel corners."""
    if not mask.any():
        return []
    # Each pixel becomes four. OpenCV's contours run through the centres of those at the edge, and
    # the corner of the pixel that each of them touches is where the edge is.
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    top, left = int(rows[0]), int(columns[0])
    bottom, right = int(rows[-1]) + 1, int(columns[-1]) + 1
    seen = mask[top:bottom, left:right].astype(np.uint8)
    doubled = seen.repeat(2, axis=0).repeat(2, axis=1)
    contours, hierarchy = cv2.findContours(doubled, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE)
    rings = [
        _corners_alone((contour[:, 0, :].astype(np.int64) + 1) // 2 + [left, top])
        for contour in contours
    ]
    parts: dict[int, tuple[Corners, list[Corners]]] = {}
    for index, ring in enumerate(rings):
        if hierarchy[0][index][3] < 0:
            parts[index] = (ring, [])
    for index, ring in enumerate(rings):
        parent = int(hierarchy[0][index][3])
        if parent >= 0:
            parts[parent][1].append(ring)
    return list(parts.values())


def _corners_alone(ring: Corners) -> Corners:
    """The ring without points that equal the one before, or lie on a straight line."""
    ring = ring[np.any(ring != np.roll(ring, 1, axis=0), axis=1)]
    before, after = ring - np.roll(ring, 1, axis=0), np.roll(ring, -1, axis=0) - ring
    turns = before[:, 0] * after[:, 1] != before[:, 1] * after[:, 0]
    goes_back = (before * after).sum(axis=1) < 0
    return ring[turns | goes_back]


def _simplified(ring: Corners, pixels: float) -> Corners:
    pixels = min(pixels, SMALL_PARTS * _area(ring) ** 0.5)
    if not pixels:
        return ring
    fewer = cv2.approxPolyDP(ring.astype(np.int32)[:, None], pixels, True)[:, 0, :].astype(np.int64)
    if len(fewer) < FEWEST_CORNERS or abs(_area(fewer) / _area(ring) - 1) > MOST_CHANGE:
        return ring
    return fewer


def _area(ring: Corners) -> float:
    x, y = ring[:, 0], ring[:, 1]
    return abs(float((x * np.roll(y, -1) - y * np.roll(x, -1)).sum())) / 2


def _joined(rings: list[Corners]) -> Corners:
    """The outer ring with each hole's ring spliced in, by a slit to a corner that is near.

    A slit runs along the edges of pixels, so that no rounding puts a pixel's centre into it. What
    it crosses makes no difference to what is filled.
    """
    outer, *holes = rings
    inserted: dict[int, list[Corners]] = {}
    for number, hole in enumerate(holes):
        # Looking for the nearest corner would take minutes for a mask that is all holes.
        near = int(((outer - hole[0]) ** 2).sum(axis=1).argmin()) if number < MOST_NEAR else 0
        elbow = np.array([[hole[0][0], outer[near][1]]])
        detour = [elbow, hole, hole[:1], elbow, outer[near : near + 1]]
        inserted.setdefault(near, []).append(np.concatenate(detour))
    pieces: list[Corners] = []
    for index in range(len(outer)):
        pieces.append(outer[index : index + 1])
        pieces += inserted.get(index, [])
    return np.concatenate(pieces)
