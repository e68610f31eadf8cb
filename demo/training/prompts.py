"""Prompts as a labeler would give them, made from true masks.

A mask lies on the decoder's grid of stride 2; coordinates are pixels of the model's 256 x 256
input, x first.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from demo.scenes import CLASSES
from demo.training.data import Scenes

INPUT_SIDE = 256
GRID_STEP = 3  # a drawn scene's 384 rows on the 128 of the decoder
SMALLEST = 12  # grid cells an instance must show to be asked for
FOOTWEAR = CLASSES.index("footwear")


@dataclass(frozen=True)
class Batch:
    """images: uint8 (B, 256, 256, 3), padded with zeros and flagged by `inside`; classes: uint8
    (B, 128, 128); targets: bool (B, K, 128, 128)."""

    images: NDArray[np.uint8]
    inside: NDArray[np.bool_]
    classes: NDArray[np.uint8]
    contours: NDArray[np.bool_]
    targets: NDArray[np.bool_]


def sample(rng: np.random.Generator, scenes: Scenes, count: int, prompts: int) -> Batch:
    """`count` random scenes, mirrored or not, with `prompts` garments of each."""
    images = np.zeros((count, INPUT_SIDE, INPUT_SIDE, 3), np.uint8)
    inside = np.zeros((count, INPUT_SIDE, INPUT_SIDE), bool)
    grid = INPUT_SIDE // 2
    classes = np.zeros((count, grid, grid), np.uint8)
    contours = np.zeros((count, grid, grid), bool)
    targets = np.zeros((count, prompts, grid, grid), bool)
    for i, index in enumerate(rng.integers(len(scenes.images), size=count)):
        image, kinds = np.asarray(scenes.images[index]), scenes.classes[index]
        instances = np.asarray(scenes.instances[index])
        if rng.random() < 0.5:
            image, kinds, instances = image[:, ::-1], kinds[:, ::-1], instances[:, ::-1]
        width = round(image.shape[1] * INPUT_SIDE / image.shape[0])
        small = cv2.resize(image, (width, INPUT_SIDE), interpolation=cv2.INTER_AREA)
        images[i, :, :width] = cv2.LUT(small, _gain(rng))
        inside[i, :, :width] = True
        seen = instances[1::GRID_STEP, 1::GRID_STEP]
        columns = seen.shape[1]
        classes[i, :, :columns] = kinds[1::GRID_STEP, 1::GRID_STEP]
        contours[i, :, :columns] = _contour(seen, classes[i, :, :columns])
        targets[i, :, :, :columns] = _choose(rng, seen, scenes.kinds[index], prompts)
    return Batch(images, inside, classes, contours, targets)


def _gain(rng: np.random.Generator) -> NDArray[np.uint8]:
    """A table (256, 1, 3) that changes brightness and the colour of the light a little."""
    gain = rng.uniform(0.85, 1.12, 3) * rng.uniform(0.9, 1.08)
    return np.clip(np.arange(256)[:, None, None] * gain, 0, 255).astype(np.uint8)


def _choose(
    rng: np.random.Generator, seen: NDArray[np.uint8], kinds: NDArray[np.uint8], prompts: int
) -> NDArray[np.bool_]:
    sizes = np.bincount(seen.ravel(), minlength=len(kinds))
    numbers = [n for n in range(1, len(kinds)) if sizes[n] >= SMALLEST]
    weight = np.array([0.6 if kinds[n] == FOOTWEAR else 1.0 for n in numbers])
    again = len(numbers) < prompts
    chosen = rng.choice(numbers, prompts, replace=again, p=weight / weight.sum())
    return np.stack([seen == number for number in chosen])


def _contour(seen: NDArray[np.uint8], kinds: NDArray[np.uint8]) -> NDArray[np.bool_]:
    both = seen + kinds * np.uint8(16)
    kernel = np.ones((3, 3), np.uint8)
    return cv2.dilate(both, kernel) != cv2.erode(both, kernel)


def box_around(rng: np.random.Generator, mask: NDArray[np.bool_]) -> NDArray[np.float32]:
    """A box (x0, y0, x1, y1) drawn by a hand that is off by a few percent."""
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    edges = np.array([columns[0], rows[0], columns[-1] + 1, rows[-1] + 1], np.float32) * 2
    reach = np.array([edges[2] - edges[0], edges[3] - edges[1]] * 2, np.float32)
    loose = rng.normal(0, 0.025, 4) * reach + rng.normal(0, 0.8, 4)
    return np.clip(edges + loose, 0, INPUT_SIDE).astype(np.float32)


def point_in(
    rng: np.random.Generator, mask: NDArray[np.bool_], central: bool
) -> NDArray[np.float32]:
    """A point of the mask: its innermost one, or any that is not right at the edge."""
    padded = np.pad(mask.astype(np.uint8), 1)
    depth = cv2.distanceTransform(padded, cv2.DIST_L2, 3)[1:-1, 1:-1]
    if central:
        row, column = np.unravel_index(int(depth.argmax()), depth.shape)
    else:
        rows, columns = np.nonzero(depth >= min(1.5, float(depth.max())))
        pick = int(rng.integers(len(rows)))
        row, column = rows[pick], columns[pick]
    return np.array([column * 2 + 1 + rng.uniform(-1, 1), row * 2 + 1 + rng.uniform(-1, 1)],
                    np.float32)  # fmt: skip


def correction(
    rng: np.random.Generator, mask: NDArray[np.bool_], target: NDArray[np.bool_]
) -> tuple[NDArray[np.float32], int]:
    """The next click on a wrong mask and its label: 1 on what is missing, 0 on what is too much.

    It goes to the middle of the deepest error, or, where the mask is right, anywhere inside.
    """
    missing, extra = target & ~mask, mask & ~target
    depths = [
        cv2.distanceTransform(np.pad(error.astype(np.uint8), 1), cv2.DIST_L2, 3)
        for error in (missing, extra)
    ]
    deepest = [float(depth.max()) for depth in depths]
    if max(deepest) < 0.5:
        return point_in(rng, target, central=False), 1
    positive = deepest[0] >= deepest[1]
    return point_in(rng, missing if positive else extra, rng.random() < 0.7), int(positive)
