"""In which numbers a network's encoder works: 32 bits, or half of them where that is quicker.

What leaves it is float32 again. Only the large products are concerned (torch's autocast): weights
and everything delicate stay as they are.
"""

import time
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Literal

import torch

from backends.serving.errors import SettingsError

Precision = Literal["fp32", "bf16", "fp16"]

_TYPES: dict[Precision, torch.dtype] = {
    "fp32": torch.float32,
    "bf16": torch.bfloat16,
    "fp16": torch.float16,
}
# A processor without instructions for half precision is up to 40 times slower with it, and one that
# is only a little quicker is not worth other masks.
WORTH_IT = 1.5
# Turns that are timed, under a second together on two cores; one that is so many times slower gets
# no further.
TURNS = 12
HOPELESS = 4.0
# One product as encoders have them: all tokens of an image, times a layer's weights.
ROWS, COLUMNS = 4096, 768


def chosen(wanted: Precision | Literal["auto"], device: torch.device) -> Precision:
    """Return the precision of a setting; "auto" times one product in each.

    It takes bf16 where that is much quicker, else fp16 where that is (GPUs before Ampere), else
    fp32. Where both halves are equally quick it so takes the same one after each start, and its
    answers keep their version.

    Raises:
        SettingsError: fp16 without a GPU: processors lack it, and it would take minutes.
    """
    if wanted == "fp16" and device.type == "cpu":
        raise SettingsError("PRECISION=fp16 wants a GPU; give bf16, fp32 or auto")
    if wanted != "auto":
        return wanted
    halves: tuple[Precision, ...] = ("bf16",) if device.type == "cpu" else ("bf16", "fp16")
    seconds = seconds_of_a_product(("fp32", *halves), device)
    for half in halves:
        if seconds[half] * WORTH_IT <= seconds["fp32"]:
            return half
    return "fp32"


def working_in(precision: Precision, device: torch.device) -> AbstractContextManager[object]:
    """Return a block in which a network works in a precision."""
    if precision == "fp32":
        return nullcontext()
    return torch.autocast(device.type, _TYPES[precision])


def suffix(precision: Precision) -> str:
    """Return what the name of the weights gets, since the answers are others: "" for fp32."""
    return "" if precision == "fp32" else f"-{precision}"


def seconds_of_a_product(
    kinds: Sequence[Precision], device: torch.device
) -> dict[Precision, float]:
    """Return how long one product takes in each: the best of some, after one that warms up.

    They take turns. A studio starts all its services at once, and while another one uses the cores
    every product is slow; that must hit all kinds alike.
    """
    best: dict[Precision, float] = {}
    sides: dict[Precision, tuple[torch.Tensor, torch.Tensor]] = {
        kind: (
            torch.ones(ROWS, COLUMNS, dtype=_TYPES[kind], device=device),
            torch.ones(COLUMNS, COLUMNS, dtype=_TYPES[kind], device=device),
        )
        for kind in kinds
    }
    for turn in range(1 + TURNS):
        for kind, (rows, weights) in sides.items():
            if best.get(kind, 0.0) > HOPELESS * min(best.values(), default=0.0):
                continue
            started = time.perf_counter()
            # Reading one number waits for a GPU.
            (rows @ weights)[0, 0].item()
            taken = time.perf_counter() - started
            if turn:
                best[kind] = min(taken, best.get(kind, taken))
    return best
