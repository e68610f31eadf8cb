import pytest

from masks.errors import LabelingConfigError, TaskError
from masks.labeling_config import mask_control, mask_controls

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


def test_a_missing_config_is_refused_with_what_it_is_for() -> None:
    for nothing in (None, ""):
        with pytest.raises(LabelingConfigError, match=r"^label_config is missing: the regions"):
            mask_control(nothing)


def test_the_refusal_says_what_to_add() -> None:
    with pytest.raises(LabelingConfigError) as refused:
        mask_control("<View/>")
    assert str(refused.value) == (
        "label_config has no control for masks of an image; add one of BrushLabels, BitmaskLabels, "
        "PolygonLabels, Brush, Bitmask, Polygon with toName set to an Image tag"
    )


def test_entities_that_grow_are_refused_and_not_expanded() -> None:
    doubled = "".join(f'<!ENTITY e{n + 1} "{f"&e{n};" * 10}">' for n in range(9))
    bomb = f'<!DOCTYPE View [<!ENTITY e0 "{"a" * 10}">{doubled}]><View a="&e9;"/>'
    with pytest.raises(LabelingConfigError, match="not a labeling config"):
        mask_control(bomb)


def test_every_control_for_masks_is_found_the_preferred_one_first() -> None:
    found = mask_controls(config(tag("p", "Polygon", "") + tag("b", "BrushLabels")))
    assert [control.name for control in found] == ["b", "p"]


def test_a_control_of_several_objects_belongs_to_the_one_that_is_an_image() -> None:
    both = '<Text name="note" value="$note"/><BrushLabels name="m" toName="note,photo"/>'
    assert mask_control(config(both)).image_name == "photo"
    text = '<Text name="note" value="$note"/><BrushLabels name="m" toName="note"/>'
    with pytest.raises(LabelingConfigError):
        mask_control(config(text))


@pytest.mark.parametrize(
    "text",
    [
        '<View><Image name="i"/><Brush name="b" toName="i"/></View>',
        '<View><Image value="$i"/><Brush name="b"/></View>',
        '<View><Image name="i" value="$i"/><Brush toName="i"/></View>',
        '<View><Image name="i" value="$i"/><Brush name="b"/></View>',
    ],
)
def test_tags_without_a_name_a_value_or_an_aim_do_not_count(text: str) -> None:
    with pytest.raises(LabelingConfigError, match="no control for masks"):
        mask_control(text)


def test_an_alias_is_the_label_and_only_label_tags_are_labels() -> None:
    labels = '<Label value="Hat" alias="h"/><Choice value="no"/><Label hint="without a value"/>'
    assert mask_control(config(tag("m", "BrushLabels", labels))).labels == ("h",)


def test_only_a_label_with_predicted_values_has_any() -> None:
    labels = '<Label value="a"/><Label value="b" predicted_values=" X ,,y"/>'
    control = mask_control(config(tag("m", "BrushLabels", labels)))
    assert control.predicted_values == (("x", "b"), ("y", "b"))


def test_a_tasks_image_is_the_text_under_the_configs_key() -> None:
    control = mask_control(config(tag("m", "BrushLabels")))
    assert control.image_of({"data": {"picture": "gs://b/x.png", "other": 1}}) == "gs://b/x.png"
    for data in ({}, {"picture": None}, {"picture": ["gs://b/x.png"]}):
        with pytest.raises(TaskError, match=r"^its data has no image address under picture$"):
            control.image_of({"data": data})
