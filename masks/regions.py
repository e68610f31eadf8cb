"""Masks -> the results of a Label Studio annotation, and back."""

import uuid
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from masks import bitmask, polygon, rle
from masks.errors import BitmaskError, RegionError, RleError
from masks.labeling_config import MaskControl, MaskKind
from masks.labels import Label, LabelList
from masks.runs import Runs

Region = dict[str, Any]


def regions_of(
    mask: NDArray[np.bool_] | Runs,
    control: MaskControl,
    label: tuple[LabelList, Label] | None,
    score: float,
    item_index: int | None = None,
    more: Sequence[Label] = (),
) -> list[Region]:
    """Return the results that show a mask in the editor, as the editor itself would store them.

    A control with labels gives one result. A plain control with a label gives two with one id, both
    with the mask: one of the control, one of the `<Labels>` that has the label (Result.serialize
    in web/libs/editor/src/regions/Result.js).

    Args:
        mask: bool (H, W), or its runs, of the image's own size.
        control: the control that holds them; its kind chooses brush RLE, bitmask PNG or polygons.
        label: one of `control.label_for`, or None for a region without a label.
        score: certainty from 0 to 1.
        item_index: which image of a `valueList`; None for an image of its own.
        more: further labels of the same list, which takes several.

    Returns:
        One region; one per connected part for polygons; none for an empty mask.
    """
    if not mask.any():
        return []
    height, width = mask.shape
    common = {
        "to_name": control.image_name,
        "original_width": width,
        "original_height": height,
        "image_rotation": 0,
        "score": round(float(score), 4),
        **({} if item_index is None else {"item_index": item_index}),
    }
    results: list[Region] = []
    for value in _values(mask, control.kind):
        region_id = uuid.uuid4().hex[:10]
        named = None
        if label is not None:
            owner, chosen = label
            named = {
                **common,
                "id": region_id,
                "type": owner.type,
                "from_name": owner.name,
                "value": value | {owner.type: [one.stored for one in (chosen, *more)]},
            }
        if named is None or named["from_name"] != control.name:
            results.append(
                {
                    **common,
                    "id": region_id,
                    "type": control.kind,
                    "from_name": control.name,
                    "value": value,
                }
            )
        if named is not None:
            results.append(named)
    return results


def _values(mask: NDArray[np.bool_] | Runs, kind: MaskKind) -> list[Region]:
    if kind in ("polygon", "bitmask"):
        pixels = mask.mask() if isinstance(mask, Runs) else mask
        if kind == "bitmask":
            return [{"imageDataURL": bitmask.encode_mask(pixels)}]
        return [{"points": points, "closed": True} for points in polygon.outlines(pixels)]
    runs = mask if isinstance(mask, Runs) else Runs.of(mask)
    return [{"format": "rle", "rle": rle.encode_runs(runs)}]


def mask_of(region: Region, height: int, width: int) -> NDArray[np.bool_]:
    """Return the mask, bool (height, width), of a brush or bitmask region.

    Raises:
        RegionError: neither, or of another size.
    """
    value = region.get("value")
    try:
        if isinstance(value, dict) and isinstance(value.get("rle"), list):
            return rle.decode_mask(value["rle"], height, width)
        if isinstance(value, dict) and isinstance(value.get("imageDataURL"), str):
            return bitmask.decode_mask(value["imageDataURL"], height, width)
    except (RleError, BitmaskError) as error:
        raise RegionError(f"region {region.get('id')} cannot be read: {error}") from error
    raise RegionError(f"region {region.get('id')} holds neither a brush RLE nor a bitmask")
