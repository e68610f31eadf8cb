"""Figures of the pre-labels: images a second beside the tutorial's way and the bare model."""

import io
import sys
from pathlib import Path
from typing import Any

import numpy as np
import requests
import torch
import yaml
from PIL import Image
from transformers import (
    SegformerConfig,
    SegformerForSemanticSegmentation,
    SegformerImageProcessor,
)

from backends.segmentation.settings import CLOTHES_LABEL_MAP
from benchmarks.speed import servers
from benchmarks.speed.run import Run
from benchmarks.speed.timing import pairs

SIZE = "12"
BATCH = 4
LABELS = (
    "hat", "other accessories", "upper-clothes", "skirt", "pants", "dress", "bag-belt", "footwear",
    "scarf-gloves",
)  # fmt: skip
CONFIG = (
    '<View><Image name="image" value="$image"/><BrushLabels name="tag" toName="image">'
    + "".join(f'<Label value="{label}"/>' for label in LABELS)
    + "</BrushLabels></View>"
)


def write_segformer(folder: Path) -> Path:
    """Write a SegFormer-B2 with the clothes model's classes and random weights, and return it."""
    torch.manual_seed(0)
    classes = dict(enumerate(yaml.safe_load(CLOTHES_LABEL_MAP.read_text())["labels"]))
    config = SegformerConfig(
        hidden_sizes=[64, 128, 320, 512],
        depths=[3, 4, 6, 3],
        decoder_hidden_size=768,
        id2label=classes,
        label2id={name: number for number, name in classes.items()},
    )
    target = folder / "segformer"
    SegformerForSemanticSegmentation(config).save_pretrained(target)
    SegformerImageProcessor().save_pretrained(target)
    return target


def measure(run: Run) -> None:
    """Measure the group `prelabels`."""
    model = write_segformer(run.folder)
    port = servers.free_port()
    environment = {
        "MODEL_CLASS": "benchmarks.speed.our_segmentation:SegmentationBackend",
        "BENCHMARK_SMOOTH": "1",
        "BENCHMARK_MODEL": str(model),
        "SEGMENTATION_MODEL": str(model),
        "SEGMENTATION_LABEL_MAP": str(CLOTHES_LABEL_MAP),
        "IMAGE_HOSTS": run.pictures.host,
        "HOST": "127.0.0.1",
        "PORT": str(port),
        "HF_HUB_OFFLINE": "1",
        "LOG_LEVEL": "WARNING",
    }
    addresses = [run.pictures.address(SIZE, seed) for seed in range(BATCH)]
    command = [sys.executable, "-m", "backends.serving"]
    with servers.running(command, environment, port, run.folder / "segmentation.log") as ours:

        def batch(number: int) -> None:
            ask(ours.url, addresses)

        if run.want("prelabel_tutorial"):
            app = "benchmarks.speed.tutorial:from_environment()"
            with servers.gunicorn(app, environment, run.folder, 4) as tutorial:
                ratio, theirs, mine = pairs(
                    lambda number: ask(tutorial.url, addresses[:1]),
                    batch,
                    run.samples(3),
                    (tutorial.pid, ours.pid),
                )
            run.note(
                "prelabel_tutorial", ratio * BATCH,
                f"tutorial {theirs.told()} an image, ours {mine.told()} for {BATCH}",
            )  # fmt: skip
        if run.want("prelabel_forward"):
            ratio, mine, bare = pairs(
                batch, bare_model(run, model), run.samples(3), (ours.pid, None)
            )
            run.note(
                "prelabel_forward", ratio,
                f"ours {mine.told()}, JPEG decode and forward {bare.told()}, for {BATCH}",
            )  # fmt: skip


def ask(url: str, addresses: list[str]) -> None:
    """Ask for the pre-labels of pictures in one request; each must get regions."""
    tasks = [{"id": n, "data": {"image": address}} for n, address in enumerate(addresses)]
    body = {"tasks": tasks, "label_config": CONFIG}
    answer = requests.post(f"{url}/predict", json=body, timeout=300)
    answer.raise_for_status()
    results = answer.json()["results"]
    if len(results) != len(tasks) or not all(len(one["result"]) > 2 for one in results):
        raise ValueError(f"{url} has not pre-labeled each picture: {str(results)[:200]}")


def bare_model(run: Run, folder: Path):
    """Return a call that only decodes the pictures and runs the network on them, in one batch."""
    network = SegformerForSemanticSegmentation.from_pretrained(folder).eval()
    device = "cuda" if torch.cuda.is_available() else "cpu"
    network.to(device)  # pyright: ignore[reportArgumentType] (the stub's device)
    processor: Any = SegformerImageProcessor.from_pretrained(folder)
    files = [run.pictures.content(f"/{SIZE}/{seed}.jpg") for seed in range(BATCH)]

    @torch.inference_mode()
    def forward(number: int) -> None:
        pictures = [np.array(Image.open(io.BytesIO(file or b"")).convert("RGB")) for file in files]
        pixels = processor(images=pictures, return_tensors="pt", input_data_format="channels_last")[
            "pixel_values"
        ]
        network(pixel_values=pixels.to(device)).logits.cpu()

    return forward
