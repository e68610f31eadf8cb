"""Outlines: closed curves through control points, limbs, mirrored silhouettes.

All coordinates are (x, y) in figure units: the figure is 1 high, x runs right from its middle
line, y runs down from the crown of the head (0) to the sole (1).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Point: TypeAlias = tuple[float, float]
Curve: TypeAlias = NDArray[np.float32]


def curve(points: Sequence[Sequence[float]], rounds: int = 3) -> Curve:
    """A closed curve by corner cutting (Chaikin); a third value of 1 keeps a corner sharp.

    Returns float32 (n, 2). Corner cutting never leaves the hull of the control points, so an
    outline cannot overshoot however odd its points are.
    """
    xy = np.array([point[:2] for point in points], np.float32)
    sharp = tuple(len(point) > 2 and point[2] == 1 for point in points)
    return _corner_cutting(sharp, rounds) @ xy


@lru_cache(maxsize=256)
def _corner_cutting(sharp: tuple[bool, ...], rounds: int) -> NDArray[np.float32]:
    """The matrix (n * 2**rounds, n) that takes control points to the cut outline."""
    weights, corner = np.eye(len(sharp), dtype=np.float32), np.array(sharp)
    for _ in range(rounds):
        before, after = np.roll(weights, 1, axis=0), np.roll(weights, -1, axis=0)
        first = np.where(corner[:, None], weights, 0.75 * weights + 0.25 * before)
        second = np.where(corner[:, None], weights, 0.75 * weights + 0.25 * after)
        weights = np.stack([first, second], axis=1).reshape(-1, len(sharp))
        corner = np.repeat(corner, 2)
    return weights


def mirrored(right: Sequence[Sequence[float]]) -> Curve:
    """A closed curve from its right half, given from the top to the bottom."""
    left = [(-point[0], *point[1:]) for point in reversed(right)]
    return curve([*right, *left])


def flipped(outline: Curve) -> Curve:
    """The outline seen in a mirror."""
    return outline * np.array([-1, 1], np.float32)


def ellipse(centre: Point, radii: Point, degrees: float = 0.0, steps: int = 40) -> Curve:
    """An ellipse turned clockwise by `degrees`."""
    turn = np.linspace(0, 2 * np.pi, steps, endpoint=False)
    x, y = radii[0] * np.cos(turn), radii[1] * np.sin(turn)
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return np.stack([centre[0] + c * x - s * y, centre[1] + s * x + c * y], axis=1).astype(
        np.float32
    )


def limb(joints: Sequence[Point], half_widths: Sequence[float], square_end: bool = True) -> Curve:
    """A tube around a chain of joints: an arm, a leg, a sleeve, a handle."""
    chain = np.array(joints, np.float32)
    along = np.gradient(chain, axis=0)
    along /= np.maximum(np.linalg.norm(along, axis=1, keepdims=True), 1e-6)
    across = np.stack([-along[:, 1], along[:, 0]], axis=1)
    reach = np.array(half_widths, np.float32)[:, None]
    one, other = chain + across * reach, chain - across * reach
    corner = [1.0 if square_end and i == len(chain) - 1 else 0.0 for i in range(len(chain))]
    side = [(x, y, c) for (x, y), c in zip(one.tolist(), corner, strict=True)]
    back = [(x, y, c) for (x, y), c in zip(other.tolist(), corner, strict=True)]
    return curve([*side, *reversed(back)])


def toward(start: Point, end: Point, share: float) -> Point:
    """The point at `share` of the way from `start` to `end`."""
    return (start[0] + (end[0] - start[0]) * share, start[1] + (end[1] - start[1]) * share)
