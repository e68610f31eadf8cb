"""A backend as other people write them; served by backends.serving in the ml environment."""

from typing import Any

from label_studio_ml.model import LabelStudioMLBase  # pyright: ignore[reportMissingImports]

from backends.serving.errors import ModelUnavailable

# A 2 x 1 mask as brush RLE (label_studio_sdk.converter.brush.mask2rle of [[0, 255]]).
RLE = [0, 0, 0, 8, 57, 27, 252, 96, 17, 255, 128]


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
            "original_width": 2,
            "original_height": 1,
            "image_rotation": 0,
            "value": {"format": "rle", "rle": RLE, "brushlabels": ["dress"]},
        }
        return {"result": [region], "score": 0.75, "model_version": self.model_version}
