from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from segment_anything.modeling import Sam

from backends.segment_anything_model.demo.small_sam import build_small_sam
from backends.segment_anything_model.sam import SegmentAnything


@pytest.fixture(scope="session")
def sam() -> Sam:
    """The small Sam with random weights: what an answer is matters here, not how good it is."""
    torch.manual_seed(3)
    built = build_small_sam(None).eval()
    # Freshly made decoders answer nearly the same everywhere; make the prompts and the image tell.
    with torch.no_grad():
        for parameter in built.mask_decoder.parameters():
            parameter.mul_(2)
    return built


@pytest.fixture(scope="session")
def model(sam: Sam) -> SegmentAnything:
    return SegmentAnything(sam, "cpu")


@pytest.fixture(scope="session")
def checkpoint(sam: Sam, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Those weights in a file."""
    path = tmp_path_factory.mktemp("sam") / "random.safetensors"
    save_file(sam.state_dict(), path, metadata={"model_type": "small"})
    return path


def photo(seed: int, height: int = 120, width: int = 160) -> np.ndarray:
    """A blotchy picture, uint8 (H, W, 3); each seed another one."""
    rng = np.random.default_rng(seed)
    small = rng.integers(0, 256, (6, 8, 3), dtype=np.uint8)
    rows, columns = np.arange(height) * 6 // height, np.arange(width) * 8 // width
    return np.ascontiguousarray(small[rows][:, columns])
