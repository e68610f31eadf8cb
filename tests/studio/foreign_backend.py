"""A backend as other people write them; served by backends.serving in the ml environment."""

from typing import Any

import numpy as np
from label_studio_ml.model import LabelStudioMLBase  # pyright: ignore[reportMissingImports]
from label_studio_sdk.converter.brush import mask2rle

from backends.serving.errors import Cannot, CannotNow

SIDE = 16
MASK = np.zeros((SIDE, SIDE), np.uint8)
MASK[4:12, 4:12] = 255
RLE = mask2rle(MASK)


class Foreign(LabelStudioMLBase):
    """Marks every image as a dress; cannot work on one whose name says so."""

    model_version = "foreign-1"

    def predict(self, tasks: list[dict], **kwargs: Any) -> list[dict]:
        return [self._dress(task["data"]["source"]) for task in tasks]

    def _dress(self, source: str) -> dict:
        if "unavailable" in source:
            raise CannotNow(f"{source}: its server does not answer", "its server does not answer")
        if "damaged" in source:
            raise Cannot(f"{source}: is damaged, or incomplete", "is damaged, or incomplete")
        if "blank" in source:
            return {"result": [], "score": 0.0}
        common = {
            "id": "region1",
            "to_name": "image",
            "original_width": SIDE,
            "original_height": SIDE,
            "image_rotation": 0,
        }
        value = {"format": "rle", "rle": RLE}
        drawn = {**common, "from_name": "brush", "type": "brush", "value": value}
        named = {**common, "from_name": "garment", "type": "labels"}
        named["value"] = {**value, "labels": ["dress"]}
        return {"result": [drawn, named], "score": 0.75, "model_version": self.model_version}
