"""Masks -> the regions of a Label Studio result, and back."""

import uuid
from typing import Any

import numpy as np
from numpy.typing import NDArray

from masks import bitmask, polygon, rle
from masks.errors import BitmaskError, RegionError, RleError
from masks.labeling_config import MaskControl, MaskKind

Region = dict[str, Any]


def regions_of(
    mask: NDArray[np.bool_], control: MaskControl, label: str | None, score: float
) -> list[Region]:
    """Return the regions that show a mask in the editor.

    Args:
        mask: bool (H, W), of the image's own size.
        control: the control that holds them; its kind chooses brush RLE, bitmask PNG or polygons.
        label: one of the control's labels, or None for a region without a label.
        score: certainty from 0 to 1.

    Returns:
        One region; one per connected part for polygons; none for an empty mask.
    """
    if not mask.any():
        return []
    region_type = control.kind if label is None else control.kind + "labels"
    labels = {} if label is None else {region_type: [label]}
    height, width = mask.shape
    return [
        {
            "id": uuid.uuid4().hex[:10],
            "type": region_type,
            "from_name": control.name,
            "to_name": control.image_name,
            "original_width": width,
            "original_height": height,
            "image_rotation": 0,
            "score": round(float(score), 4),
            "value": value | labels,
        }
        for value in _values(mask, control.kind)
    ]


def _values(mask: NDArray[np.bool_], kind: MaskKind) -> list[Region]:
    if kind == "polygon":
        return [{"points": points, "closed": True} for points in polygon.outlines(mask)]
    if kind == "bitmask":
        return [{"imageDataURL": bitmask.encode_mask(mask)}]
    return [{"format": "rle", "rle": rle.encode_mask(mask)}]


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
