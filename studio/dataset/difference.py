"""What changed between two states of a project, by picture and label."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from studio.dataset.categories import Categories, read_categories
from studio.dataset.choosing import Rule
from studio.dataset.labelled import Entry, Labelled, LabelledTask
from studio.dataset.making import pictures_of
from studio.dataset.things import Drawn, read_things

NEWEST = Rule("newest")


@dataclass(frozen=True)
class Change:
    """A label of a picture that has other pixels than before.

    Attributes:
        before, after: how many pixels it had and has.
        iou: how far they agree, from 0 to 1.
    """

    picture: str
    label: str
    before: int
    after: int
    iou: float


@dataclass(frozen=True)
class Difference:
    """What changed.

    Attributes:
        added, removed: pictures that only the second or only the first state has.
        touched: pictures whose annotations or facts changed, and none of their pixels.
        changes: by picture and label.
        same: how many pictures are as they were.
    """

    added: tuple[str, ...]
    removed: tuple[str, ...]
    touched: tuple[str, ...]
    changes: tuple[Change, ...]
    same: int


def difference(before: Labelled, after: Labelled) -> Difference:
    """Compare two states; of several annotations of a picture the newest counts.

    Raises:
        ExportError: an annotation cannot be read.
    """
    old = {one.id: one for one in before.entries}
    new = {one.id: one for one in after.entries}
    shared = [number for number in old if number in new]
    # States of one kind are equal where nothing changed. A live state has to be read.
    unequal = [number for number in shared if old[number].state != new[number].state]
    changes: list[Change] = []
    touched: list[str] = []
    same = len(shared) - len(unequal)
    categories = read_categories(before.about.config), read_categories(after.about.config)
    pairs = zip(
        before.read(old[number] for number in unequal),
        after.read(new[number] for number in unequal),
        strict=True,
    )
    for first, second in pairs:
        name = new[second.id].name
        if first == second:
            same += 1
            continue
        found = list(_changes(name, first, second, categories))
        changes += found
        touched += [] if found else [name]
    return Difference(
        added=_names(new, old),
        removed=_names(old, new),
        touched=tuple(touched),
        changes=tuple(changes),
        same=same,
    )


def _names(one: dict[int, Entry], other: dict[int, Entry]) -> tuple[str, ...]:
    return tuple(entry.name for number, entry in one.items() if number not in other)


def _changes(
    name: str, first: LabelledTask, second: LabelledTask, categories: tuple[Categories, Categories]
) -> Iterator[Change]:
    pictures = pictures_of(categories[1].config.text, second.data)
    for suffix, image, _ in pictures:
        old = _by_label(first, categories[0], image)
        new = _by_label(second, categories[1], image)
        for label in dict.fromkeys([*old, *new]):
            was, now = old.get(label), new.get(label)
            before = 0 if was is None else int(was.sum())
            after = 0 if now is None else int(now.sum())
            both = 0
            if was is not None and now is not None and was.shape == now.shape:
                both = int((was & now).sum())
            if both != before or both != after:
                iou = both / (before + after - both)
                picture = name + (suffix if len(pictures) > 1 else "")
                yield Change(picture, label, before, after, iou)


def _by_label(
    task: LabelledTask, categories: Categories, image: tuple[str, int | None]
) -> dict[str, NDArray[np.bool_]]:
    """The pixels of each label in a task's newest annotation."""
    groups = NEWEST.choose(task.annotations)
    drawn = read_things(groups[0][0].result, categories, *image) if groups else Drawn(0, 0, ())
    found: dict[str, NDArray[np.bool_]] = {}
    names = {one.number: one.name for one in categories.all}
    for thing in drawn.things:
        label = names[thing.category]
        whole = found.setdefault(label, np.zeros((drawn.height, drawn.width), np.bool_))
        whole[thing.place] |= thing.crop
    return found
