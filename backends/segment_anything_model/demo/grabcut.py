"""Sharpen a net's mask with GrabCut, keeping every click.

GrabCut (Rother, Kolmogorov, Blake: "GrabCut - Interactive Foreground Extraction using Iterated
Graph Cuts", 2004) learns the colours inside and outside a rough mask and cuts between them. It is
classical and knows nothing of garments; it puts a small net's rough outline on the picture's edges.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

# GrabCut's time grows with the pixels it sees; larger crops are shrunk to this many.
MOST_PIXELS = 30_000
ROUNDS = 2
# Shares of the object's size (square root of its area, in pixels of the crop).
MARGIN = 0.22  # seen around the object, to learn its surroundings' colours
REACH = 0.12  # how far outside the net's mask the object may lie when there is no box
CORE = 0.10  # deeper inside the net's mask than this is taken as sure
CLICK = 0.03  # radius about a click that is sure
# A mask that fills less than this of the box it was asked for is no answer: the box counts alone.
LEAST_FILLED = 0.08
ALIKE = 14  # grey levels, per channel, within which neighbours of a click look alike
MOST_TAKEN = 0.5  # of the mask, that one negative click may take away by its colour
AROUND = 0.25  # seen around a click outside the mask, as a share of the picture's longer side
# A result that shares less than this with the net's mask is another object: the net's is kept.
LEAST_OVERLAP = 0.35
SPECK = 0.01  # smaller parts, as a share of the mask, are dropped


def refine(
    image: NDArray[np.uint8],
    mask: NDArray[np.bool_],
    box: tuple[float, float, float, float] | None = None,
    points: Sequence[tuple[float, float]] = (),
    labels: Sequence[int] = (),
) -> NDArray[np.bool_]:
    """The mask, moved to the edges of the picture.

    Args:
        image: uint8 (H, W, 3), RGB.
        mask: bool (H, W), the net's.
        box: x0, y0, x1, y1 in pixels; the object lies inside, give or take a shaky hand.
        points: clicks, (x, y) in pixels.
        labels: one per click: 1 on the object, 0 beside it.

    Returns:
        bool (H, W). Pixels under positive clicks are set, those under negative ones are not. With
        nothing to start from (an empty mask, no box, no positive click) an empty mask.

    Raises:
        ValueError: shapes, or numbers of points and labels, do not match.

    Safe to call from many threads, and equal input gives equal output: OpenCV's random state, from
    which GrabCut's colour clusters start, belongs to the thread and is set here.
    """
    if image.shape != (*mask.shape, 3) or image.dtype != np.uint8:
        raise ValueError(f"image {image.shape} {image.dtype} does not fit mask {mask.shape}")
    if len(points) != len(labels):
        raise ValueError(f"{len(points)} points, but {len(labels)} labels")
    clicks = [(x, y, bool(label)) for (x, y), label in zip(points, labels, strict=True)]
    if box is not None:
        mask = mask & _box_mask(mask.shape, box, 0.02 * _box_area(box) ** 0.5)
        if mask.sum() < LEAST_FILLED * _box_area(box):
            mask = np.zeros_like(mask)
    frame = _bounds(mask, box, clicks)
    if frame is None:
        return np.zeros_like(mask)
    x0, y0, x1, y1 = _window(frame, mask.shape)
    scale = min(1.0, (MOST_PIXELS / ((x1 - x0) * (y1 - y0))) ** 0.5)
    size = (max(1, round((x1 - x0) * scale)), max(1, round((y1 - y0) * scale)))
    picture = _shrink(image[y0:y1, x0:x1], size)
    cropped = np.ascontiguousarray(mask[y0:y1, x0:x1]).view(np.uint8)
    rough = cv2.resize(cropped, size, interpolation=cv2.INTER_NEAREST) > 0
    moved = [((x - x0) * scale, (y - y0) * scale, positive) for x, y, positive in clicks]
    inner = None
    if box is not None:
        inner = tuple((v - o) * scale for v, o in zip(box, (x0, y0, x0, y0), strict=True))
    cut = _cut(picture, rough, inner, moved)
    share = cut.astype(np.uint8) * np.uint8(255)
    fine = cv2.resize(share, (x1 - x0, y1 - y0), interpolation=cv2.INTER_LINEAR)
    result = np.zeros_like(mask)
    np.greater(fine, 127, out=result[y0:y1, x0:x1])
    return _honour(result, clicks)


def _cut(
    picture: NDArray[np.uint8],
    rough: NDArray[np.bool_],
    box: tuple[float, ...] | None,
    clicks: list[tuple[float, float, bool]],
) -> NDArray[np.bool_]:
    """GrabCut at working size; bool, of the picture's shape."""
    sure = _depth(rough) > max(1.5, CORE * float(rough.sum()) ** 0.5)
    rough = _corrected(picture, rough, clicks)
    area = int(rough.sum()) or _box_area(box) // 2 or rough.size // 16
    unit = area**0.5
    trimap = np.full(rough.shape, cv2.GC_PR_BGD, np.uint8)
    trimap[rough] = cv2.GC_PR_FGD
    trimap[sure & rough & ~_disputed(rough.shape, clicks, unit)] = cv2.GC_FGD
    if box is not None:
        allowed = _box_mask(rough.shape, box, max(1.0, 0.02 * unit))
        if not rough.any():
            trimap[allowed] = cv2.GC_PR_FGD
    else:
        allowed = _depth(~rough) <= max(2.0, REACH * unit)
    trimap[~allowed] = cv2.GC_BGD
    radius = max(1, round(CLICK * unit))
    for x, y, positive in clicks:
        value = cv2.GC_FGD if positive else cv2.GC_BGD
        cv2.circle(trimap, (int(x), int(y)), radius, value, cv2.FILLED)
    object_seen = np.isin(trimap, (cv2.GC_FGD, cv2.GC_PR_FGD))
    if not object_seen.any() or object_seen.all():
        return rough
    cv2.setRNGSeed(1)
    models = np.zeros((1, 65)), np.zeros((1, 65))
    unused = (0, 0, 0, 0)
    cv2.grabCut(picture, trimap, unused, *models, ROUNDS, cv2.GC_INIT_WITH_MASK)
    found = np.isin(trimap, (cv2.GC_FGD, cv2.GC_PR_FGD))
    found = _tidy(found, unit, clicks)
    if rough.any():
        shared = (found & rough).sum() / max(1, (found | rough).sum())
        if shared < LEAST_OVERLAP:
            return rough
    return found


