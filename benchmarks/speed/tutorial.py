"""The peer of the pre-labels: what the tutorial's segmentation backend does, and nothing more.

    gunicorn --workers 1 --threads 4 'benchmarks.speed.tutorial:from_environment()'

Written from the behaviour of segmentation/model.py in AlisonYao/label-studio-customized-ml-backend:
the processor and the model are read from their files with each request, all logits are enlarged to
the picture, and each class becomes a region by the converter's RLE. BENCHMARK_MODEL is the folder.
"""

import io
import os
from typing import Any

import numpy as np
import requests
import torch
from flask import Flask, Response, jsonify, request
from label_studio_sdk.converter.brush import mask2rle
from PIL import Image
from transformers import (
    AutoModelForSemanticSegmentation,
    SegformerForSemanticSegmentation,
    SegformerImageProcessor,
)

from benchmarks.speed.outfit import dressed

LABELS = {
    1: "hat", 3: "other accessories", 4: "upper-clothes", 5: "skirt", 6: "pants", 7: "dress",
    8: "bag-belt", 9: "footwear", 16: "bag-belt", 17: "scarf-gloves",
}  # fmt: skip


def regions(folder: str, image: Image.Image) -> list[dict[str, Any]]:
    """Return the regions of one picture."""
    processor = SegformerImageProcessor.from_pretrained(folder)
    model: Any = AutoModelForSemanticSegmentation.from_pretrained(folder)
    logits = model(**processor(images=image, return_tensors="pt")).logits.cpu()
    full = torch.nn.functional.interpolate(
        logits, size=image.size[::-1], mode="bilinear", align_corners=False
    )
    classes = full.argmax(dim=1)[0].numpy()
    classes[classes == 10] = 9
    found = []
    for number in np.unique(classes):
        if number in LABELS:
            mask = (classes == number).astype(np.int64) * 255
            found.append(
                {
                    "id": f"region{number}",
                    "type": "brushlabels",
                    "from_name": "tag",
                    "to_name": "image",
                    "original_width": image.width,
                    "original_height": image.height,
                    "value": {
                        "format": "rle",
                        "rle": mask2rle(mask),
                        "brushlabels": [LABELS[int(number)]],
                    },
                }
            )
    return found


def from_environment() -> Flask:
    """Return the app for the model that the environment names."""
    folder = os.environ["BENCHMARK_MODEL"]
    if os.environ.get("BENCHMARK_SMOOTH"):
        dressed(SegformerForSemanticSegmentation)
    app = Flask("tutorial")

    @app.get("/health")
    def health() -> Response:
        return jsonify({"status": "UP"})

    @app.post("/predict")
    def predict() -> Response:
        asked: Any = request.json
        # The tutorial's answers the first task only, so it is asked for one at a time.
        answer = requests.get(asked["tasks"][0]["data"]["image"], timeout=60)
        image = Image.open(io.BytesIO(answer.content)).convert("RGB")
        return jsonify({"results": [{"result": regions(folder, image)}]})

    return app
