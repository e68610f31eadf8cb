"""What a labeling config says about masks: names of the controls, the image's key, the labels."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

from label_studio_tools.core.label_config import parse_config
from label_studio_tools.core.utils.exceptions import LabelStudioXMLSyntaxErrorSentryIgnored

from backends.serving.errors import BadRequest
from backends.serving.images import ImageError
from backends.serving.payloads import Json

MaskKind = Literal["brush", "bitmask", "polygon"]

# Tag of the labeling config -> how its regions are written; labelled tags are preferred, then this
# order: brush is what the free edition's tools (eraser, magic wand) can edit.
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
    """The control of a labeling config that holds masks, and the image it belongs to.

    Attributes:
        name: the control's name, `from_name` of its regions.
        kind: how its regions are written.
        labels: its labels as the config spells them; empty for a control without labels.
        image_name: name of the Image tag, `to_name` of its regions.
        image_key: the key of task data that holds the image's address.
        aliases: (lower-case name, label) for each of the labels' `predicted_values`.
    """

    name: str
    kind: MaskKind
    labels: tuple[str, ...]
    image_name: str
    image_key: str
    aliases: tuple[tuple[str, str], ...]

    def image_of(self, task: Json) -> str:
        """Return the address of a task's image.

        Raises:
            ImageError: its data has none under this control's key.
        """
        url = task["data"].get(self.image_key)
        if not isinstance(url, str):
            raise ImageError(f"its data has no image address under {self.image_key}")
        return url

    def label_for(self, name: str) -> str | None:
        """Return this control's label for a name from elsewhere, or None when it has none.

        Tried in turn: the label itself, a label that lists the name in `predicted_values`, a label
        equal but for case. An unknown name never becomes a label.
        """
        if name in self.labels:
            return name
        lowered = name.strip().lower()
        for alias, label in self.aliases:
            if alias == lowered:
                return label
        for label in self.labels:
            if label.lower() == lowered:
                return label
        return None


def mask_control(label_config: str | None) -> MaskControl:
    """Return the control that holds masks in a labeling config.

    Raises:
        BadRequest: there is none, it is not XML, or has no control for masks of an image.
    """
    if not label_config:
        raise BadRequest("label_config is missing: the regions take their names from it")
    return _read(label_config)


@lru_cache(maxsize=64)
def _read(label_config: str) -> MaskControl:
    try:
        controls: dict[str, dict[str, Any]] = parse_config(label_config)
    except (LabelStudioXMLSyntaxErrorSentryIgnored, KeyError, ValueError) as error:
        raise BadRequest(f"label_config is not a labeling config: {error}") from error
    candidates = [
        (name, control, image)
        for tag in _MASK_TAGS
        for name, control in controls.items()
        if control["type"] == tag and (image := _image_of(control)) is not None
    ]
    if not candidates:
        raise BadRequest(
            "label_config has no control for masks of an image; add one of "
            + ", ".join(_MASK_TAGS)
            + " with toName set to an Image tag"
        )
    name, control, (image_name, image_key) = candidates[0]
    return MaskControl(
        name=name,
        kind=_MASK_TAGS[control["type"]],
        labels=tuple(control["labels"]),
        image_name=image_name,
        image_key=image_key,
        aliases=tuple(
            (value.strip().lower(), label)
            for label, attributes in control["labels_attrs"].items()
            for value in attributes.get("predicted_values", "").split(",")
            if value.strip()
        ),
    )


def _image_of(control: dict[str, Any]) -> tuple[str, str] | None:
    for name, source in zip(control["to_name"], control["inputs"], strict=False):
        if source["type"] == "Image":
            return name, source["value"]
    return None
