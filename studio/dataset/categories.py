"""The categories of a data set: the labels of the labeling config, in its order and colours."""

from collections.abc import Iterator
from dataclasses import dataclass

from PIL import ImageColor

from masks.errors import LabelingConfigError
from masks.labeling_config import LabelingConfig, labeling_config
from masks.labels import Label, LabelList
from masks.results import DrawnRegion
from studio.errors import ExportError

Colour = tuple[int, int, int]

# Lists of what covers no pixels.
NO_AREAS = ("keypointlabels", "vectorlabels")


@dataclass(frozen=True)
class Category:
    """One category.

    Attributes:
        number: 1 for the first one; 0 is the background.
        name: the label as labelers see it.
        colour: red, green, blue; of the labeling config where it has one.
    """

    number: int
    name: str
    colour: Colour

    @property
    def hex(self) -> str:
        """The colour as #RRGGBB."""
        return "#{:02X}{:02X}{:02X}".format(*self.colour)


@dataclass(frozen=True)
class Categories:
    """The categories of a labeling config.

    Attributes:
        all: in the order of the config; two lists with a label of one name have one category.
        config: what they were read from.
    """

    all: tuple[Category, ...]
    config: LabelingConfig

    def of(self, region: DrawnRegion) -> list[Category]:
        """Return the categories of a region: one for each of its labels.

        Raises:
            ExportError: the labeling config has no such label.
        """
        return [self._named(label, region.label_list) for label in region.labels]

    def _named(self, label: str, label_list: str | None) -> Category:
        known = self.config.lists
        # A <Repeater> gives its lists other names; any list with the label will do then.
        own = [known[label_list]] if label_list and label_list in known else known.values()
        for found in own:
            meant = found.named(label)
            if meant is not None:
                for category in self.all:
                    if category.name == meant.value:
                        return category
        raise ExportError(f"it has the label {label!r}, which the labeling config does not know")


def read_categories(config: str) -> Categories:
    """Return the categories of a labeling config.

    Raises:
        ExportError: it cannot be read, or has no label for anything that covers pixels.
    """
    try:
        read = labeling_config(config, need_masks=False)
    except LabelingConfigError as error:
        raise ExportError(f"the project's labeling config cannot be read: {error}") from None
    labels: dict[str, Label] = {}
    for label in _labels(read):
        labels.setdefault(label.value, label)
    if not labels:
        raise ExportError("the project's labeling config has no labels for regions of an image")
    colours = _colours(list(labels.values()))
    numbered = enumerate(zip(labels, colours, strict=True), start=1)
    return Categories(tuple(Category(number, *one) for number, one in numbered), read)


def _labels(config: LabelingConfig) -> Iterator[Label]:
    for found in config.lists.values():
        if found.image_names and _covers(found) and found.name not in config.prompts:
            yield from found.labels


def _covers(found: LabelList) -> bool:
    return found.type not in NO_AREAS


def _colours(labels: list[Label]) -> list[Colour]:
    given = [_colour(label.background) for label in labels]
    taken = {colour for colour in given if colour is not None}
    free = (colour for colour in _voc_colours() if colour not in taken)
    return [colour or next(free) for colour in given]


def _colour(text: str) -> Colour | None:
    try:
        red, green, blue, *_ = ImageColor.getrgb(text)
    except ValueError:
        return None
    return red, green, blue


def _voc_colours() -> Iterator[Colour]:
    """The colours of PASCAL VOC's classes (VOCdevkit, VOClabelcolormap.m), without the black."""
    for number in range(1, 1 << 24):
        channels = [0, 0, 0]
        for bit in range(8):
            for channel in range(3):
                channels[channel] |= (number >> (3 * bit + channel) & 1) << (7 - bit)
        yield channels[0], channels[1], channels[2]
