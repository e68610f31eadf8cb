"""Train the small SegFormer on drawn scenes.

python -m demo.training.data FOLDER
python -m demo.training.train_segmentation FOLDER backends/segmentation/demo --minutes 50

A quarter of the time at half size, the rest at the scenes' full 384 x 256. The output folder is
what `SegformerForSemanticSegmentation.from_pretrained` reads.
"""

from __future__ import annotations

import datetime
import time
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.nn import functional
from transformers import (
    SegformerConfig,
    SegformerForSemanticSegmentation,
    SegformerImageProcessor,
)

from demo.scenes import CLASSES
from demo.training import data, loop, losses

RATE = 1.6e-3
HALF_SIZE_UNTIL = 0.25
DICE_FROM = 0.1
# Those of ImageNet, of colours between 0 and 1, as SegFormer checkpoints use them.
MEAN, DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
# Small garments count for more than their few pixels.
WEIGHT = {"background": 0.6, "hat": 1.6, "bag": 1.6, "scarf": 1.6, "footwear": 1.6}


def configuration() -> SegformerConfig:
    """1.6 million parameters; logits at stride 4."""
    return SegformerConfig(
        id2label=dict(enumerate(CLASSES)),
        label2id={name: number for number, name in enumerate(CLASSES)},
        hidden_sizes=[32, 64, 96, 160],
        depths=[2, 2, 2, 2],
        num_attention_heads=[1, 2, 3, 5],
        sr_ratios=[8, 4, 2, 1],
        mlp_ratios=[2, 2, 4, 4],
        decoder_hidden_size=96,
        hidden_dropout_prob=0.0,
        classifier_dropout_prob=0.0,
        drop_path_rate=0.0,
    )


def initialise(model: nn.Module) -> None:
    """Xavier for linear layers, fan-in for convolutions.

    The library draws every weight with deviation 0.02, made for fine-tuning a large model: a net
    this narrow then starts with features near zero and hardly leaves the spot.
    """
    for module in model.modules():
        if isinstance(module, nn.Linear):
            nn.init.xavier_uniform_(module.weight)
        elif isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, mode="fan_in", nonlinearity="linear")
        else:
            continue
        if module.bias is not None:
            nn.init.zeros_(module.bias)


def sample(
    rng: np.random.Generator, scenes: data.Scenes, count: int, half_size: bool
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Random scenes uint8 (B, H, W, 3), mirrored or not, and classes at half their size."""
    images, classes = [], []
    for index in rng.integers(len(scenes.images), size=count):
        image, kinds = np.asarray(scenes.images[index]), np.asarray(scenes.classes[index])
        if rng.random() < 0.5:
            image, kinds = image[:, ::-1], kinds[:, ::-1]
        if half_size:
            image = cv2.resize(image, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
            kinds = kinds[1::2, 1::2]
        gain = rng.uniform(0.85, 1.12, 3) * rng.uniform(0.9, 1.08)
        table = np.clip(np.arange(256)[:, None, None] * gain, 0, 255).astype(np.uint8)
        images.append(cv2.LUT(np.ascontiguousarray(image), table))
        classes.append(kinds[1::2, 1::2])
    return np.stack(images), np.stack(classes)


def normalised(images: NDArray[np.uint8]) -> Tensor:
    pixels = torch.from_numpy(images).permute(0, 3, 1, 2).float() / 255
    mean, deviation = (torch.tensor(v).view(1, 3, 1, 1) for v in (MEAN, DEVIATION))
    return ((pixels - mean) / deviation).contiguous(memory_format=torch.channels_last)


def main() -> None:
    options = loop.parser(__doc__ or "", "segmentation.pt").parse_args()
    torch.manual_seed(options.seed)
    torch.set_num_threads(options.threads)
    model = SegformerForSemanticSegmentation(configuration())
    initialise(model)
    model = model.train().to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    budget = loop.Budget(options.minutes)
    run = loop.Run(model, RATE, budget, options.checkpoint)
    rng = np.random.default_rng([options.seed, run.step])
    scenes = data.load(options.scenes)
    weight = torch.tensor([WEIGHT.get(name, 1.0) for name in CLASSES])
    seen: list[tuple[float, float]] = []
    while budget.share < 1 and not options.export:
        share = budget.share
        early = share < HALF_SIZE_UNTIL
        images, classes = sample(rng, scenes, options.batch * (2 if early else 1), early)
        with loop.autocast(options.precision):
            logits = model(normalised(images)).logits
        truth = torch.from_numpy(classes).long()
        logits = functional.interpolate(
            logits.float(), size=truth.shape[1:], mode="bilinear", align_corners=False
        )
        entropy = functional.cross_entropy(logits, truth, weight)
        shape = losses.class_dice(logits, truth)
        run.update(entropy + (0.5 if share > DICE_FROM else 0.0) * shape)
        seen.append((entropy.item(), shape.item()))
        if run.step % 50 == 0:
            told = np.mean(seen, axis=0)
            print(f"{time.strftime('%H:%M:%S')} {share:5.1%} step {run.step} "
                  f"cross-entropy {told[0]:.3f} dice {told[1]:.3f}", flush=True)  # fmt: skip
            seen.clear()
    if not options.export:
        run.save()
    write(run, options.output, options.minutes, options.batch, options.seed)


def write(run: loop.Run, folder: Path, minutes: float, batch: int, seed: int) -> None:
    """config.json, model.safetensors (float16) and preprocessor_config.json."""
    folder.mkdir(parents=True, exist_ok=True)
    config = configuration()
    config.architectures = ["SegformerForSemanticSegmentation"]
    config.save_pretrained(folder)
    height, width = data.SIZE
    processor = SegformerImageProcessor(
        size={"height": height, "width": width},
        image_mean=list(MEAN),
        image_std=list(DEVIATION),
        do_reduce_labels=False,
    )
    processor.save_pretrained(folder)
    metadata = {
        "format": "pt",
        "date": datetime.date.today().isoformat(),
        "command": f"python -m demo.training.train_segmentation SCENES OUTPUT "
        f"--minutes {minutes:g} --batch {batch} --seed {seed}",
        "steps": str(run.step),
    }
    save_file(loop.half(run.average), folder / "model.safetensors", metadata)
    print(f"{folder}: {run.step} steps, {run.budget.seconds / 60:.1f} min")


if __name__ == "__main__":
    main()
