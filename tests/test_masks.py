"""The studio reads labeling configs and masks too: `masks` works in the operator's environment."""

from pathlib import Path

import numpy as np
import pytest

from masks.labeling_config import labeling_config
from masks.regions import mask_of, regions_of
from masks.results import drawn_regions

CONFIG = (Path(__file__).parent.parent / "templates" / "labeling" / "garments.xml").read_text()


def test_the_shipped_interface_has_one_control_for_masks_with_a_label_for_each_garment() -> None:
    (control,) = labeling_config(CONFIG).mask_controls
    assert control.kind == "brush"
    (labels,) = control.lists
    assert len(labels.labels) == 19
    assert control.label_for("Upper-clothes") == (labels, labels.named("other tops"))


@pytest.mark.parametrize("tag", ["Brush", "Bitmask"])
def test_a_mask_comes_back_from_its_region(tag: str) -> None:
    (control,) = labeling_config(CONFIG.replace("<Brush ", f"<{tag} ")).mask_controls
    mask = np.zeros((12, 20), np.bool_)
    mask[3:9, 5:15] = True
    (region,) = drawn_regions(regions_of(mask, control, control.label_for("dress"), 1.0))
    assert (region.label, region.label_list) == ("dress", "garment")
    assert np.array_equal(mask_of(dict(region.result), 12, 20), mask)