def _disputed(
    shape: tuple[int, ...], clicks: list[tuple[float, float, bool]], unit: float
) -> NDArray[np.bool_]:
    """Pixels near a negative click and nearer to it than to any positive one."""
    negative = _distance(shape, [(x, y) for x, y, positive in clicks if not positive])
    return negative < np.minimum(0.6 * unit, _distance(shape, [c[:2] for c in clicks if c[2]]))


def _corrected(
    picture: NDArray[np.uint8], rough: NDArray[np.bool_], clicks: list[tuple[float, float, bool]]
) -> NDArray[np.bool_]:
    """The net's mask where clicks contradict it: what looks like the pixel under such a click
    joins the mask or leaves it. A part that no positive click holds leaves with a negative one.
    """
    height, width = rough.shape
    inside = [
        (int(x), int(y), positive)
        for x, y, positive in clicks
        if 0 <= x < width and 0 <= y < height
    ]
    wrong = [(x, y, positive) for x, y, positive in inside if rough[y, x] != positive]
    if not wrong:
        return rough
    _, parts = cv2.connectedComponents(rough.astype(np.uint8), connectivity=4)
    wanted = {int(parts[y, x]) for x, y, positive in inside if positive}
    trusted = any(rough[y, x] for x, y, positive in inside if positive)
    smooth = cv2.GaussianBlur(picture, (5, 5), 0)
    result = rough.copy()
    for x, y, positive in wrong:
        if not positive and int(parts[y, x]) not in wanted:
            result &= parts != parts[y, x]
            continue
        seen = np.zeros((height + 2, width + 2), np.uint8)
        how = 4 | cv2.FLOODFILL_MASK_ONLY | cv2.FLOODFILL_FIXED_RANGE | (1 << 8)
        cv2.floodFill(smooth, seen, (x, y), (0, 0, 0), (ALIKE,) * 3, (ALIKE,) * 3, how)
        alike = seen[1:-1, 1:-1] > 0
        # A click on a blurred edge may pick up the other side's colour and run away with it.
        if positive and alike.sum() <= (rough.sum() if trusted else 0.7 * rough.size):
            result |= alike
        elif not positive and (alike & rough).sum() <= MOST_TAKEN * rough.sum():
            result &= ~alike
    return result


def _distance(shape: tuple[int, ...], points: list[tuple[float, float]]) -> NDArray[np.floating]:
    """Distance of each pixel from the nearest of some points; infinite without any."""
    rows, columns = np.ogrid[: shape[0], : shape[1]]
    nearest = np.full(shape, np.inf)
    for x, y in points:
        np.minimum(nearest, np.hypot(columns + 0.5 - x, rows + 0.5 - y), out=nearest)
    return nearest


