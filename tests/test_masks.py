"""The studio reads labeling configs and masks too: `masks` works in the operator's environment."""

from pathlib import Path

import numpy as np
import pytest

from masks.labeling_config import mask_control, mask_controls
from masks.regions import mask_of, regions_of

CONFIG = (Path(__file__).parent.parent / "templates" / "labeling" / "garments.xml").read_text()


def test_the_shipped_interface_has_one_control_for_masks_with_a_label_for_each_garment() -> None:
    (control,) = mask_controls(CONFIG)
    assert (control.kind, control.image_key) == ("brush", "image")
    assert len(control.labels) == 19
    assert control.label_for("Upper-clothes") in control.labels


@pytest.mark.parametrize("tag", ["BrushLabels", "BitmaskLabels"])
def test_a_mask_comes_back_from_its_region(tag: str) -> None:
    control = mask_control(CONFIG.replace("BrushLabels", tag))
    mask = np.zeros((12, 20), np.bool_)
    mask[3:9, 5:15] = True
    (region,) = regions_of(mask, control, control.labels[0], 1.0)
    assert np.array_equal(mask_of(region, 12, 20), mask)
