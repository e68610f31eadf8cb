import pytest

from masks.errors import LabelingConfigError
from masks.labeling_config import mask_control

CONFIG = """<View>
  <Header value="Name: $Name"/>
  <Image name="photo" value="$picture"/>
  <KeyPointLabels name="points" toName="photo"><Label value="hat"/></KeyPointLabels>
  {controls}
</View>"""


def config(controls: str) -> str:
    return CONFIG.format(controls=controls)


def tag(name: str, kind: str, labels: str = '<Label value="hat"/>') -> str:
    return f'<{kind} name="{name}" toName="photo">{labels}</{kind}>'


def test_names_and_the_image_key_come_from_the_config() -> None:
    control = mask_control(config(tag("masks", "BrushLabels")))
    assert (control.name, control.kind) == ("masks", "brush")
    assert (control.image_name, control.image_key) == ("photo", "picture")


@pytest.mark.parametrize(
    ("controls", "chosen"),
    [
        (tag("p", "PolygonLabels") + tag("b", "BrushLabels"), "b"),
        (tag("p", "PolygonLabels") + tag("m", "BitmaskLabels"), "m"),
        (tag("p", "PolygonLabels"), "p"),
        (tag("plain", "Brush", "") + tag("p", "PolygonLabels"), "p"),
        (tag("plain", "Brush", ""), "plain"),
    ],
)
def test_the_control_with_labels_is_preferred_and_brush_before_bitmask_before_polygon(
    controls: str, chosen: str
) -> None:
    assert mask_control(config(controls)).name == chosen


def test_labels_are_found_by_name_then_predicted_values_then_case() -> None:
    labels = """<Label value="Hat"/>
    <Label value="other tops" predicted_values="Upper-clothes, top"/>
    <Label value="top"/>"""
    control = mask_control(config(tag("m", "BrushLabels", labels)))
    assert control.label_for("top") == "top"
    assert control.label_for("UPPER-CLOTHES") == "other tops"
    assert control.label_for("hat") == "Hat"
    assert control.label_for("upper") is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("not xml", "not a labeling config"),
        ("<View><Image name='a' value='$a'/></View>", "no control for masks"),
        (config(tag("c", "Choices")), "no control for masks"),
        (config('<BrushLabels name="b" toName="elsewhere"/>'), "no control for masks"),
    ],
)
def test_a_config_that_cannot_hold_masks_is_refused_with_the_reason(text: str, said: str) -> None:
    with pytest.raises(LabelingConfigError, match=said):
        mask_control(text)
