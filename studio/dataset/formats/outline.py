"""Masks as one closed outline each, exact where it is filled with the pixels on it.

YOLO's label files have one polygon an object. Its readers (Ultralytics, supervision) fill it with
OpenCV, by the even-odd rule, and paint every pixel that the line itself passes. So the line runs
through the centres of the mask's outermost pixels. A hole is joined to the outline by a line there
and back within the mask, which paints nothing new. A further part is joined in the same way, across
what is not the mask: those pixels are the format's loss.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

Corners = NDArray[np.int64]

FEWEST_CORNERS = 3
# Of each of two parts, so many points are compared to find where they are near.
COMPARED = 400


@dataclass
class _Ring:
    """A closed contour, (N, 2), and what is joined to it: (index here, ring, index there)."""

    points: Corners
    joined: dict[int, list[tuple["_Ring", int]]] = field(default_factory=dict)

    def join(self, index: int, ring: "_Ring", at: int) -> None:
        self.joined.setdefault(index, []).append((ring, at))


def outline(mask: NDArray[np.bool_]) -> Corners:
    """Return the outline of a mask, bool (H, W), that is not empty: (N, 2), x and y of pixels.

    It has three corners at least; `filled` gives the mask back, but for lines between its parts.
    """
    contours, hierarchy = cv2.findContours(
        mask.view(np.uint8), cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE
    )
    rings = [_Ring(contour[:, 0, :].astype(np.int64)) for contour in contours]
    parents = [int(row[3]) for row in hierarchy[0]]
    parts = [ring for ring, parent in zip(rings, parents, strict=True) if parent < 0]
    holes = [ring for ring, parent in zip(rings, parents, strict=True) if parent >= 0]
    _join_holes(mask, parts, holes)
    parts.sort(key=lambda ring: -len(ring.points))
    for number, part in enumerate(parts[1:], start=1):
        _join_part(parts[:number], part)
    return _corners_alone(np.array(list(_walk(parts[0], 0))))


def filled(corners: NDArray[np.integer], height: int, width: int) -> NDArray[np.bool_]:
    """Return what readers of YOLO make of an outline: bool (height, width)."""
    painted = np.zeros((height, width), np.uint8)
    cv2.fillPoly(painted, [corners.astype(np.int32)], 1)
    return painted.astype(np.bool_)


def _join_holes(mask: NDArray[np.bool_], parts: list[_Ring], holes: list[_Ring]) -> None:
    """Join each hole to what is left of it: the mask ends there at a ring that was joined before.

    A pixel of the mask beside one that is not is on a ring: of the part, or of a hole that begins
    further left.
    """
    where: dict[tuple[int, int], tuple[_Ring, int]] = {}

    def note(ring: _Ring) -> None:
        for index, (x, y) in enumerate(ring.points.tolist()):
            where.setdefault((x, y), (ring, index))

    if holes:
        for part in parts:
            note(part)
    for hole in sorted(holes, key=lambda ring: int(ring.points[:, 0].min())):
        at = int(hole.points[:, 0].argmin())
        x, y = hole.points[at].tolist()
        left = np.flatnonzero(~mask[y, :x])
        end = int(left[-1]) + 1 if len(left) else 0
        ring, index = where[end, y]
        ring.join(index, hole, at)
        note(hole)


def _join_part(parts: list[_Ring], part: _Ring) -> None:
    """Join a part to the nearest point of the others, of those that are compared."""
    theirs = part.points[:: max(1, len(part.points) // COMPARED)]
    best = None
    for ring in parts:
        ours = ring.points[:: max(1, len(ring.points) // COMPARED)]
        distances = ((ours[:, None] - theirs[None]) ** 2).sum(axis=2)
        here, there = np.unravel_index(int(distances.argmin()), distances.shape)
        if best is None or distances[here, there] < best[0]:
            step_here = max(1, len(ring.points) // COMPARED)
            step_there = max(1, len(part.points) // COMPARED)
            found = (ring, int(here) * step_here, int(there) * step_there)
            best = (distances[here, there], *found)
    assert best is not None
    best[1].join(best[2], part, best[3])


def _walk(ring: _Ring, start: int) -> Iterator[Corners]:
    """Yield the points of a ring, from one and back to it, and of all that is joined to it."""
    # Not by recursion: a chain of holes may be longer than Python's stack.
    stack = [_steps(ring, start)]
    while stack:
        step = next(stack[-1], None)
        if step is None:
            stack.pop()
        elif isinstance(step, tuple):
            stack.append(_steps(*step))
        else:
            yield step


def _steps(ring: _Ring, start: int) -> Iterator[Corners | tuple[_Ring, int]]:
    count = len(ring.points)
    for offset in range(count + 1):
        index = (start + offset) % count
        yield ring.points[index]
        for joined in ring.joined.get(index, []) if offset < count else ():
            yield joined
            yield ring.points[index]


def _corners_alone(points: Corners) -> Corners:
    """The points where the line turns; one that is left alone comes three times."""
    moved = points[np.any(points != np.roll(points, 1, axis=0), axis=1)]
    if not len(moved):
        return points[:1].repeat(FEWEST_CORNERS, axis=0)
    before, after = moved - np.roll(moved, 1, axis=0), np.roll(moved, -1, axis=0) - moved
    straight = before[:, 0] * after[:, 1] == before[:, 1] * after[:, 0]
    onward = (before * after).sum(axis=1) > 0
    corners = moved[~(straight & onward)]
    lacking = max(0, FEWEST_CORNERS - len(corners))
    return np.concatenate([corners, corners[:1].repeat(lacking, axis=0)])
