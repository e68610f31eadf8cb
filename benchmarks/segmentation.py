"""The small SegFormer on held-out scenes: IoU per class over all their pixels."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import torch
import transformers
from numpy.typing import NDArray
from torch.nn import functional
from transformers import SegformerForSemanticSegmentation, SegformerImageProcessor

from benchmarks.report import Result
from demo.scenes import CLASSES, draw
from demo.training.data import HELD_OUT_SEED

TARGET = 0.80
GARMENTS = tuple(name for name in CLASSES if name not in ("background", "skin"))


def measure_segmentation(folder: Path, scenes: int, size: tuple[int, int]) -> list[Result]:
    """One row per class and their mean over the garments, from one confusion matrix."""
    transformers.utils.logging.disable_progress_bar()
    processor = SegformerImageProcessor.from_pretrained(folder)
    model = SegformerForSemanticSegmentation.from_pretrained(folder, dtype=torch.float32).eval()
    confusion = np.zeros((len(CLASSES), len(CLASSES)), np.int64)
    taken = []
    for seed in range(HELD_OUT_SEED, HELD_OUT_SEED + scenes):
        scene = draw(seed, size)
        start = time.perf_counter()
        with torch.inference_mode():
            pixels = processor(images=scene.image, return_tensors="pt")["pixel_values"]
            logits = model(pixel_values=pixels).logits
            full = functional.interpolate(logits, size=size, mode="bilinear", align_corners=False)
            predicted = full.argmax(1)[0].numpy()
        taken.append(1000 * (time.perf_counter() - start))
        confusion += _count(scene.classes, predicted)
    both = confusion.diagonal()
    iou = both / np.maximum(1, confusion.sum(0) + confusion.sum(1) - both)
    speed = float(np.median(taken))
    by_class = {name: float(iou[i]) for i, name in enumerate(CLASSES)}
    rows = [_row(name, [by_class[name]], scenes) for name in CLASSES]
    garments = [by_class[name] for name in GARMENTS]
    return [_row("garment mean", garments, scenes, speed, TARGET), *rows]


def _count(truth: NDArray[np.uint8], predicted: NDArray[np.int64]) -> NDArray[np.int64]:
    pair = truth.astype(np.int64).ravel() * len(CLASSES) + predicted.ravel()
    counts = np.bincount(pair, minlength=len(CLASSES) ** 2)
    return counts.reshape(len(CLASSES), len(CLASSES))


def _row(
    name: str,
    iou: list[float],
    scenes: int,
    milliseconds: float | None = None,
    target: float | None = None,
) -> Result:
    return Result(
        f"segmentation: {name}", "net alone", scenes, float(np.mean(iou)), float(np.median(iou)),
        float(np.mean(np.array(iou) > 0.85)), milliseconds, target,
    )  # fmt: skip
