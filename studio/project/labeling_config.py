"""What a labeling config says about a task's data."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from xml.etree import ElementTree

from label_studio_sdk.label_interface.interface import LabelInterface

from masks.errors import LabelingConfigError
from masks.labeling_config import LabelingConfig, labeling_config
from masks.labels import read_label_list
from studio.errors import ProjectFileError

# Label Studio replaces $name in any attribute by the task's data.
VARIABLE = re.compile(r"\$([A-Za-z_]\w*)")


@dataclass(frozen=True)
class TaskKeys:
    """Keys of a task's data.

    Attributes:
        image: the one that holds the image's address.
        headers: the others that the config shows; a task without one of them shows its bare name.
    """

    image: str
    headers: tuple[str, ...]


def read_task_keys(config: str) -> TaskKeys:
    """Return the keys that ``config`` reads.

    Raises:
        ProjectFileError: it is not XML, the SDK refuses it, or it does not show exactly one image.
    """
    try:
        tree = ElementTree.fromstring(config)
        interface = LabelInterface(config)
        interface.validate()
    # The SDK raises its own and several built-in types for a config that it cannot read.
    except Exception as error:  # noqa: BLE001
        raise ProjectFileError(f"the labeling config is not valid: {error}") from None
    images = [item for item in interface.objects if item.tag == "Image"]
    if len(images) != 1 or not VARIABLE.fullmatch(str(images[0].value)):
        raise ProjectFileError(
            'the labeling config must have one <Image> with value="$name"; '
            f"it has {len(images)}: {[item.value for item in images]}"
        )
    image = str(images[0].value).removeprefix("$")
    texts = [value for element in tree.iter() for value in element.attrib.values()]
    names = dict.fromkeys(name for text in texts for name in VARIABLE.findall(text))
    return TaskKeys(image, tuple(name for name in names if name != image))


def unknown_to_the_editor(keys: TaskKeys) -> str:
    """Return what to say about names that the editor does not replace; "" if there are none.

    The server knows letters of all alphabets. The editor reads `$Künstler` as `$K`, and shows
    "undefinedünstler".
    """
    odd = [name for name in (keys.image, *keys.headers) if not name.isascii()]
    if not odd:
        return ""
    return (
        f"the labeling config has ${', $'.join(odd)}: Label Studio's editor knows names of A-Z, "
        "a-z, 0-9 and _ alone, and shows 'undefined' in place of others. Write another name there "
        "and below `columns`; the column of the table may be called as it is"
    )


def prompt_controls(config: str) -> tuple[str, ...]:
    """Return the controls whose regions are prompts and never annotations (`smartOnly`)."""
    try:
        read = labeling_config(config, need_masks=False)
    except LabelingConfigError:
        return ()
    return tuple(control.name for control in read.smart if control.only_prompts)


def missing(config: str, used: Mapping[str, Collection[str]]) -> list[str]:
    """Return which of the controls and labels in use ``config`` lacks, as its reader calls them.

    Label Studio itself refuses a config without a label of a `<BrushLabels>` that is in use, and
    takes one without a label of a `<Labels>` beside a plain `<Brush>`.

    Args:
        config: the labeling config.
        used: the controls that annotations were made with -> the labels that these have.
    """
    tree = ElementTree.fromstring(config)
    flags = [tag.get("indexFlag") or "{{idx}}" for tag in tree.iter("Repeater")]
    found: list[str] = []
    for control, labels in used.items():
        tags = [tag for tag in tree.iter() if _is_named(tag, control, flags)]
        if not tags:
            found.append(control)
        elif tags[0].find(".//Label") is not None:  # Others take theirs from the task's data.
            known = read_label_list(tags[0], ())
            found += [f"{label} ({control})" for label in labels if known.named(label) is None]
    return sorted(found)


def _is_named(tag: ElementTree.Element, control: str, flags: list[str]) -> bool:
    """Whether a control has a tag's name, of which a `<Repeater>` may make many."""
    name = re.escape(tag.get("name", ""))
    for flag in flags:
        name = name.replace(re.escape(flag), r"\d+")
    return re.fullmatch(name, control) is not None


def masks_go_elsewhere(before: str, after: str) -> bool:
    """Return whether masks that were made for one config are not shown by the other."""
    old, new = _masks_of(before), _masks_of(after)
    return old is not None and new is not None and _places(old) != _places(new)


def _places(config: LabelingConfig) -> list[tuple[object, ...]]:
    """Where each image's masks are held: a control, and the list that names them."""
    return [
        (image.name, control.name, control.kind, [(one.name, one.type) for one in control.lists])
        for image, control in config.images_with_masks()
    ]


def _masks_of(config: str) -> LabelingConfig | None:
    try:
        return labeling_config(config)
    except LabelingConfigError:
        return None
