"""What a labeling config says about a task's data."""

import re
from dataclasses import dataclass
from xml.etree import ElementTree

from label_studio_sdk.label_interface.interface import LabelInterface

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
