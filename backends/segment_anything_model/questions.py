"""The context of an interactive request -> what is asked: which image, which control, which label.

Label Studio's editor sends, with each click, the new region and every other one of its type, label
and image (getConnectedDynamicRegions in web/libs/editor/src/mixins/Regions.js): the clicks of the
unfinished mask, but also what is an annotation already, or was left over when the page was
reloaded. Only the unfinished ones carry `is_positive`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from backends.serving.errors import BadRequest
from backends.serving.payloads import Json
from masks.labeling_config import ImageTag, LabelingConfig, MaskControl
from masks.labels import Label, LabelList
from masks.results import DrawnRegion, drawn_regions

# What can be asked with; the editor draws vectors and magic wands too.
PROMPTS = ("keypoint", "rectangle", "ellipse", "polygon", "brush", "bitmask")


@dataclass(frozen=True)
class Question:
    """Prompts that are answered with one mask.

    Attributes:
        image: where they are.
        item_index: which image of a list; None for an image of its own.
        control: the control that holds the mask.
        label: the mask's label, and the list that has it; None without one.
        prompts: in the order in which they were made.
        more: further labels of the same list, where it takes several.
    """

    image: ImageTag
    item_index: int | None
    control: MaskControl
    label: tuple[LabelList, Label] | None
    prompts: tuple[DrawnRegion, ...]
    more: tuple[Label, ...] = ()


def questions(context: Json, config: LabelingConfig) -> list[Question]:
    """Return what a context asks, in the order of first prompts.

    The image is the prompt's `to_name`. The control is the first of the image's that has the
    prompt's label; the one that drew the prompt comes first where it holds masks itself (a brush
    that is smart, and not `smartOnly`).

    Raises:
        BadRequest: a prompt of a kind that gives no mask, or on an image that can hold none.
    """
    asked: dict[tuple[object, ...], list[DrawnRegion]] = {}
    for prompt in _of_this_mask(drawn_regions(context.get("result") or [])):
        key = (
            *(prompt.to_name, prompt.from_name, prompt.item_index),
            *(prompt.labels, prompt.label_list),
        )
        asked.setdefault(key, []).append(prompt)
    merged: dict[tuple[object, ...], Question] = {}
    for prompts in asked.values():
        question = _question(prompts, config)
        key = (
            *(question.image, question.item_index, question.control),
            *(question.label, question.more),
        )
        known = merged.get(key)
        merged[key] = question if known is None else _together(known, question)
    return list(merged.values())


def _of_this_mask(prompts: Sequence[DrawnRegion]) -> list[DrawnRegion]:
    """Leave out clicks without a mark beside marked ones: those belong to earlier masks."""
    marked = any(prompt.shape == "keypoint" and _is_marked(prompt) for prompt in prompts)
    return [one for one in prompts if not marked or one.shape != "keypoint" or _is_marked(one)]


def _is_marked(prompt: DrawnRegion) -> bool:
    return "is_positive" in prompt.result or "is_positive" in prompt.result["value"]


def _question(prompts: list[DrawnRegion], config: LabelingConfig) -> Question:
    prompt = prompts[0]
    if prompt.shape not in PROMPTS:
        raise BadRequest(
            f"a {prompt.shape} gives no mask; use a point, a box, an ellipse, a polygon or a brush"
        )
    image = _image(prompt, config)
    controls = config.controls_of(image.name)
    if not controls:
        raise BadRequest(f"the image {image.name} has no control for masks in the labeling config")
    names = _label_values(prompt, config)
    candidates = [(one, one.label_for(names[0]) if names else None) for one in controls]
    # A stable sort: the rest keep their order.
    candidates.sort(key=lambda found: found[0].name != prompt.from_name)
    control, label = next((found for found in candidates if found[1]), candidates[0])
    index = (prompt.item_index or 0) if image.is_list else None
    return Question(image, index, control, label, tuple(prompts), _more(label, names[1:]))


def _image(prompt: DrawnRegion, config: LabelingConfig) -> ImageTag:
    """The prompt's image; of a request that names none, that of the control or label it names."""
    named = [prompt.to_name]
    if not prompt.to_name:
        named = [
            one.image_name
            for one in (*config.smart, *config.mask_controls)
            if one.name == prompt.from_name
        ]
        owner = config.lists.get(prompt.label_list or "")
        named += owner.image_names if owner else ()
        named += [image.name for image, _ in config.images_with_masks()]
    image = config.images.get(named[0]) if named else None
    if image is None:
        raise BadRequest(f"the labeling config has no image {prompt.to_name!r}")
    return image


def _label_values(prompt: DrawnRegion, config: LabelingConfig) -> list[str]:
    """The labels as labelers see them: the prompt's control may have other aliases for them than
    the control for masks.
    """
    owner = config.lists.get(prompt.label_list or "")
    labels = [(name, owner.named(name) if owner else None) for name in prompt.labels]
    return [label.value if label else name for name, label in labels]


def _more(label: tuple[LabelList, Label] | None, names: Sequence[str]) -> tuple[Label, ...]:
    """What further labels of a prompt are in the list that has the mask's first one."""
    if label is None or not label[0].takes_several:
        return ()
    found = dict.fromkeys(label[0].meant_by(name) for name in names)
    return tuple(one for one in found if one is not None and one != label[1])


def _together(one: Question, other: Question) -> Question:
    return replace(one, prompts=(*one.prompts, *other.prompts))
