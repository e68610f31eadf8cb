"""The context of an interactive request -> prompts in pixels, one group per label.

Label Studio sends every prompt of the unfinished region again with each click, in the order in
which they were made, coordinates in percent of the image.
"""

import logging
import math
from dataclasses import dataclass, field
from typing import Any

from backends.serving.errors import BadRequest
from backends.serving.payloads import Json

log = logging.getLogger(__name__)

Point = tuple[float, float]
Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class Click:
    """A point prompt: x, y in pixels of the image; positive on the object, negative beside it."""

    x: float
    y: float
    positive: bool = True


@dataclass
class PromptGroup:
    """The prompts that carry one label, in the order in which they were made.

    Attributes:
        label: the label as the prompt's control spells it; None when none was chosen.
        clicks: the point prompts.
        boxes: x0, y0, x1, y1 in pixels, x0 < x1 and y0 < y1.
        masks: brush or bitmask regions that are to be refined.
    """

    label: str | None
    clicks: list[Click] = field(default_factory=list)
    boxes: list[Box] = field(default_factory=list)
    masks: list[Json] = field(default_factory=list)

    @property
    def shows_something(self) -> bool:
        """Whether anything says where the object is; negative clicks alone do not."""
        return bool(self.boxes or self.masks or any(click.positive for click in self.clicks))


def prompt_groups(context: Json, width: int, height: int) -> list[PromptGroup]:
    """Return the prompts of a context, grouped by label in the order of first use.

    Args:
        context: `params.context` of the request.
        width, height: the image's size in pixels.

    Raises:
        BadRequest: a prompt without usable coordinates.
    """
    groups: dict[str | None, PromptGroup] = {}
    for region in context.get("result") or []:
        kind = str(region.get("type", "")).lower().removesuffix("labels")
        if kind not in ("keypoint", "rectangle", "brush", "bitmask"):
            log.info("a region of type %s is not a prompt and is ignored", region.get("type"))
            continue
        label = _label(region)
        group = groups.setdefault(label, PromptGroup(label))
        if kind == "keypoint":
            group.clicks.append(_click(region, width, height))
        elif kind == "rectangle":
            group.boxes.append(_box(region, width, height))
        else:
            group.masks.append(region)
    return list(groups.values())


def _label(region: Json) -> str | None:
    labels = region["value"].get(str(region["type"]).lower()) or region["value"].get("labels")
    if isinstance(labels, list) and labels and isinstance(labels[0], str):
        return labels[0]
    return None


def _click(region: Json, width: int, height: int) -> Click:
    value = region["value"]
    x, y = _number(value, "x"), _number(value, "y")
    # The editor marks negative clicks; a keypoint without the mark is an ordinary, positive one.
    positive = region.get("is_positive", value.get("is_positive", True))
    return Click(
        min(max(x * width / 100, 0.0), width - 1.0),
        min(max(y * height / 100, 0.0), height - 1.0),
        bool(positive),
    )


def _box(region: Json, width: int, height: int) -> Box:
    value = region["value"]
    x, y = _number(value, "x") * width / 100, _number(value, "y") * height / 100
    w, h = _number(value, "width") * width / 100, _number(value, "height") * height / 100
    # The editor turns a rectangle clockwise about its first corner.
    angle = math.radians(_number(value, "rotation") if value.get("rotation") else 0.0)
    cos, sin = math.cos(angle), math.sin(angle)
    corners = [(x + a * cos - b * sin, y + a * sin + b * cos) for a in (0, w) for b in (0, h)]
    xs = [min(max(corner[0], 0.0), float(width)) for corner in corners]
    ys = [min(max(corner[1], 0.0), float(height)) for corner in corners]
    box = (min(xs), min(ys), max(xs), max(ys))
    if box[2] - box[0] < 1 or box[3] - box[1] < 1:
        raise BadRequest("a box of the context is smaller than a pixel of the image")
    return box


def _number(value: dict[str, Any], key: str) -> float:
    number = value.get(key)
    if isinstance(number, bool) or not isinstance(number, int | float) or not math.isfinite(number):
        raise BadRequest(f"a prompt of the context needs a number for {key}, in percent")
    return float(number)
