"""Figures of masks without a server: their RLE, and how near they are to SamPredictor's."""

import statistics

import cv2
import numpy as np
import torch
from label_studio_sdk.converter.brush import mask2rle
from numpy.typing import NDArray
from segment_anything import SamPredictor

from backends.segment_anything_model.models import load_model
from benchmarks.equality import agreement, officials, ours
from benchmarks.speed.garment import garment
from benchmarks.speed.official import official_sam
from benchmarks.speed.pictures import SIZES
from benchmarks.speed.run import Run
from benchmarks.speed.timing import compared, pairs
from masks.rle import encode_mask

# Height and width of the pictures on which masks are compared, ten questions each.
COMPARED = ((512, 512), (500, 333))


def measure(run: Run) -> None:
    """Measure the group `masks`."""
    # One mask of 1024 pixels takes 0.3 ms. Up to a quarter of that is the wait for code that the
    # SDK's call has pushed out of the cache. A pre-labelled task has several, say eight.
    for name, size, count in (("rle_1024", (1024, 1024), 8), ("rle_12", SIZES["12"], 1)):
        if run.want(name):
            _rle(run, name, garment_mask(*size), count)
    if run.want("iou_mean", "iou_worst"):
        _agreement(run)


def garment_mask(height: int, width: int) -> NDArray[np.bool_]:
    """Return a garment's mask, bool (H, W)."""
    logits = garment(torch.zeros(1, 1, 256, 256))[0, 0, :, :170].numpy()
    return cv2.resize(logits, (width, height)) > 0


def _rle(run: Run, name: str, mask: NDArray[np.bool_], count: int) -> None:
    """Measure a garment's mask, at `count` places of the picture in a row."""
    masks = [np.roll(mask, (7 * number, 11 * number), (0, 1)) for number in range(count)]
    ratio, theirs, mine = pairs(
        lambda number: [mask2rle(mask.astype(np.uint8) * 255) for mask in masks],
        lambda number: [encode_mask(mask) for mask in masks],
        run.samples(15, 3),
    )
    masks_told = f", for {count} masks" if count > 1 else ""
    run.note(name, ratio, f"{compared(theirs, mine)}{masks_told}")


def _agreement(run: Run) -> None:
    weights = run.weights
    model = load_model(weights.checkpoint)
    predictor = SamPredictor(official_sam(weights.checkpoint, weights.model))
    sizes = COMPARED[:1] if run.quick else COMPARED
    found = [
        iou
        for seed, size in enumerate(sizes)
        for iou in agreement(list(ours(model, size, seed)), list(officials(predictor, size, seed)))
    ]
    detail = f"{len(found)} masks, {'random' if weights.smooth else 'given'} weights, as they are"
    run.note("iou_mean", statistics.mean(found), detail)
    run.note("iou_worst", min(found), detail)
