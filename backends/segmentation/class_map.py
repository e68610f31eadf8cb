"""A network's logits -> the class of each pixel, without the logits of each pixel.

Bilinear interpolation mixes the logits of the four cells around a pixel with weights that add up
to 1. So a class that is ahead of another one in all four cells is ahead of it at every pixel
between them. Most of an image lies between cells that agree on the winner; only the rest is
interpolated, and there only the classes that can win.
"""

from dataclasses import dataclass

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from backends.serving.upsampling import sources

# What rounding can take from a lead, as a share of the largest logit: interpolation rounds each of
# two values six times by 2**-24 at most.
ROUNDING = 1e-6


@dataclass(frozen=True)
class ClassMap:
    """A segmented image.

    Attributes:
        classes: uint8 (H, W), the most likely class of each pixel.
        certainty: uint8 (H, W), that class's softmax probability, 0..255 for 0..1.
    """

    classes: NDArray[np.uint8]
    certainty: NDArray[np.uint8]


def class_map(logits: torch.Tensor, height: int, width: int) -> ClassMap:
    """Return the class map of an image.

    Args:
        logits: float32 (C, h, w), at most 256 classes.
        height, width: the image's size in pixels.

    Returns:
        The classes equal those of bilinear upsampling (align_corners=False) followed by argmax.
    """
    values = logits.cpu().numpy()
    # Not torch's softmax: many threads do this at once, and each would get helpers of its own, see
    # `backends.serving.computing`.
    most = 1 / np.exp(values - values.max(0)).sum(0)
    certainty = np.rint(most * 255).astype(np.uint8)
    return ClassMap(
        _classes(values, height, width),
        cv2.resize(certainty, (width, height)).astype(np.uint8, copy=False),
    )


def _classes(logits: NDArray[np.float32], height: int, width: int) -> NDArray[np.uint8]:
    top, bottom, row_weights = sources(logits.shape[1], height)
    left, right, column_weights = sources(logits.shape[2], width)
    best = logits.argmax(0).astype(np.uint8)
    classes = best.take(left, 1).take(top, 0)
    slack = np.float32(np.abs(logits).max()) * np.float32(ROUNDING)
    starts = np.flatnonzero(np.diff(top, prepend=-1))
    for first, end in zip(starts, [*starts[1:], height], strict=True):
        cells = logits[:, [top[first], bottom[first]]]
        can_win = _contenders(cells, slack)
        columns = np.flatnonzero((can_win.sum(0) > 1)[left])
        if not len(columns):
            continue
        weight = row_weights[first:end, None]
        wins = np.zeros((end - first, len(columns)), np.uint8)
        most = np.full(wins.shape, -np.inf, np.float32)
        # In the order of the classes: of equals the first wins, as with argmax.
        for number in np.flatnonzero(can_win[:, left[columns]].any(1)):
            upper, lower = cells[number]
            at = np.flatnonzero(can_win[number, left[columns]])
            x = columns[at]
            rows = upper * (1 - weight) + lower * weight
            share = column_weights[x]
            values = rows[:, left[x]] * (1 - share) + rows[:, right[x]] * share
            before = most[:, at]
            ahead = values > before
            most[:, at] = np.where(ahead, values, before)
            wins[:, at] = np.where(ahead, np.uint8(number), wins[:, at])
        classes[first:end, columns] = wins
    return classes


def _contenders(cells: NDArray[np.float32], slack: np.float32) -> NDArray[np.bool_]:
    """Return which classes, bool (C, w), can win between two rows of cells, (C, 2, w).

    Index j stands for the pixels between the columns j and j + 1.
    """
    beside = np.concatenate([cells[:, :, 1:], cells[:, :, -1:]], 2)
    corners = np.concatenate([cells, beside], 1)
    can_win = np.ones((cells.shape[0], cells.shape[2]), np.bool_)
    for best in corners.argmax(0):
        leader = np.take_along_axis(corners, best[None, None], 0)
        can_win &= ~(corners < leader - slack).all(1)
        can_win[best, np.arange(len(best))] = True
    return can_win
