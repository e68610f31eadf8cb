"""Losses that both models use."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional


def dice(logits: Tensor, target: Tensor) -> Tensor:
    """One minus the soft Dice score per mask; both (..., H, W), target 0 or 1."""
    share = torch.sigmoid(logits)
    both = (share * target).sum((-2, -1))
    return 1 - (2 * both + 1) / (share.sum((-2, -1)) + target.sum((-2, -1)) + 1)


def cross_entropy(logits: Tensor, target: Tensor, balanced: float) -> Tensor:
    """Binary cross-entropy per mask, between plain (0) and balanced (1).

    Balanced weighs the object and its surroundings alike: an object covers about a twentieth of a
    scene, and with the plain loss a new net learns to answer with empty masks.
    """
    loss = functional.binary_cross_entropy_with_logits(logits, target, reduction="none")
    size = target.sum((-2, -1), keepdim=True)
    rest = target.shape[-1] * target.shape[-2] - size
    weight = 0.5 * (target / size.clamp(min=1) + (1 - target) / rest.clamp(min=1))
    return balanced * (loss * weight).sum((-2, -1)) + (1 - balanced) * 3 * loss.mean((-2, -1))


def overlap(logits: Tensor, target: Tensor) -> Tensor:
    """Intersection over union of the thresholded masks, (..., H, W) -> (...)."""
    mask = logits > 0
    truth = target > 0.5
    both = (mask & truth).sum((-2, -1)).float()
    return both / (mask | truth).sum((-2, -1)).clamp(min=1)


def class_dice(logits: Tensor, target: Tensor) -> Tensor:
    """Soft Dice over a batch, averaged over the classes that occur; (B, C, H, W), (B, H, W)."""
    share = logits.softmax(1)
    truth = functional.one_hot(target, logits.shape[1]).permute(0, 3, 1, 2).to(share.dtype)
    both, total = (share * truth).sum((0, 2, 3)), (share + truth).sum((0, 2, 3))
    present = truth.sum((0, 2, 3)) > 0
    return (1 - (2 * both + 1) / (total + 1))[present].mean()