def _tidy(
    found: NDArray[np.bool_], unit: float, clicks: list[tuple[float, float, bool]]
) -> NDArray[np.bool_]:
    """Without specks and pinholes, with a smooth edge."""
    size = 3 if unit < 60 else 5
    smooth = cv2.medianBlur(found.astype(np.uint8), size).astype(np.uint8, copy=False)
    keep = _without_specks(smooth, [(x, y) for x, y, positive in clicks if positive])
    holes = _without_specks(1 - keep, [(x, y) for x, y, positive in clicks if not positive])
    return holes == 0


def _without_specks(
    mask: NDArray[np.uint8], wanted: list[tuple[float, float]]
) -> NDArray[np.uint8]:
    count, parts, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=4)
    if count <= 2:
        return mask
    least = SPECK * float(mask.sum())
    keep = stats[:, cv2.CC_STAT_AREA] >= least
    keep[0] = False
    height, width = mask.shape
    for x, y in wanted:
        row, column = min(max(int(y), 0), height - 1), min(max(int(x), 0), width - 1)
        keep[int(parts[row, column])] = True
    keep[0] = False
    return keep[np.asarray(parts, np.intp)].astype(np.uint8)


def _honour(mask: NDArray[np.bool_], clicks: list[tuple[float, float, bool]]) -> NDArray[np.bool_]:
    """Set the pixel of every click as the click says; of two on one pixel the later counts."""
    height, width = mask.shape
    for x, y, positive in clicks:
        if 0 <= x < width and 0 <= y < height:
            mask[int(y), int(x)] = positive
    return mask


def _bounds(
    mask: NDArray[np.bool_],
    box: tuple[float, float, float, float] | None,
    clicks: list[tuple[float, float, bool]],
) -> tuple[float, float, float, float] | None:
    """The smallest box around everything that may be the object, or None."""
    boxes = []
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    if len(rows):
        boxes.append((columns[0], rows[0], columns[-1] + 1, rows[-1] + 1))
    if box is not None:
        boxes.append(box)
    known = np.array(boxes, float).reshape(-1, 4)
    slack = MARGIN * (known[:, 2:] - known[:, :2])
    for x, y, positive in clicks:
        if positive:
            above, below = known[:, :2] - slack <= (x, y), (x, y) <= known[:, 2:] + slack
            near = above.all(1) & below.all(1)
            # Nothing else says how large the thing under such a click is.
            reach = 1 if near.any() or box is not None else AROUND * max(mask.shape)
            boxes.append((x - reach, y - reach, x + reach, y + reach))
    if not boxes:
        return None
    x0, y0, x1, y1 = np.array(boxes, float).T
    return float(x0.min()), float(y0.min()), float(x1.max()), float(y1.max())


def _window(
    frame: tuple[float, float, float, float], shape: tuple[int, ...]
) -> tuple[int, int, int, int]:
    """The frame with a margin, in whole pixels inside the picture."""
    x0, y0, x1, y1 = frame
    margin = 4 + MARGIN * ((x1 - x0) * (y1 - y0)) ** 0.5
    left, top = int(max(0, x0 - margin)), int(max(0, y0 - margin))
    right, bottom = int(min(shape[1], x1 + margin)), int(min(shape[0], y1 + margin))
    return (
        min(left, shape[1] - 1),
        min(top, shape[0] - 1),
        max(right, left + 1),
        max(bottom, top + 1),
    )


def _shrink(image: NDArray[np.uint8], size: tuple[int, int]) -> NDArray[np.uint8]:
    return cv2.resize(image, size, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)


def _depth(mask: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Distance, in pixels, of each set pixel from the nearest one that is not."""
    return cv2.distanceTransform(mask.astype(np.uint8), cv2.DIST_L2, 3).astype(
        np.float32, copy=False
    )


def _box_mask(shape: tuple[int, ...], box: tuple[float, ...], slack: float) -> NDArray[np.bool_]:
    inside = np.zeros(shape, bool)
    x0, y0, x1, y1 = box
    inside[
        max(0, int(y0 - slack)) : max(0, int(np.ceil(y1 + slack))),
        max(0, int(x0 - slack)) : max(0, int(np.ceil(x1 + slack))),
    ] = True
    return inside


def _box_area(box: tuple[float, ...] | None) -> int:
    return 0 if box is None else int(max(0, box[2] - box[0]) * max(0, box[3] - box[1]))
