"""How well our masks agree with the official predictors', with the same random full-size weights.

The first Segment Anything's SamPredictor is asked beside ours. Meta's packages of Segment Anything
2 and EdgeTAM are part of no environment here; what their SAM2ImagePredictor answered is recorded in
files, by this module and with one of them on PYTHONPATH:

    python -m benchmarks.equality MODEL FILE.npz
"""

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from backends.segment_anything_model.model import Decoded, InteractiveModel
from backends.segment_anything_model.prompts import Box, Click
from benchmarks.official import random_state
from benchmarks.segment_anything import overlap

# Odd, square, very wide, very tall.
SIZES = ((333, 500), (512, 512), (60, 900), (1100, 131))
CONFIGS = {"tiny": "t", "small": "s", "base-plus": "b+", "large": "l"}


@dataclass(frozen=True)
class Prompt:
    """One question: clicks and a box in pixels; `refines` the answer to the question before it."""

    clicks: tuple[Click, ...]
    box: Box | None = None
    refines: bool = False

    @property
    def is_ambiguous(self) -> bool:
        return len(self.clicks) == 1 and self.box is None and not self.refines


@dataclass(frozen=True)
class Answer:
    """A mask, bool (H, W), and the model's own estimate of its IoU."""

    mask: NDArray[np.bool_]
    iou: float


def picture(seed: int, size: tuple[int, int]) -> NDArray[np.uint8]:
    """Return coloured patches under a gradient and noise, uint8 RGB (H, W, 3)."""
    height, width = size
    random = np.random.RandomState(seed)
    patches = random.randint(0, 256, (9, 9, 3))
    rows, columns = np.arange(height) * 9 // height, np.arange(width) * 9 // width
    shade = np.linspace(0.6, 1.0, width)[None, :, None]
    noise = random.randint(-12, 13, (height, width, 3))
    return (patches[rows][:, columns] * shade + noise).clip(0, 255).astype(np.uint8)


def prompts(seed: int, size: tuple[int, int]) -> list[Prompt]:
    """Return ten questions on one image: clicks, boxes, both, and answers refined by clicks."""
    height, width = size
    random = np.random.RandomState(seed)

    def click(positive: bool = True) -> Click:
        x, y = random.uniform(0, 1, 2) * (width - 1, height - 1)
        return Click(float(x), float(y), positive)

    def box() -> Box:
        x0, y0 = random.uniform(0, 0.5, 2) * (width, height)
        x1, y1 = random.uniform(0.55, 1, 2) * (width, height)
        return float(x0), float(y0), float(x1), float(y1)

    one, two = click(), click()
    boxed = box()
    return [
        Prompt((one,)),
        Prompt((one, click(False)), refines=True),
        Prompt((two,)),
        Prompt((two, click(), click(False)), refines=True),
        Prompt((click(), click(), click())),
        Prompt((), box()),
        Prompt((), boxed),
        Prompt((click(),), boxed, refines=True),
        Prompt((click(),), box()),
        Prompt((click(), click(False)), box()),
    ]


def ours(model: InteractiveModel, size: tuple[int, int], seed: int = 0) -> Iterator[Answer]:
    """Yield our answers to the questions on one image."""
    embedding = model.encode(picture(seed, size))
    decoded: Decoded | None = None
    for prompt in prompts(seed, size):
        earlier = decoded.logits if prompt.refines and decoded is not None else None
        decoded = model.decode(embedding, prompt.clicks, prompt.box, earlier)
        yield Answer(model.full_size(embedding, decoded).mask(), decoded.iou)


def officials(predictor: Any, size: tuple[int, int], seed: int = 0) -> Iterator[Answer]:
    """Yield the answers of a SamPredictor or a SAM2ImagePredictor to the same questions."""
    predictor.set_image(picture(seed, size))
    logits = None
    for prompt in prompts(seed, size):
        masks, ious, all_logits = predictor.predict(
            point_coords=np.array([[c.x, c.y] for c in prompt.clicks]) if prompt.clicks else None,
            point_labels=np.array([c.positive for c in prompt.clicks], int)
            if prompt.clicks
            else None,
            box=None if prompt.box is None else np.array(prompt.box),
            mask_input=logits if prompt.refines else None,
            multimask_output=prompt.is_ambiguous,
        )
        best = int(np.argmax(ious))
        logits = all_logits[best][None]
        yield Answer(np.asarray(masks[best]) > 0, float(ious[best]))


def agreement(one: Sequence[Answer], other: Sequence[Answer]) -> list[float]:
    """Return the IoU of each pair of masks."""
    return [overlap(a.mask, b.mask) for a, b in zip(one, other, strict=True)]


def recorded(path: Path) -> list[tuple[tuple[int, int], list[Answer]]]:
    """Return the sizes and answers of a recording."""
    with np.load(path) as file:
        return [
            (
                size,
                [
                    Answer(np.unpackbits(bits)[: size[0] * size[1]].reshape(size) > 0, float(iou))
                    for bits, iou in zip(file[f"masks{n}"], file[f"ious{n}"], strict=True)
                ],
            )
            for n, size in enumerate(SIZES)
        ]


def record(model: str, path: Path) -> None:
    """Write what Meta's SAM2ImagePredictor answers to a file."""
    from sam2.build_sam import build_sam2  # type: ignore[import-not-found]
    from sam2.sam2_image_predictor import SAM2ImagePredictor  # type: ignore[import-not-found]

    size = CONFIGS.get(model.partition("-")[2])
    config = f"configs/sam2.1/sam2.1_hiera_{size}.yaml" if size else "edgetam.yaml"
    network = build_sam2(config, device="cpu")
    network.load_state_dict(random_state(model))
    predictor = SAM2ImagePredictor(network)
    arrays: dict[str, NDArray[Any]] = {}
    for number, shape in enumerate(SIZES):
        answers = list(officials(predictor, shape))
        arrays[f"masks{number}"] = np.array([np.packbits(a.mask) for a in answers])
        arrays[f"ious{number}"] = np.array([a.iou for a in answers])
        print(shape, [f"{a.mask.mean():.2f}" for a in answers])
    np.savez_compressed(path, allow_pickle=False, **arrays)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m benchmarks.equality")
    parser.add_argument("model")
    parser.add_argument("file", type=Path)
    given = parser.parse_args()
    torch.manual_seed(0)
    record(given.model, given.file)
