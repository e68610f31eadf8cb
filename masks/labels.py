"""The labels of a labeling config, and which of them a name from elsewhere means."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from xml.etree import ElementTree


@dataclass(frozen=True)
class Label:
    """One label.

    Attributes:
        value: what labelers see.
        stored: what results hold: the alias where there is one. The editor sends and stores it in
            the value's place (web/libs/editor/src/mixins/SelectedModel.js, selectedValues).
        predicted_values: lower-case names that models have for it.
        background: its colour as the config writes it; "" without one.
    """

    value: str
    stored: str
    predicted_values: tuple[str, ...] = ()
    background: str = ""

    def is_called(self, name: str) -> bool:
        """Whether results may call it so; the editor reads alias and value alike (findLabel)."""
        return name in (self.stored, self.value)


@dataclass(frozen=True)
class LabelList:
    """The labels of one control: a `<Labels>`, a `<BrushLabels>`, a `<KeyPointLabels>`, ...

    Attributes:
        name: the control's name, `from_name` of the results that hold its labels.
        type: `type` of those results and the key of their labels: "labels", "brushlabels", ...
        image_names: the images that it labels.
        takes_several: whether a region may have several of its labels (`choice="multiple"`).
    """

    name: str
    type: str
    image_names: tuple[str, ...]
    labels: tuple[Label, ...]
    takes_several: bool = False

    def named(self, name: str) -> Label | None:
        """Return the label that a result calls `name`."""
        return next((label for label in self.labels if label.is_called(name)), None)

    def meant_by(self, name: str) -> Label | None:
        """Return the label for a name from elsewhere, or None when there is none.

        Tried in turn: the label itself, a label that lists the name in `predicted_values`, a label
        equal but for case. An unknown name never becomes a label.
        """
        lowered = name.strip().lower()
        return (
            self.named(name)
            or self._first(lambda label: lowered in label.predicted_values)
            or self._first(lambda label: lowered in (label.value.lower(), label.stored.lower()))
        )

    def _first(self, condition: Callable[[Label], bool]) -> Label | None:
        return next(filter(condition, self.labels), None)


def read_label_list(tag: ElementTree.Element, image_names: tuple[str, ...]) -> LabelList:
    """Return the labels of a control's tag."""
    several = tag.get("choice") == "multiple"
    return LabelList(
        tag.get("name", ""), tag.tag.lower(), image_names, tuple(_labels(tag)), several
    )


def _labels(tag: ElementTree.Element) -> Iterator[Label]:
    for label in tag.iter("Label"):
        value = label.get("value") or label.get("alias")
        if value:
            names = label.get("predicted_values", "").split(",")
            known = tuple(name.strip().lower() for name in names if name.strip())
            colour = label.get("background", "")
            yield Label(value, label.get("alias") or value, known, colour)
