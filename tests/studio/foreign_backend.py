"""A backend as other people write them; served by backends.serving in the ml environment."""

from typing import Any

import numpy as np
from label_studio_ml.model import LabelStudioMLBase  # pyright: ignore[reportMissingImports]
from label_studio_sdk.converter.brush import mask2rle

from backends.serving.errors import ModelUnavailable

SIDE = 16
MASK = np.zeros((SIDE, SIDE), np.uint8)
MASK[4:12, 4:12] = 255
RLE = mask2rle(MASK)


class Foreign(LabelStudioMLBase):
    """Marks every image as a dress; cannot work on one whose name says so."""

    model_version = "foreign-1"

    def predict(self, tasks: list[dict], **kwargs: Any) -> list[dict]:
        if any("unavailable" in task["data"]["source"] for task in tasks):
            raise ModelUnavailable("asked for an image that this model refuses for now")
        return [self._dress() for _ in tasks]

    def _dress(self) -> dict:
        region = {
            "id": "region1",
            "from_name": "tag",
            "to_name": "image",
            "type": "brushlabels",
            "original_width": SIDE,
            "original_height": SIDE,
            "image_rotation": 0,
            "value": {"format": "rle", "rle": RLE, "brushlabels": ["dress"]},
        }
        return {"result": [region], "score": 0.75, "model_version": self.model_version}
