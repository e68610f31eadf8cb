"""What a labeling config says about masks: its controls, their images and their labels."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal
from xml.etree import ElementTree

from masks.errors import LabelingConfigError, TaskError

MaskKind = Literal["brush", "bitmask", "polygon"]

# Tag of the labeling config -> how its regions are written. Tags with labels come first, then this
# order counts: brush is what the free edition's tools (eraser, magic wand) can edit.
_MASK_TAGS: dict[str, MaskKind] = {
    "BrushLabels": "brush",
    "BitmaskLabels": "bitmask",
    "PolygonLabels": "polygon",
    "Brush": "brush",
    "Bitmask": "bitmask",
    "Polygon": "polygon",
}


@dataclass(frozen=True)
class MaskControl:
    """A control of a labeling config that holds masks, and the image it belongs to.

    Attributes:
        name: the control's name, `from_name` of its regions.
        kind: how its regions are written.
        labels: its labels as regions name them; empty for a control without labels.
        image_name: name of the Image tag, `to_name` of its regions.
        image_key: the key of task data that holds the image's address.
        predicted_values: (lower-case name, label) for each of the labels' `predicted_values`.
    """

    name: str
    kind: MaskKind
    labels: tuple[str, ...]
    image_name: str
    image_key: str
    predicted_values: tuple[tuple[str, str], ...]

    def image_of(self, task: dict[str, Any]) -> str:
        """Return the address of a task's image.

        Raises:
            TaskError: the task's data has no text under this control's key.
        """
        url = task["data"].get(self.image_key)
        if not isinstance(url, str):
            raise TaskError(f"its data has no image address under {self.image_key}")
        return url

    def label_for(self, name: str) -> str | None:
        """Return this control's label for a name from elsewhere, or None when it has none.

        Tried in turn: the label itself, a label that lists the name in `predicted_values`, a label
        equal but for case. An unknown name never becomes a label.
        """
        if name in self.labels:
            return name
        lowered = name.strip().lower()
        by_case = ((label.lower(), label) for label in self.labels)
        known = (*self.predicted_values, *by_case)
        return next((label for spelling, label in known if spelling == lowered), None)


def mask_control(label_config: str | None) -> MaskControl:
    """Return the preferred control for masks in a labeling config.

    Raises:
        LabelingConfigError: there is no config, it is not XML, or has no control for masks.
    """
    if not label_config:
        raise LabelingConfigError("label_config is missing: the regions take their names from it")
    return mask_controls(label_config)[0]


@lru_cache(maxsize=64)
def mask_controls(label_config: str) -> tuple[MaskControl, ...]:
    """Return the controls for masks of an image in a labeling config, the preferred one first.

    Raises:
        LabelingConfigError: the text is not XML, or there is no such control.
    """
    try:
        root = ElementTree.fromstring(label_config)
    except (ElementTree.ParseError, ValueError) as error:
        raise LabelingConfigError(f"label_config is not a labeling config: {error}") from error
    images = {
        tag.get("name"): tag.get("value", "").lstrip("$")
        for tag in root.iter("Image")
        if tag.get("name") and tag.get("value")
    }
    found = [
        control
        for kind in _MASK_TAGS
        for tag in root.iter(kind)
        if (control := _read(tag, images)) is not None
    ]
    if not found:
        raise LabelingConfigError(
            "label_config has no control for masks of an image; add one of "
            + ", ".join(_MASK_TAGS)
            + " with toName set to an Image tag"
        )
    return tuple(found)


def _read(tag: ElementTree.Element, images: dict[str | None, str]) -> MaskControl | None:
    name, shown = tag.get("name"), tag.get("toName", "").split(",")
    image_name = next((image for image in shown if image in images), None)
    if not name or image_name is None:
        return None
    labels = dict(_labels(tag))
    return MaskControl(
        name=name,
        kind=_MASK_TAGS[tag.tag],
        labels=tuple(labels),
        image_name=image_name,
        image_key=images[image_name],
        predicted_values=tuple(
            (value.strip().lower(), label)
            for label, predicted in labels.items()
            for value in predicted.split(",")
            if value.strip()
        ),
    )


def _labels(tag: ElementTree.Element) -> Iterator[tuple[str, str]]:
    """Each label as regions name it, by its alias if it has one, with its `predicted_values`."""
    for label in tag.iter("Label"):
        value = label.get("alias") or label.get("value")
        if value:
            yield value, label.get("predicted_values", "")
