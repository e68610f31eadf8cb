"""Errors of torch, as torch raises them, and what comes of them."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from backends.serving.device import sparing_memory
from backends.serving.errors import Busy, DeviceLost
from backends.serving.faults import explained, is_device_lost, is_out_of_memory

ROOT = Path(__file__).parents[3]


def raised_by(work: Callable[[], None]) -> BaseException:
    with pytest.raises((RuntimeError, MemoryError)) as caught:
        work()
    return caught.value


def too_much_for_torch() -> None:
    torch.empty(2**60, dtype=torch.uint8)


def too_much_for_numpy() -> None:
    np.empty(2**60, np.uint8)


@pytest.mark.parametrize(
    "error",
    [
        raised_by(too_much_for_torch),
        raised_by(too_much_for_numpy),
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 5.96 GiB."),
        torch.AcceleratorError("CUDA error: out of memory\nCUDA kernel errors might be"),
        RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_a_lack_of_memory_is_known_and_may_pass(error: BaseException) -> None:
    assert is_out_of_memory(error)
    assert not is_device_lost(error)
    assert isinstance(explained(error), Busy)


@pytest.mark.parametrize(
    "message",
    [
        "CUDA error: device-side assert triggered",
        "CUDA error: an illegal memory access was encountered",
        "CUDA error: unspecified launch failure",
        "CUDA error: uncorrectable ECC error encountered",
        "CUDA error: unknown error",
    ],
)
def test_a_device_that_answers_nothing_more_is_known(message: str) -> None:
    error = torch.AcceleratorError(f"{message}\nCUDA kernel errors might be asynchronously")
    assert is_device_lost(error)
    with pytest.raises(DeviceLost, match=message) as caught:
        explained(error)
    assert "asynchronously" not in str(caught.value)


@pytest.mark.parametrize("error", [RuntimeError("shape '[2]' is invalid"), ValueError("x")])
def test_any_other_error_is_the_models_own(error: Exception) -> None:
    assert explained(error) is None
    assert not is_out_of_memory(error)


def test_memory_that_is_short_is_tried_for_once_more() -> None:
    tries: list[str] = []

    def work() -> str:
        tries.append("whole")
        raise torch.OutOfMemoryError("CUDA out of memory.")

    def halves() -> str:
        tries.append("halves")
        return "done"

    assert sparing_memory(work, halves) == "done"
    assert tries == ["whole", "halves"]
    tries.clear()
    with pytest.raises(torch.OutOfMemoryError):
        sparing_memory(work)
    assert tries == ["whole", "whole"]
    with pytest.raises(ValueError, match="x"):
        sparing_memory(lambda: int("x"))


def test_no_torch_is_imported_to_tell() -> None:
    code = (
        "import sys; from backends.serving.faults import explained; "
        "print(explained(ValueError('x')), 'torch' in sys.modules)"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    told = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    assert told.stdout.strip() == "None False"
