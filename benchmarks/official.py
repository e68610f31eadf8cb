"""Full-size checkpoints in the official formats, with random weights.

Speed, memory and equality with the official predictors depend on the shapes, not on what was
learned; so they can be measured where nothing can be downloaded.
"""

import gzip
import json
import zlib
from pathlib import Path

import numpy as np
import torch

# Names and shapes of every tensor: SAM 2.1's from Meta's package sam2 1.1.0, EdgeTAM's from
# facebookresearch/EdgeTAM at 9cc44bf.
LAYOUTS = Path(__file__).with_name("official_layouts.json.gz")

SAM = ("vit_b", "vit_l", "vit_h")
SAM2 = ("sam2.1-tiny", "sam2.1-small", "sam2.1-base-plus", "sam2.1-large", "edgetam")


def layout(model: str) -> dict[str, tuple[int, ...]]:
    """Return the names and shapes of an official checkpoint's tensors, in its order."""
    if model in SAM:
        from segment_anything import sam_model_registry

        with torch.device("meta"):
            sam = sam_model_registry[model]()
        return {name: tuple(value.shape) for name, value in sam.state_dict().items()}
    listed = json.loads(gzip.decompress(LAYOUTS.read_bytes()))[model]
    return {name: tuple(shape) for name, shape in listed.items()}


def random_state(model: str) -> dict[str, torch.Tensor]:
    """Return random weights, the same on every machine, under whose decoder each prompt counts.

    Freshly initialised networks answer nearly the same everywhere.
    """
    return {name: torch.from_numpy(_weights(name, shape)) for name, shape in layout(model).items()}


def write_checkpoint(model: str, folder: Path) -> Path:
    """Write an official checkpoint with random weights and return its path."""
    state = random_state(model)
    path = folder / f"{model}{'.pth' if model in SAM else '.pt'}"
    torch.save(state if model in SAM else {"model": state}, path)
    return path


def _weights(name: str, shape: tuple[int, ...]) -> np.ndarray:
    if name.endswith("num_batches_tracked"):
        return np.zeros(shape, np.int64)
    # Unlike numpy's Generator this one promises the same numbers in every version.
    normal = np.random.RandomState(zlib.crc32(name.encode())).standard_normal(shape)
    values = np.asarray(normal, np.float32)
    if name.endswith("running_var"):
        return 1 + np.abs(values) / 10
    if len(shape) == 1:
        return values / 20 + np.float32(name.endswith("weight"))
    if "gaussian_matrix" in name:
        return values
    if "embed" in name or "token." in name or "tokens." in name:
        return values / 2
    gain = 2.0 if "mask_decoder" in name else 1.0
    return values * np.float32(gain / np.sqrt(np.prod(shape[1:])))
