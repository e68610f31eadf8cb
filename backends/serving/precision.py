"""In which numbers a network's encoder works: 32 bits, or half of them where that is quicker.

What leaves it is float32 again. Only the large products are concerned (torch's autocast): weights
and everything delicate stay as they are.
"""

import time
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
# One product as encoders have them: all tokens of an image, times a layer's weights.
ROWS, COLUMNS = 4096, 768


def chosen(wanted: Precision | Literal["auto"], device: torch.device) -> Precision:
    """Return the precision of a setting; "auto" times one product in each and takes the quickest.

    Raises:
        SettingsError: fp16 without a GPU: processors lack it, and it would take minutes.
    """
    if wanted == "fp16" and device.type == "cpu":
        raise SettingsError("PRECISION=fp16 wants a GPU; give bf16, fp32 or auto")
    if wanted != "auto":
        return wanted
    halves: tuple[Precision, ...] = ("bf16",) if device.type == "cpu" else ("bf16", "fp16")
    seconds = {half: seconds_of_a_product(half, device) for half in halves}
    best = min(halves, key=lambda half: seconds[half])
    whole = seconds_of_a_product("fp32", device)
    return best if seconds[best] * WORTH_IT <= whole else "fp32"


def working_in(precision: Precision, device: torch.device) -> AbstractContextManager[object]:
    """Return a block in which a network works in a precision."""
    if precision == "fp32":
        return nullcontext()
    return torch.autocast(device.type, _TYPES[precision])


def suffix(precision: Precision) -> str:
    """Return what the name of the weights gets, since the answers are others: "" for fp32."""
    return "" if precision == "fp32" else f"-{precision}"


def seconds_of_a_product(precision: Precision, device: torch.device) -> float:
    """Return how long one product takes: the best of three, after one that warms up."""
    rows = torch.ones(ROWS, COLUMNS, dtype=_TYPES[precision], device=device)
    weights = torch.ones(COLUMNS, COLUMNS, dtype=_TYPES[precision], device=device)
    taken = []
    for _ in range(4):
        started = time.perf_counter()
        # Reading one number waits for a GPU.
        (rows @ weights)[0, 0].item()
        taken.append(time.perf_counter() - started)
    return min(taken[1:])
