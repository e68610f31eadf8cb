"""What a labeling config says about masks: its images, its controls for masks, their labels."""

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal
from xml.etree import ElementTree

from masks.errors import LabelingConfigError, TaskError
from masks.labels import Label, LabelList, read_label_list
from masks.task_data import resolve

MaskKind = Literal["brush", "bitmask", "polygon"]

# Tag of the labeling config -> how its regions are written. In this order, because brush is what
# the free edition's tools (eraser, magic wand) can edit.
_MASK_TAGS: dict[str, MaskKind] = {
    "BrushLabels": "brush",
    "Brush": "brush",
    "BitmaskLabels": "bitmask",
    "Bitmask": "bitmask",
    "PolygonLabels": "polygon",
    "Polygon": "polygon",
}
# What the smart tools of these draw is a prompt.
_PROMPT_TAGS = ("KeyPoint", "Rectangle", "Ellipse", "Polygon", "Brush")


@dataclass(frozen=True)
class ImageTag:
    """An `<Image>` of a labeling config.

    Attributes:
        name: `to_name` of its regions.
        value: where a task's data holds its address, as written: "$image", "$photo.url", ...
        is_list: whether it shows a list of images (`valueList`); its regions have an `item_index`.
    """

    name: str
    value: str
    is_list: bool = False

    def addresses(self, task: Mapping[str, Any]) -> list[str]:
        """Return the addresses of a task's images, in the order of their `item_index`.

        Raises:
            TaskError: the task's data has no address there.
        """
        found = resolve(self.value, task["data"])
        if isinstance(found, list) and not self.is_list:
            found = found[:1]  # The editor shows the first one alone.
        addresses = found if isinstance(found, list) else [found]
        if not addresses or not all(isinstance(one, str) and one for one in addresses):
            raise TaskError(f"its data has no image address under {self.value.removeprefix('$')}")
        return addresses

    def address(self, task: Mapping[str, Any], item_index: int | None) -> str:
        """Return the address of the image that regions with an `item_index` are on.

        Raises:
            TaskError: the task's data has no address there.
        """
        addresses = self.addresses(task)
        index = (item_index or 0) if self.is_list else 0
        if not 0 <= index < len(addresses):
            raise TaskError(f"its list of images has no number {index}; it has {len(addresses)}")
        return addresses[index]


@dataclass(frozen=True)
class MaskControl:
    """A control of a labeling config that holds masks of an image.

    Attributes:
        name: `from_name` of its regions.
        kind: how its regions are written.
        image_name: name of its `<Image>`, `to_name` of its regions.
        lists: the labels that its masks can have. A control with labels (`<BrushLabels>`) has its
            own. A plain one (`<Brush>`) has those of the `<Labels>` of its image, and its masks are
            two results: one of the control, one of the list.
    """

    name: str
    kind: MaskKind
    image_name: str
    lists: tuple[LabelList, ...]

    @property
    def is_labelled(self) -> bool:
        """Whether its masks can have a label at all."""
        return any(found.labels for found in self.lists)

    def label_for(self, name: str) -> tuple[LabelList, Label] | None:
        """Return the label for a name from elsewhere (`LabelList.meant_by`), and its list."""
        for found in self.lists:
            label = found.meant_by(name)
            if label is not None:
                return found, label
        return None


@dataclass(frozen=True)
class SmartControl:
    """A control whose smart tool asks the interactive backend.

    Attributes:
        tag: the tag without "Labels": KeyPoint, Rectangle, ...
        only_prompts: `smartOnly`: what it draws is always a prompt, and never an annotation.
    """

    name: str
    tag: str
    image_name: str
    only_prompts: bool


@dataclass(frozen=True)
class LabelingConfig:
    """A labeling config, as far as masks are concerned.

    Attributes:
        images: by name.
        mask_controls: the preferred one first: one with labels before one without, brush before
            bitmask before polygon. What is for prompts alone (`smartOnly`) holds none.
        lists: the label list of each control that has one, by the control's name.
        smart: the controls that are declared `smart="true"`.
        text: the config itself.
    """

    images: Mapping[str, ImageTag]
    mask_controls: tuple[MaskControl, ...]
    lists: Mapping[str, LabelList]
    smart: tuple[SmartControl, ...]
    text: str

    def controls_of(self, image_name: str) -> tuple[MaskControl, ...]:
        """Return the controls for masks of an image, the preferred one first."""
        return tuple(one for one in self.mask_controls if one.image_name == image_name)

    @property
    def prompts(self) -> frozenset[str]:
        """The controls whose regions are prompts, and never annotations."""
        return frozenset(control.name for control in self.smart if control.only_prompts)

    def images_with_masks(self) -> tuple[tuple[ImageTag, MaskControl], ...]:
        """Return each image that can have masks, with its preferred control."""
        return tuple(
            (image, controls[0])
            for image in self.images.values()
            if (controls := self.controls_of(image.name))
        )

    def of(self, task: Mapping[str, Any]) -> "LabelingConfig":
        """Return the config as a task shows it: each `<Repeater>` as often as its data says."""
        return labeling_config(self.text, task["data"])

    def check_smart_controls(self) -> None:
        """Look whether every smart tool can be answered with a mask.

        Raises:
            LabelingConfigError: one cannot, and why.
        """
        for control in self.smart:
            if control.tag not in _PROMPT_TAGS:
                raise LabelingConfigError(
                    f"{control.name}: a smart {control.tag} gives no mask; "
                    f"make one of {', '.join(_PROMPT_TAGS)} smart"
                )
            if not self.controls_of(control.image_name):
                raise LabelingConfigError(
                    f"the smart tool {control.name} is for the image {control.image_name}, which "
                    "has no control for masks; " + _WHAT_TO_ADD
                )


