"""The studio reads labeling configs and masks too: `masks` works in the operator's environment."""

from pathlib import Path

import numpy as np
import pytest

from masks.labeling_config import labeling_config
from masks.regions import mask_of, regions_of

CONFIG = (Path(__file__).parent.parent / "templates" / "labeling" / "garments.xml").read_text()


def test_the_shipped_interface_has_one_control_for_masks_with_a_label_for_each_garment() -> None:
    (control,) = labeling_config(CONFIG).mask_controls
    assert control.kind == "brush"
    (labels,) = control.lists
    assert len(labels.labels) == 19
    assert control.label_for("Upper-clothes") == (labels, labels.named("other tops"))


@pytest.mark.parametrize("tag", ["BrushLabels", "BitmaskLabels"])
def test_a_mask_comes_back_from_its_region(tag: str) -> None:
    control = labeling_config(CONFIG.replace("BrushLabels", tag)).mask_controls[0]
    mask = np.zeros((12, 20), np.bool_)
    mask[3:9, 5:15] = True
    (region,) = regions_of(mask, control, control.label_for("dress"), 1.0)
    assert np.array_equal(mask_of(region, 12, 20), mask)
