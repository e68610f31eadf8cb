"""Rows of a benchmark and their table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Result:
    """IoU of one method on one task; `target` is None where none was set."""

    task: str
    method: str
    count: int
    mean: float
    median: float
    share_above: float
    milliseconds: float | None = None
    target: float | None = None

    @property
    def verdict(self) -> str:
        if self.target is None:
            return ""
        return f">= {self.target:.2f} {'met' if self.mean >= self.target else 'NOT met'}"


def result(
    task: str,
    method: str,
    values: Sequence[float],
    milliseconds: float | None = None,
    target: float | None = None,
) -> Result:
    """The row of a list of IoU; share_above counts those over 0.85."""
    iou = np.array(values, float)
    return Result(
        task, method, len(iou), float(iou.mean()), float(np.median(iou)),
        float((iou > 0.85).mean()), milliseconds, target,
    )  # fmt: skip


def table(results: Sequence[Result]) -> str:
    """The rows as aligned text."""
    head = ("task", "method", "n", "mean", "median", "> .85", "ms", "target")
    lines: list[tuple[str, ...]] = [head]
    lines += [
        (
            row.task, row.method, str(row.count), f"{row.mean:.3f}", f"{row.median:.3f}",
            f"{row.share_above:.0%}",
            "" if row.milliseconds is None else f"{row.milliseconds:.0f}", row.verdict,
        )
        for row in results
    ]  # fmt: skip
    widths = [max(len(line[i]) for line in lines) for i in range(len(head))]
    lines.insert(1, tuple("-" * width for width in widths))
    return "\n".join(
        "  ".join(
            cell.ljust(width) if i in (0, 1, 7) else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    )
