"""The peer: what the official Segment Anything example of Label Studio does, and nothing more.

    gunicorn --workers 1 --threads 4 'benchmarks.speed.peer:from_environment()'

Written from the behaviour of label_studio_ml/examples/segment_anything_model in
HumanSignal/label-studio-ml-backend (d02cedf): one SamPredictor for all threads that holds one
image, no lock, masks of full size, the SDK's RLE, Flask's JSON. Left out is what would only slow it
down: a model object and a commit to SQLite with each request, a client of Label Studio and a file
on disk for each image, a log of whole bodies.

BENCHMARK_CHECKPOINT is the file of the weights, BENCHMARK_MODEL its type in segment_anything.
"""

import os
import uuid
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import requests
from flask import Flask, Response, jsonify, request
from label_studio_sdk.converter.brush import mask2rle
from segment_anything import SamPredictor

from benchmarks.speed.garment import garment
from benchmarks.speed.official import official_sam


class Peer:
    """A predictor and the address of the one image that it holds."""

    def __init__(self, checkpoint: str, model: str) -> None:
        sam = official_sam(Path(checkpoint), model)
        if os.environ.get("BENCHMARK_SMOOTH"):
            sam.mask_decoder.register_forward_hook(lambda *call: (garment(call[2][0]), call[2][1]))
        self.predictor = SamPredictor(sam)
        self.held: str | None = None
        self.encodes = 0

    def set_image(self, address: str) -> None:
        if self.held == address:
            return
        answer = requests.get(address, timeout=60)
        answer.raise_for_status()
        image = cv2.imdecode(np.frombuffer(answer.content, np.uint8), cv2.IMREAD_COLOR)
        assert image is not None, f"{address} is no image"
        self.predictor.set_image(cv2.cvtColor(image, cv2.COLOR_BGR2RGB))
        self.encodes += 1
        self.held = address

    def predict(self, address: str, context: list[dict[str, Any]]) -> list[dict[str, Any]]:
        width, height = (context[0][f"original_{side}"] for side in ("width", "height"))
        points, signs, box, label = [], [], None, None
        for one in context:
            value = one["value"]
            x, y = value["x"] * width / 100, value["y"] * height / 100
            label = value[one["type"]][0]
            if one["type"] == "keypointlabels":
                signs.append(int(one.get("is_positive", 0)))
                points.append([int(x), int(y)])
            elif one["type"] == "rectanglelabels":
                right, bottom = x + value["width"] * width / 100, y + value["height"] * height / 100
                box = [int(x), int(y), int(right), int(bottom)]
        self.set_image(address)
        masks, scores, _ = self.predictor.predict(
            point_coords=np.array(points, np.float32) if points else None,
            point_labels=np.array(signs, np.float32) if signs else None,
            box=np.array(box, np.float32) if box else None,
            multimask_output=False,
        )
        region = {
            "id": str(uuid.uuid4())[:4],
            "from_name": "tag",
            "to_name": "image",
            "original_width": width,
            "original_height": height,
            "image_rotation": 0,
            "value": {
                "format": "rle",
                "rle": mask2rle(np.asarray(masks[0]).astype(np.uint8) * 255),
                "brushlabels": [label],
            },
            "score": float(scores[0]),
            "type": "brushlabels",
            "readonly": False,
        }
        return [{"result": [region], "model_version": "peer", "score": float(scores[0])}]


def create_app(peer: Peer) -> Flask:
    """Return the routes that Label Studio asks, and the count of encodes."""
    app = Flask("peer")

    @app.get("/")
    @app.get("/health")
    def health() -> Response:
        return jsonify({"status": "UP"})

    @app.post("/setup")
    def setup() -> Response:
        return jsonify({"model_version": "peer"})

    @app.post("/webhook")
    def webhook() -> Response:
        return jsonify({"status": "Unknown event"})

    @app.get("/encodes")
    def encodes() -> Response:
        return jsonify({"encodes": peer.encodes})

    @app.post("/predict")
    def predict() -> Response:
        asked: Any = request.json
        context = (asked.get("params") or {}).get("context") or {}
        if not context.get("result"):
            return jsonify({"results": []})
        address = asked["tasks"][0]["data"]["image"]
        return jsonify({"results": peer.predict(address, context["result"])})

    return app


def from_environment() -> Flask:
    """Return the app with the weights that the environment names."""
    environment = os.environ
    return create_app(Peer(environment["BENCHMARK_CHECKPOINT"], environment["BENCHMARK_MODEL"]))
