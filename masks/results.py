"""The results of an annotation, a prediction or a context, put together as regions.

Label Studio stores a region as one result for each control that it belongs to, all with one id: a
mask of a plain `<Brush>` that has a label of a `<Labels>` is a `brush` and a `labels`. A mask of a
`<BrushLabels>` is one result. Both read alike here.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

# The types of results that show a place in an image, without "labels".
SHAPES = ("keypoint", "rectangle", "ellipse", "polygon", "brush", "bitmask", "magicwand", "vector")


@dataclass(frozen=True)
class DrawnRegion:
    """One region of an image.

    Attributes:
        id: of all its results.
        shape: one of SHAPES.
        from_name: the control that drew it.
        to_name: the image that it is on.
        item_index: which image of a `valueList`; None for an image of its own.
        label: as the result spells it; None without one.
        label_list: the control that has the label; None without one.
        result: the result with its place.
        labels: all its labels, where a list allows several (`choice="multiple"`); `label` is the
            first.
    """

    id: str
    shape: str
    from_name: str
    to_name: str
    item_index: int | None
    label: str | None
    label_list: str | None
    result: Mapping[str, Any]
    labels: tuple[str, ...] = ()


def drawn_regions(results: Iterable[Mapping[str, Any]]) -> list[DrawnRegion]:
    """Return the regions of images among results, in the order of their first results.

    Results without a value, or of other types (choices, relations), are left out.
    """
    together: dict[str, list[Mapping[str, Any]]] = {}
    for number, result in enumerate(results):
        if isinstance(result.get("value"), Mapping):
            together.setdefault(str(result.get("id") or f"#{number}"), []).append(result)
    found = (_region(key, parts) for key, parts in together.items())
    return [region for region in found if region is not None]


def _region(key: str, parts: list[Mapping[str, Any]]) -> DrawnRegion | None:
    drawn = next((part for part in parts if _shape(part) in SHAPES), None)
    if drawn is None:
        return None
    # A list's own result tells whose label it is; the drawn one may only repeat it.
    named = sorted(parts, key=lambda part: not str(part.get("type", "")).endswith("labels"))
    labelled = next((part for part in named if _labels(part)), None)
    labels = _labels(labelled) if labelled is not None else ()
    index = drawn.get("item_index")
    return DrawnRegion(
        id=key,
        shape=_shape(drawn),
        from_name=str(drawn.get("from_name", "")),
        to_name=str(drawn.get("to_name", "")),
        item_index=index if isinstance(index, int) else None,
        label=labels[0] if labels else None,
        label_list=None if labelled is None else str(labelled.get("from_name", "")),
        result=drawn,
        labels=labels,
    )


def _shape(result: Mapping[str, Any]) -> str:
    return str(result.get("type", "")).lower().removesuffix("labels")


def _labels(result: Mapping[str, Any]) -> tuple[str, ...]:
    """The labels of a result. The editor writes those of a `<Labels>` into the other result too, as
    `labels`, while a region is unfinished.
    """
    value = result["value"]
    labels = value.get(str(result.get("type", "")).lower()) or value.get("labels")
    if not isinstance(labels, list):
        return ()
    return tuple(label for label in labels if isinstance(label, str))