_WHAT_TO_ADD = (
    f"add one of {', '.join(_MASK_TAGS)} with toName set to an Image tag with a value or valueList"
)


def labeling_config(
    text: str | None, data: Mapping[str, Any] | None = None, need_masks: bool = True
) -> LabelingConfig:
    """Return what a labeling config says about masks.

    Args:
        text: the labeling config.
        data: the data of the task that it is shown with, which says how often a `<Repeater>`
            repeats; without it each does once.
        need_masks: whether a config without a control for masks is refused. Boxes and ellipses
            cover pixels too.

    Raises:
        LabelingConfigError: there is no config, it is not XML, or has no control for masks.
    """
    if not text:
        raise LabelingConfigError("label_config is missing: the regions take their names from it")
    root = _parse(text)
    if root.find(".//Repeater") is None:
        return _read_once(text, need_masks)
    root = copy.deepcopy(root)
    _repeat(root, data)
    return _read(root, text, may_be_empty=data is not None or not need_masks)


@lru_cache(maxsize=64)
def _parse(text: str) -> ElementTree.Element:
    try:
        return ElementTree.fromstring(text)
    except (ElementTree.ParseError, ValueError) as error:
        raise LabelingConfigError(f"label_config is not a labeling config: {error}") from error


def _repeat(parent: ElementTree.Element, data: Mapping[str, Any] | None) -> None:
    """Write every `<Repeater>` out, as the editor does (web/libs/editor/src/core/Tree.tsx)."""
    for position, tag in reversed(list(enumerate(parent))):
        if tag.tag != "Repeater":
            _repeat(tag, data)
            continue
        repeated = None if data is None else resolve(tag.get("on", ""), data)
        count = 1 if data is None else len(repeated) if isinstance(repeated, list) else 0
        flag = tag.get("indexFlag") or "{{idx}}"
        view = ElementTree.Element("View")
        for index in range(count):
            for child in tag:
                copied = copy.deepcopy(child)
                for element in copied.iter():
                    for key, value in element.attrib.items():
                        element.set(key, value.replace(flag, str(index)))
                view.append(copied)
        _repeat(view, data)
        parent[position] = view


@lru_cache(maxsize=64)
def _read_once(text: str, need_masks: bool) -> LabelingConfig:
    return _read(_parse(text), text, may_be_empty=not need_masks)


def _read(root: ElementTree.Element, text: str, may_be_empty: bool = False) -> LabelingConfig:
    images = {image.name: image for tag in root.iter("Image") if (image := _image(tag)) is not None}
    controls = {tag: found for tag in root.iter() if (found := _images_of(tag, images))}
    lists = {
        tag.get("name", ""): read_label_list(tag, found)
        for tag, found in controls.items()
        if tag.tag.endswith("Labels")
    }
    smart = tuple(
        SmartControl(
            tag.get("name", ""),
            tag.tag.removesuffix("Labels"),
            found[0],
            tag.get("smartOnly", tag.get("smartonly")) == "true",
        )
        for tag, found in controls.items()
        if tag.get("smart") == "true"
    )
    for_prompts = {control.name for control in smart if control.only_prompts}
    masks = [
        MaskControl(tag.get("name", ""), _MASK_TAGS[tag.tag], found[0], _lists(tag, found, lists))
        for kind in _MASK_TAGS
        for tag, found in controls.items()
        if tag.tag == kind and tag.get("name") not in for_prompts
    ]
    if not masks and not may_be_empty:
        painting = [tag.get("name", "") for tag in controls if tag.tag in _MASK_TAGS]
        why = f" ({', '.join(painting)}: smartOnly, for prompts alone)" if painting else ""
        raise LabelingConfigError(
            f"label_config has no control for masks of an image{why}; {_WHAT_TO_ADD}"
        )
    preferred = tuple(sorted(masks, key=lambda control: not control.is_labelled))
    return LabelingConfig(images, preferred, lists, smart, text)


def _image(tag: ElementTree.Element) -> ImageTag | None:
    name = tag.get("name")
    # The editor takes the list where both are written (MultiItemObjectBase.js, isMultiItem).
    several = tag.get("valueList") or tag.get("valuelist")
    value = several or tag.get("value")
    return ImageTag(name, value, bool(several)) if name and value else None


def _images_of(tag: ElementTree.Element, images: Mapping[str, ImageTag]) -> tuple[str, ...]:
    """The images that a control is for; none for what is no control."""
    aims = tag.get("toName", "").split(",") if tag.get("name") else []
    return tuple(aim.strip() for aim in aims if aim.strip() in images)


def _lists(
    tag: ElementTree.Element, image_names: tuple[str, ...], lists: Mapping[str, LabelList]
) -> tuple[LabelList, ...]:
    own = lists.get(tag.get("name", ""))
    if own is not None:
        return (own,)
    return tuple(
        found
        for found in lists.values()
        if found.type == "labels" and image_names[0] in found.image_names
    )
