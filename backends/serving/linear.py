"""Linear layers by oneDNN, which torch itself uses for half precision only.

For float32 torch calls MKL. Of the shapes that the models here have, on an AMD EPYC of 2023 oneDNN
makes a product in 0.65 to 0.9 of the time, with 208 to 225 of the 225 GFLOP/s that two cores have
there. torch has it as a step for compiled models (`mkldnn_linear_pointwise` in ATen's
native/mkldnn/Linear.cpp); the answer is the same but for rounding.
"""

import platform
from typing import Any, TypeVar

import torch
from torch import Tensor, nn
from torch.nn import functional

Module = TypeVar("Module", bound=nn.Module)

# The first use of a shape costs a millisecond, any use some microseconds: less is not worth it.
ROWS = 32


def _step() -> Any:
    """Return torch's step, or None where it is not there, or was not measured."""
    # On ARM torch has other libraries for its products.
    if platform.machine().lower() in {"x86_64", "amd64"} and torch.backends.mkldnn.is_available():
        return getattr(torch.ops.mkldnn, "_linear_pointwise", None)
    return None


_ONEDNN = _step()


def is_quick(x: Tensor) -> bool:
    """Whether `linear` goes another way than torch's for such numbers, here and now."""
    return (
        _ONEDNN is not None
        and x.dtype is torch.float32
        and x.device.type == "cpu"
        and not torch.is_grad_enabled()
        and not torch.is_autocast_enabled("cpu")
    )


def linear(x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """As `torch.nn.functional.linear`: x (..., C) times weight (D, C) plus bias (D), (..., D)."""
    # A weight that lies in memory in another way takes oneDNN's slowest path, hundreds of times as
    # long (`ref` in its verbose output): 96 of 768 columns of 18 rows took 23 ms instead of 0.05.
    whole = weight.is_contiguous() or weight.T.is_contiguous()
    if is_quick(x) and whole and x.numel() >= ROWS * x.shape[-1]:
        return _ONEDNN(x, weight, bias, "none", [], "")
    return functional.linear(x, weight, bias)


class Linear(nn.Linear):
    """A layer of torch's, with its own parameters under the same names."""

    def __init__(self, official: nn.Linear) -> None:
        nn.Module.__init__(self)
        self.in_features, self.out_features = official.in_features, official.out_features
        self.weight, self.bias = official.weight, official.bias

    def forward(self, input: Tensor) -> Tensor:
        return linear(input, self.weight, self.bias)


class Packed(Linear):
    """A layer for few rows, a handful of tokens, and a large weight, which it has twice.

    oneDNN puts a weight in another order for each product, which for few rows is most of the work:
    7 rows of 256 through 2048 and back take 0.3 ms instead of 0.5, and 0.7 with MKL.
    """

    def __init__(self, official: nn.Linear) -> None:
        super().__init__(official)
        self._packed = None
        if is_quick(self.weight.detach()):
            self._packed = torch.ops.mkldnn._reorder_linear_weight(self.weight.detach(), 8)

    def forward(self, input: Tensor) -> Tensor:
        if self._packed is None or not is_quick(input):
            return super().forward(input)
        return _ONEDNN(input, self._packed, self.bias, "none", [], "")


def with_quick_layers(module: Module) -> Module:
    """Change the linear layers of a module to those here, and return it."""
    for parent in list(module.modules()):
        for name, child in list(parent.named_children()):
            if type(child) is nn.Linear:
                setattr(parent, name, Linear(child))
    return module
