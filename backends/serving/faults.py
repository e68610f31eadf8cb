"""What the errors of torch and of the machine mean: memory that is short, a device that is lost.

This module imports no torch itself: the server starts in a moment because it does not either.
"""

import sys

from backends.serving.errors import Busy, DeviceLost, Unanswered

# Of RuntimeErrors without a class of their own: torch's allocator for the CPU (c10/core/impl/
# alloc_cpu.cpp), and libraries that found no memory for their own buffers on the GPU.
_NO_MEMORY = (
    "DefaultCPUAllocator: can't allocate memory",
    "DefaultCPUAllocator: not enough memory",
    "CUDA error: out of memory",
    "CUBLAS_STATUS_ALLOC_FAILED",
    "CUDNN_STATUS_ALLOC_FAILED",
)
# A library's own words for a kernel that did not end well. They need not mean that the device is
# lost; if it is, the next call says so.
_LIBRARY_ERRORS = ("CUBLAS_STATUS_", "CUDNN_STATUS_", "CUSOLVER_STATUS_", "cuFFT error", "NCCL")


def is_out_of_memory(error: BaseException) -> bool:
    """Whether memory ran out, the GPU's or the machine's."""
    if isinstance(error, MemoryError):
        return True
    torch = sys.modules.get("torch")
    if torch is not None and isinstance(error, torch.OutOfMemoryError):
        return True
    return isinstance(error, RuntimeError) and any(words in str(error) for words in _NO_MEMORY)


def is_device_lost(error: BaseException) -> bool:
    """Whether the device answers nothing more to this process.

    CUDA's runtime says of such errors: "This leaves the process in an inconsistent state and any
    further CUDA work will return the same error. To continue using CUDA, the process must be
    terminated and relaunched." Torch raises every error of the runtime but a lack of memory as
    AcceleratorError (c10/cuda/CUDAException.cpp). Most are of that kind, and after the others a new
    process is right as well: our calls are the same each time, so the fault is not in them.
    """
    torch = sys.modules.get("torch")
    if torch is None or is_out_of_memory(error):
        return False
    if isinstance(error, torch.AcceleratorError):
        return True
    if not isinstance(error, RuntimeError) or not torch.cuda.is_initialized():
        return False
    if any(words in str(error) for words in _LIBRARY_ERRORS):
        try:
            torch.cuda.synchronize()
        except RuntimeError:
            return True
    return False


def explained(error: BaseException) -> Unanswered | None:
    """Return what to answer for a fault of memory, None for any other.

    Raises:
        DeviceLost: no task will be answered by this process.
    """
    if is_device_lost(error):
        first = str(error).strip().partition("\n")[0]
        raise DeviceLost(f"the device is lost ({first}); the backend starts anew") from error
    if is_out_of_memory(error):
        return Busy("there is not enough memory for it at this moment")
    return None
