"""What makes a model's raw mask fit for a labeler: no specks, no pinholes, smooth edges."""

import cv2
import numpy as np
from numpy.typing import NDArray


def clean(mask: NDArray[np.bool_], min_area: int, smooth_px: float) -> NDArray[np.bool_]:
    """Return a mask without specks and pinholes below `min_area` pixels and with smoothed edges.

    Args:
        mask: bool (H, W).
        min_area: connected parts and holes smaller than this many pixels go. Larger holes stay:
            they may belong to another garment.
        smooth_px: sigma of the edge smoothing in pixels, 0 for none.
    """
    if not mask.any():
        return mask
    if smooth_px > 0:
        blurred = cv2.GaussianBlur(mask.astype(np.uint8) * 255, (0, 0), smooth_px)
        mask = blurred > 127
    mask = ~without_specks(~mask, min_area)
    return without_specks(mask, min_area)


def without_specks(mask: NDArray[np.bool_], min_area: int) -> NDArray[np.bool_]:
    """Return the mask, bool (H, W), without 8-connected parts smaller than `min_area` pixels."""
    if min_area <= 1:
        return mask
    _, index, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8))
    keep = stats[:, cv2.CC_STAT_AREA] >= min_area
    keep[0] = False
    return mask if keep[1:].all() else keep[np.asarray(index, np.intp)]


def components(mask: NDArray[np.bool_]) -> list[NDArray[np.bool_]]:
    """Return the 8-connected parts of a mask, bool (H, W) each, the largest first."""
    count, index, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8))
    order = sorted(range(1, count), key=lambda i: -stats[i, cv2.CC_STAT_AREA])
    return [index == i for i in order]
