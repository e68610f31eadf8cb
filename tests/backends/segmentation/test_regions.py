import numpy as np
import pytest

from backends.segmentation.class_map import ClassMap
from backends.segmentation.label_map import LabelMap
from backends.segmentation.regions import scored_regions
from masks.labeling_config import labeling_config
from masks.regions import mask_of
from masks.results import drawn_regions
from masks.shapes import covered

CONTROL = labeling_config(
    '<View><Image name="i" value="$i"/><BrushLabels name="b" toName="i">'
    '<Label value="footwear"/><Label value="hat"/></BrushLabels></View>'
).mask_controls[0]
LABELS = LabelMap({"hat": (1,), "footwear": (2, 3), "unknown": (4,)}, "test")


def scene() -> ClassMap:
    classes = np.zeros((200, 200), np.uint8)
    classes[10:40, 80:120] = 1
    classes[160:190, 40:80] = 2
    classes[160:190, 120:160] = 3
    classes[100:140, 80:120] = 4
    classes[60, 60] = 1  # a speck
    certainty = np.full((200, 200), 255, np.uint8)
    certainty[100:] = 51
    return ClassMap(classes, certainty)


def test_one_region_per_label_with_classes_merged_and_unknown_labels_never_sent() -> None:
    regions, _ = scored_regions(scene(), LABELS, CONTROL, 0.001, per_component=False)
    assert [region["value"]["brushlabels"] for region in regions] == [["hat"], ["footwear"]]
    shoes = mask_of(regions[1], 200, 200)
    assert shoes[175, 60]
    assert shoes[175, 140]
    assert not mask_of(regions[0], 200, 200)[60, 60]


def test_names_that_are_one_label_of_the_config_share_one_region() -> None:
    control = labeling_config(
        '<View><Image name="i" value="$i"/><BrushLabels name="b" toName="i">'
        '<Label value="footwear" predicted_values="left,right"/></BrushLabels></View>'
    ).mask_controls[0]
    regions, _ = scored_regions(
        scene(), LabelMap({"left": (2,), "right": (3,)}, "t"), control, 0.001, per_component=False
    )
    (shoes,) = [mask_of(region, 200, 200) for region in regions]
    assert shoes[175, 60]
    assert shoes[175, 140]


def test_a_control_without_labels_gets_regions_without_one() -> None:
    text = '<View><Image name="i" value="$i"/><Brush name="b" toName="i"/></View>'
    control = labeling_config(text).mask_controls[0]
    regions, _ = scored_regions(scene(), LABELS, control, 0.001, per_component=False)
    assert [region["type"] for region in regions] == ["brush"] * 3


@pytest.mark.parametrize(
    "holder", ["Brush", "BrushLabels", "Bitmask", "BitmaskLabels", "Polygon", "PolygonLabels"]
)
def test_every_control_gets_the_labels_of_its_list_by_their_aliases_and_no_others(
    holder: str,
) -> None:
    labels = '<Label value="footwear" alias="f"/><Label value="hat" alias="h"/>'
    own = labels if holder.endswith("Labels") else ""
    other = "" if own else f'<Labels name="list" toName="i">{labels}</Labels>'
    text = f"""<View><Image name="i" value="$i"/>{other}
      <{holder} name="masks" toName="i">{own}</{holder}></View>"""
    (control,) = labeling_config(text).mask_controls
    results, _ = scored_regions(scene(), LABELS, control, 0.001, per_component=False)
    regions = drawn_regions(results)
    owner = "masks" if own else "list"
    assert {(one.label_list, one.label) for one in regions} == {(owner, "f"), (owner, "h")}
    assert {(one.shape, one.from_name) for one in regions} == {
        (holder.removesuffix("Labels").lower(), "masks")
    }
    assert len(results) == len(regions) * (1 if own else 2)
    for one in regions:
        # The hat is above, the shoes are below.
        rows = np.flatnonzero(covered(one, 200, 200).any(1))
        assert (rows[-1] < 60) == (one.label == "h")


def test_one_region_per_connected_part_when_asked() -> None:
    regions, _ = scored_regions(scene(), LABELS, CONTROL, 0.001, per_component=True)
    assert [region["value"]["brushlabels"][0] for region in regions] == ["hat"] + ["footwear"] * 2


def test_scores_are_the_mean_certainty_of_the_painted_pixels() -> None:
    regions, score = scored_regions(scene(), LABELS, CONTROL, 0.001, per_component=False)
    assert [region["score"] for region in regions] == [1.0, 0.2]
    # 1200 certain and 2400 doubtful pixels.
    assert abs(score - (1 + 2 * 0.2) / 3) < 0.01


def test_what_cleaning_adds_counts_in_the_score() -> None:
    # The strip beside the hat is too small for a background.
    classes, certainty = np.ones((200, 200), np.uint8), np.full((200, 200), 255, np.uint8)
    classes[:, 150:] = 0
    certainty[:, 150:] = 51
    (hat,), score = scored_regions(ClassMap(classes, certainty), LABELS, CONTROL, 0.3, False)
    assert mask_of(hat, 200, 200).all()
    assert hat["score"] == score == 0.8


def test_nothing_found_scores_zero() -> None:
    empty = ClassMap(np.zeros((9, 9), np.uint8), np.full((9, 9), 255, np.uint8))
    assert scored_regions(empty, LABELS, CONTROL, 0.001, per_component=False) == ([], 0.0)


def test_each_of_many_labels_gets_its_own_classes_and_a_class_may_belong_to_two() -> None:
    rng = np.random.default_rng(6)
    # Stripes and blocks, in an image whose last label's class is nowhere.
    blocks = rng.integers(0, 19, (12, 9)).astype(np.uint8)
    blocks[3, 4] = 0
    classes = blocks.repeat(16, 0).repeat(16, 1)
    wanted = {f"label {number}": (number,) for number in range(18)} | {
        "first and last": (0, 18),
        "nowhere": (200, 201),
    }
    names = "".join(f'<Label value="{name}"/>' for name in wanted)
    control = labeling_config(
        f'<View><Image name="i" value="$i"/><BrushLabels name="b" toName="i">{names}'
        "</BrushLabels></View>"
    ).mask_controls[0]
    certainty = rng.integers(0, 256, classes.shape).astype(np.uint8)
    regions, _ = scored_regions(
        ClassMap(classes, certainty), LabelMap(wanted, "t"), control, 1e-9, per_component=False
    )
    found = {region["value"]["brushlabels"][0]: region for region in regions}
    assert "nowhere" not in found
    # Without smoothing at this size but for the corners.
    for name, of_label in wanted.items():
        expected = np.isin(classes, of_label)
        if not expected.any():
            assert name not in found
            continue
        mask = mask_of(found[name], *classes.shape)
        assert (mask ^ expected).sum() < 0.05 * expected.sum()
        assert found[name]["score"] == pytest.approx(certainty[mask].mean() / 255, abs=1e-4)
