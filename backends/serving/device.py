"""The device that a model runs on."""

import torch


def chosen(name: str) -> torch.device:
    """Return the device of a setting: "cpu", "cuda", or "auto" for the GPU where there is one."""
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    return torch.device(name)
