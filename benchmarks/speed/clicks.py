"""A click as Label Studio asks a backend for it, over one kept connection."""

from typing import Any

import numpy as np
import orjson
import requests

from benchmarks.speed.pictures import SIZES
from masks.rle import decode_mask

# The official example's labeling config; ours takes its controls from it like any other.
CONFIG = """<View>
  <Image name="image" value="$image" zoom="true"/>
  <BrushLabels name="tag" toName="image">
    <Label value="Banana" background="#FF0000"/>
    <Label value="Orange" background="#0d14d3"/>
  </BrushLabels>
  <KeyPointLabels name="tag2" toName="image" smart="true">
    <Label value="Banana" background="#000000" showInline="true"/>
    <Label value="Orange" background="#000000" showInline="true"/>
  </KeyPointLabels>
  <RectangleLabels name="tag3" toName="image" smart="true">
    <Label value="Banana" background="#000000" showInline="true"/>
    <Label value="Orange" background="#000000" showInline="true"/>
  </RectangleLabels>
</View>"""
# An encode that waits for eight others.
PATIENCE_SECONDS = 600.0


def point(number: int, megapixels: str, positive: bool = True) -> dict[str, Any]:
    """Return the prompt of a click in the middle of the picture, each number in another place."""
    height, width = SIZES[megapixels]
    # The golden ratio's multiples never come back to a place.
    x, y = (30 + 40 * ((0.5 + share * number) % 1) for share in (0.618034, 0.754878))
    return {
        "id": f"click{number}",
        "type": "keypointlabels",
        "from_name": "tag2",
        "to_name": "image",
        "original_width": width,
        "original_height": height,
        "is_positive": positive,
        "value": {"x": x, "y": y, "width": 0.3, "keypointlabels": ["Banana"]},
    }


class Labeler:
    """Who clicks on one picture through a backend."""

    def __init__(self, url: str, address: str, megapixels: str) -> None:
        self.session = requests.Session()
        self._url = url
        self._task = {"id": 1, "data": {"image": address}}
        self._megapixels = megapixels

    def click(self, *numbers: int) -> bytes:
        """Return the answer's body to clicks in places that their numbers choose.

        Raises:
            requests.HTTPError: the backend refused.
        """
        body = {
            "tasks": [self._task],
            "label_config": CONFIG,
            "params": {"context": {"result": [point(n, self._megapixels) for n in numbers]}},
        }
        answer = self.session.post(f"{self._url}/predict", json=body, timeout=PATIENCE_SECONDS)
        answer.raise_for_status()
        return answer.content

    def mask(self, *numbers: int) -> np.ndarray:
        """Return the mask of such an answer, bool (H, W)."""
        return mask_of(self.click(*numbers), self._megapixels)


def mask_of(answer: bytes, megapixels: str) -> np.ndarray:
    """Return the mask of an answer's body, bool (H, W)."""
    (region,) = orjson.loads(answer)["results"][0]["result"]
    return decode_mask(region["value"]["rle"], *SIZES[megapixels])
