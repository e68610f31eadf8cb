"""What both training scripts share: a time budget, a moving average of weights, checkpoints."""

from __future__ import annotations

import argparse
import math
import os
import time
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import nn

WARM_UP_STEPS = 100
AVERAGE_DECAY = 0.998
SAVE_SECONDS = 120.0
CLIP = 1.0


@dataclass
class Budget:
    """Training time; the learning rate and the curriculum follow the share that is used up."""

    minutes: float
    spent: float = 0.0

    def __post_init__(self) -> None:
        self._started = time.monotonic()

    @property
    def seconds(self) -> float:
        """Training time so far, including that of earlier runs of the same checkpoint."""
        return self.spent + time.monotonic() - self._started

    @property
    def share(self) -> float:
        return min(1.0, self.seconds / (60 * self.minutes))

    def rate(self, step: int, highest: float) -> float:
        """Linear warm-up, then half a cosine down to nothing."""
        warm = min(1.0, (step + 1) / WARM_UP_STEPS)
        return highest * warm * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * self.share)))


class Run:
    """A model in training: one step at a time, saved regularly, resumed from its checkpoint."""

    def __init__(self, model: nn.Module, rate: float, budget: Budget, checkpoint: Path) -> None:
        self.model, self.highest, self.budget, self.checkpoint = model, rate, budget, checkpoint
        plain = [p for p in model.parameters() if p.ndim > 1]
        others = [p for p in model.parameters() if p.ndim <= 1]
        self.optimizer = torch.optim.AdamW(
            [{"params": plain, "weight_decay": 0.02}, {"params": others, "weight_decay": 0.0}],
            betas=(0.9, 0.98),
        )
        self.step = 0
        self.average = {name: value.clone() for name, value in model.state_dict().items()}
        self._saved = time.monotonic()
        if checkpoint.is_file():
            self._resume()

    def update(self, loss: torch.Tensor) -> None:
        """One optimiser step; saves when it is time to."""
        for group in self.optimizer.param_groups:
            group["lr"] = self.budget.rate(self.step, self.highest)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(self.model.parameters(), CLIP)
        self.optimizer.step()
        self.step += 1
        decay = min(AVERAGE_DECAY, (1 + self.step) / (10 + self.step))
        for name, value in self.model.state_dict().items():
            if value.is_floating_point():
                self.average[name].lerp_(value, 1 - decay)
            else:
                self.average[name].copy_(value)
        if time.monotonic() - self._saved > SAVE_SECONDS:
            self.save()

    def save(self) -> None:
        """Write everything needed to go on; the file is replaced in one move."""
        state = {
            "model": self.model.state_dict(),
            "average": self.average,
            "optimizer": self.optimizer.state_dict(),
            "step": self.step,
            "seconds": self.budget.seconds,
        }
        part = self.checkpoint.with_suffix(".part")
        torch.save(state, part)
        os.replace(part, self.checkpoint)
        self._saved = time.monotonic()

    def _resume(self) -> None:
        state = torch.load(self.checkpoint, weights_only=True)
        self.model.load_state_dict(state["model"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.average, self.step = state["average"], state["step"]
        self.budget.spent = state["seconds"]
        print(f"going on from step {self.step}, {self.budget.seconds / 60:.1f} min", flush=True)


def parser(description: str, checkpoint: str) -> argparse.ArgumentParser:
    """The options both scripts take."""
    options = argparse.ArgumentParser(description=description)
    options.add_argument("scenes", type=Path, help="folder written by demo.training.data")
    options.add_argument("output", type=Path, help="where the finished weights go")
    options.add_argument("--minutes", type=float, default=50.0, help="training time (default 50)")
    options.add_argument(
        "--checkpoint",
        type=Path,
        default=Path(checkpoint),
        help="written every two minutes and resumed from (default %(default)s)",
    )
    options.add_argument("--threads", type=int, default=1)
    options.add_argument("--batch", type=int, default=8)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--precision", choices=("float32", "bfloat16"), default="bfloat16",
                         help="bfloat16 pays only with AVX512_BF16 or AMX (see lscpu)")  # fmt: skip
    options.add_argument("--export", action="store_true",
                         help="write the weights of the checkpoint as it is, and stop")  # fmt: skip
    return options


def autocast(precision: str) -> torch.autocast:
    """Mixed precision on the CPU, or none."""
    return torch.autocast("cpu", torch.bfloat16, enabled=precision == "bfloat16")


def half(state: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Weights as stored in the repository: float16, counters left as they are."""
    return {
        name: (value.half() if value.is_floating_point() else value).contiguous()
        for name, value in state.items()
    }
