"""Segment Anything on held-out scenes: the net alone, refined, and what needs no net."""

from __future__ import annotations

import time
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from segment_anything import SamPredictor

from backends.segment_anything_model.demo.grabcut import refine
from backends.segment_anything_model.demo.small_sam import build_small_sam
from benchmarks.report import Result, result
from demo.scenes import draw
from demo.training.data import HELD_OUT_SEED

Mask = NDArray[np.bool_]

TARGETS = {("box", "net + GrabCut"): 0.85, ("centre point", "net + GrabCut"): 0.80}
PER_SCENE = 3
# Garments that show less than this share of the picture are left out (810 of 540,000 pixels).
SMALLEST = 0.0015
MOST_CLICKS = 5


def overlap(one: Mask, other: Mask) -> float:
    """Intersection over union; 1 for two empty masks."""
    union = (one | other).sum()
    return float((one & other).sum() / union) if union else 1.0


@dataclass
class Tally:
    """IoU and milliseconds by task and method."""

    found: dict[tuple[str, str], list[float]] = field(default_factory=lambda: defaultdict(list))
    taken: dict[tuple[str, str], list[float]] = field(default_factory=lambda: defaultdict(list))

    def note(self, task: str, method: str, mask: Mask, truth: Mask, since: float) -> None:
        self.taken[task, method].append(1000 * (time.perf_counter() - since))
        self.found[task, method].append(overlap(mask, truth))

    def results(self) -> list[Result]:
        return [
            result(task, method, self.found[task, method],
                   float(np.median(self.taken[task, method])), TARGETS.get((task, method)))
            for task, method in sorted(self.found, key=lambda key: _rank(key[0]))
        ]  # fmt: skip


def measure_segment_anything(weights: Path, scenes: int, size: tuple[int, int]) -> list[Result]:
    """Rows for box, centre point, random point and two to five clicks, each a correction."""
    predictor, tally = SamPredictor(build_small_sam(weights)), Tally()
    for seed in range(HELD_OUT_SEED, HELD_OUT_SEED + scenes):
        rng = np.random.default_rng(seed)
        scene = draw(seed, size)
        predictor.set_image(scene.image)
        sizes = np.bincount(scene.instances.ravel(), minlength=256)
        least = SMALLEST * size[0] * size[1]
        numbers = [g.number for g in scene.garments if sizes[g.number] > least]
        for number in rng.permutation(numbers)[:PER_SCENE]:
            truth = scene.instances == number
            _boxes(predictor, scene.image, truth, rng, tally)
            _clicks(predictor, scene.image, truth, innermost(truth), "centre", MOST_CLICKS, tally)
            _clicks(predictor, scene.image, truth, anywhere(truth, rng), "random", 1, tally)
    return tally.results()


def _rank(task: str) -> tuple[int, str]:
    first = ("box", "centre point", "random point")
    return (first.index(task) if task in first else len(first)), task


def _boxes(
    predictor: SamPredictor,
    image: NDArray[np.uint8],
    truth: Mask,
    rng: np.random.Generator,
    tally: Tally,
) -> None:
    box = drawn_box(truth, rng)
    start = time.perf_counter()
    net, _ = _predict(predictor, box=box)
    tally.note("box", "net alone", net, truth, start)
    x0, y0, x1, y1 = box.tolist()
    refined = refine(image, net, box=(x0, y0, x1, y1))
    tally.note("box", "net + GrabCut", refined, truth, start)
    start = time.perf_counter()
    tally.note("box", "no net: box filled", _filled(truth.shape, box), truth, start)
    start = time.perf_counter()
    bare = refine(image, np.zeros_like(truth), box=(x0, y0, x1, y1))
    tally.note("box", "no net: GrabCut from box", bare, truth, start)


def _clicks(
    predictor: SamPredictor,
    image: NDArray[np.uint8],
    truth: Mask,
    first: tuple[float, float],
    name: str,
    most: int,
    tally: Tally,
) -> None:
    """A first click, then further ones where the mask that is shown is most wrong."""
    points, labels, logits = [first], [1], None
    for count in range(1, most + 1):
        task = f"{name} point" if count == 1 else f"{count} clicks from {name}"
        start = time.perf_counter()
        net, logits = _predict(predictor, points, labels, earlier=logits)
        tally.note(task, "net alone", net, truth, start)
        shown = refine(image, net, points=points, labels=labels)
        tally.note(task, "net + GrabCut", shown, truth, start)
        point, label = next_click(shown, truth)
        points, labels = [*points, point], [*labels, label]


def _predict(
    predictor: SamPredictor,
    points: list[tuple[float, float]] | None = None,
    labels: list[int] | None = None,
    box: NDArray[np.float64] | None = None,
    earlier: NDArray[np.float32] | None = None,
) -> tuple[Mask, NDArray[np.float32]]:
    """The official predictor's mask and logits; the best of three for a single click."""
    single = points is not None and len(points) == 1 and box is None
    masks, quality, logits = predictor.predict(
        point_coords=None if points is None else np.array(points),
        point_labels=None if labels is None else np.array(labels),
        box=box,
        mask_input=earlier,
        multimask_output=single,
    )
    best = int(np.asarray(quality).argmax())
    return np.asarray(masks[best]), np.asarray(logits[best][None])


def drawn_box(truth: Mask, rng: np.random.Generator) -> NDArray[np.float64]:
    """A box that a hand draws: each side off by 2.5 % (standard deviation)."""
    rows, columns = np.flatnonzero(truth.any(1)), np.flatnonzero(truth.any(0))
    box = np.array([columns[0], rows[0], columns[-1] + 1, rows[-1] + 1], float)
    reach = np.array([box[2] - box[0], box[3] - box[1]] * 2)
    limit = np.array([truth.shape[1], truth.shape[0]] * 2)
    return np.clip(box + rng.normal(0, 0.025, 4) * reach, 0, limit)


def innermost(mask: Mask) -> tuple[float, float]:
    """The point of a mask that is farthest from its edge, (x, y)."""
    depth = cv2.distanceTransform(np.pad(mask.astype(np.uint8), 1), cv2.DIST_L2, 5)[1:-1, 1:-1]
    row, column = np.unravel_index(int(np.argmax(depth)), mask.shape)
    return float(column) + 0.5, float(row) + 0.5


def anywhere(mask: Mask, rng: np.random.Generator) -> tuple[float, float]:
    """A random point of a mask, (x, y)."""
    rows, columns = np.nonzero(mask)
    pick = int(rng.integers(len(rows)))
    return float(columns[pick]) + 0.5, float(rows[pick]) + 0.5


def next_click(mask: Mask, truth: Mask) -> tuple[tuple[float, float], int]:
    """The middle of the deepest error, 1 where the mask lacks something and 0 where it has too
    much."""
    missing, extra = truth & ~mask, mask & ~truth
    depths = [
        float(cv2.distanceTransform(np.pad(e.astype(np.uint8), 1), cv2.DIST_L2, 5).max())
        for e in (missing, extra)
    ]
    if max(depths) == 0:
        return innermost(truth), 1
    return (innermost(missing), 1) if depths[0] >= depths[1] else (innermost(extra), 0)


def _filled(shape: tuple[int, ...], box: NDArray[np.float64]) -> Mask:
    mask = np.zeros(shape, bool)
    x0, y0, x1, y1 = np.rint(box).astype(int)
    mask[y0:y1, x0:x1] = True
    return mask
