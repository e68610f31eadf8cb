"""The device that a model runs on."""

import gc
from collections.abc import Callable
from typing import TypeVar

import torch

from backends.serving.faults import is_out_of_memory

T = TypeVar("T")


def chosen(name: str) -> torch.device:
    """Return the device of a setting: "cpu", "cuda", or "auto" for the GPU where there is one."""
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    return torch.device(name)


def named(device: torch.device) -> str:
    """Return a device's name for people: "cpu", or "cuda: " and what the driver calls the GPU."""
    if device.type != "cuda":
        return device.type
    return f"cuda: {torch.cuda.get_device_name(device)}"


def sparing_memory(work: Callable[[], T], again: Callable[[], T] | None = None) -> T:
    """Return what `work` does; when memory runs out, give back what is cached and try once more.

    Args:
        again: the second try, if it is another one than `work`.

    Raises:
        Exception: whatever `work` raises, or the second try: a lack of memory, if it lasts.
    """
    try:
        return work()
    except Exception as error:
        if not is_out_of_memory(error):
            raise
    # Outside of the handler: while the error is being handled, its traceback holds the tensors.
    gc.collect()
    if torch.cuda.is_initialized():
        torch.cuda.empty_cache()
    return (again or work)()
