"""Tasks -> the items of a data set, with their pictures."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import Any

from masks.errors import MasksError
from masks.labeling_config import labeling_config
from studio.dataset.categories import Categories
from studio.dataset.choosing import Rule
from studio.dataset.item import Item
from studio.dataset.labelled import Annotation, Labelled, LabelledTask
from studio.dataset.pictures import read_size
from studio.dataset.splits import Split
from studio.dataset.things import Drawn, majority, read_things
from studio.errors import ExportError


@dataclass(frozen=True)
class Made:
    """An item with its picture.

    Attributes:
        content: the picture's bytes; None where nobody asked for them.
        turned: whether EXIF data turn it.
    """

    item: Item
    content: bytes | None
    turned: bool


@dataclass(frozen=True)
class Maker:
    """Makes the items of tasks."""

    labelled: Labelled
    categories: Categories
    rule: Rule
    split: Split
    names: Mapping[int, PurePosixPath]
    with_pictures: bool

    def items_of(self, task: LabelledTask, identity: str) -> Iterator[Made]:
        """Yield the items of a task: one for each picture and each group of annotations.

        Raises:
            ExportError: an annotation or a picture cannot be used, and why.
        """
        part = self.split.part_of(identity, task.data)
        groups = self.rule.choose(task.annotations)
        shown = pictures_of(self.categories.config.text, task.data)
        for suffix, image, address in shown:
            content = self.labelled.picture(task.id, address) if self.with_pictures else None
            for group in groups:
                path = self.names[task.id]
                name = path.name.removesuffix(path.suffix) + (suffix if len(shown) > 1 else "")
                if self.rule.name == "all":
                    name += f"-annotation{group[0].id}"
                drawn = self._drawn(group, image)
                drawn, known, turned = self._fitted(drawn, content, task.id, address)
                place = path.with_name(name + path.suffix)
                item = Item(place, part, task, image, tuple(group), drawn)
                yield Made(item, content or known, turned)

    def _drawn(self, group: list[Annotation], image: tuple[str, int | None]) -> Drawn:
        opinions = [read_things(one.result, self.categories, *image) for one in group]
        return majority(opinions) if len(opinions) > 1 else opinions[0]

    def _fitted(
        self, drawn: Drawn, content: bytes | None, task: int, address: str
    ) -> tuple[Drawn, bytes | None, bool]:
        """What was drawn with the size of its picture, where that has to be looked up."""
        if content is None and drawn.height:
            return drawn, None, False
        if content is None:  # An empty mask is as large as its picture, which nothing else tells.
            content = self.labelled.picture(task, address)
        shown = read_size(content)
        if not drawn.height:
            drawn = replace(drawn, height=shown.height, width=shown.width)
        if (drawn.height, drawn.width) != (shown.height, shown.width):
            raise ExportError(
                f"it was labeled at {drawn.width}x{drawn.height} pixels, and its picture has "
                f"{shown.width}x{shown.height} now: it was replaced"
            )
        return drawn, content, shown.turned


def pictures_of(
    config: str, data: Mapping[str, Any]
) -> list[tuple[str, tuple[str, int | None], str]]:
    """Return the pictures that a task with this data shows.

    Returns:
        Of each: what its name ends in where there are several; the name of its `<Image>` and its
        place in a `valueList`; its address.

    Raises:
        ExportError: the labeling config shows none.
    """
    found = []
    try:
        for tag in labeling_config(config, data, need_masks=False).images.values():
            for index, address in enumerate(tag.addresses({"data": data})):
                place = (tag.name, index if tag.is_list else None)
                suffix = f"-{tag.name}-{index + 1}" if tag.is_list else f"-{tag.name}"
                found.append((suffix, place, address))
    except MasksError as error:
        raise ExportError(str(error)) from None
    if not found:
        raise ExportError("the labeling config shows no image of it")
    return found


def addresses_of(config: str, data: Mapping[str, Any]) -> list[str]:
    """Return the addresses of a task's pictures; none where they cannot be found."""
    try:
        return [address for _, _, address in pictures_of(config, data)]
    except ExportError:
        return []
