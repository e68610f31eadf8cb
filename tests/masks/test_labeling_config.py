import pytest

from masks.errors import LabelingConfigError, TaskError
from masks.labeling_config import LabelingConfig, MaskControl, labeling_config

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


def mask_control(text: str | None) -> MaskControl:
    return labeling_config(text).mask_controls[0]


def test_names_and_the_image_key_come_from_the_config() -> None:
    read = labeling_config(config(tag("masks", "BrushLabels")))
    (control,) = read.mask_controls
    assert (control.name, control.kind, control.image_name) == ("masks", "brush", "photo")
    assert read.images["photo"].value == "$picture"


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


def called(control: MaskControl, name: str) -> str | None:
    found = control.label_for(name)
    return found[1].stored if found else None


def test_labels_are_found_by_name_then_predicted_values_then_case() -> None:
    labels = """<Label value="Hat"/>
    <Label value="other tops" predicted_values="Upper-clothes, top"/>
    <Label value="top"/>"""
    control = mask_control(config(tag("m", "BrushLabels", labels)))
    assert called(control, "top") == "top"
    assert called(control, "UPPER-CLOTHES") == "other tops"
    assert called(control, "hat") == "Hat"
    assert called(control, "upper") is None


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
        "label_config has no control for masks of an image; add one of BrushLabels, Brush, "
        "BitmaskLabels, Bitmask, PolygonLabels, Polygon with toName set to an Image tag with a "
        "value or valueList"
    )


def test_entities_that_grow_are_refused_and_not_expanded() -> None:
    doubled = "".join(f'<!ENTITY e{n + 1} "{f"&e{n};" * 10}">' for n in range(9))
    bomb = f'<!DOCTYPE View [<!ENTITY e0 "{"a" * 10}">{doubled}]><View a="&e9;"/>'
    with pytest.raises(LabelingConfigError, match="not a labeling config"):
        mask_control(bomb)


def test_every_control_for_masks_is_found_the_preferred_one_first() -> None:
    found = labeling_config(config(tag("p", "Polygon", "") + tag("b", "BrushLabels"))).mask_controls
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


def test_an_alias_is_what_results_hold_and_only_label_tags_are_labels() -> None:
    labels = '<Label value="Hat" alias="h"/><Choice value="no"/><Label hint="without a value"/>'
    control = mask_control(config(tag("m", "BrushLabels", labels)))
    assert [(one.value, one.stored) for one in control.lists[0].labels] == [("Hat", "h")]
    assert called(control, "Hat") == called(control, "h") == "h"


def test_only_a_label_with_predicted_values_has_any() -> None:
    labels = '<Label value="a"/><Label value="b" predicted_values=" X ,,y"/>'
    (found,) = mask_control(config(tag("m", "BrushLabels", labels))).lists
    assert [label.predicted_values for label in found.labels] == [(), ("x", "y")]


ONE_LIST = """<View><Image name="photo" value="$picture"/>
  <Labels name="garment" toName="photo"><Label value="hat"/><Label value="scarf"/></Labels>
  {controls}</View>"""


@pytest.mark.parametrize("tag", ["Brush", "Bitmask", "Polygon"])
def test_a_plain_control_has_the_labels_of_its_images_list(tag: str) -> None:
    text = ONE_LIST.format(controls=f'<{tag} name="m" toName="photo"/>')
    control = mask_control(text)
    owner, label = control.label_for("scarf") or (None, None)
    assert owner is not None
    assert label is not None
    assert (owner.name, owner.type, label.stored) == ("garment", "labels", "scarf")


def test_a_plain_brush_with_a_list_comes_before_polygons_with_labels_of_their_own() -> None:
    own = '<PolygonLabels name="p" toName="photo"><Label value="hat"/></PolygonLabels>'
    text = ONE_LIST.format(controls=own + '<Brush name="b" toName="photo"/>')
    assert [one.name for one in labeling_config(text).mask_controls] == ["b", "p"]


def test_a_list_labels_the_masks_of_its_own_image_alone() -> None:
    other = '<Image name="back" value="$b"/><Brush name="m" toName="back"/>'
    control = mask_control(ONE_LIST.format(controls=other))
    assert not control.is_labelled


def with_image(image: str) -> LabelingConfig:
    return labeling_config(f'<View>{image}<Brush name="m" toName="photo"/></View>')


def addresses(image: str, data: dict) -> list[str]:
    return with_image(image).images["photo"].addresses({"data": data})


@pytest.mark.parametrize(
    ("value", "data"),
    [
        ("$picture", {"picture": "a.png"}),
        ("$photo.url", {"photo": {"url": "a.png"}}),
        ("$images[0]", {"images": ["a.png", "b.png"]}),
        ("$pages[1].scans[0].url", {"pages": [{}, {"scans": [{"url": "a.png"}]}]}),
        ("$photo.url", {"photo.url": "a.png", "photo": {"url": "no.png"}}),
        ("$images", {"images": ["a.png", "b.png"]}),
        ("$dir$name", {"dir": "", "name": "a.png"}),
        ("a.png", {}),
    ],
)
def test_an_image_is_found_as_the_editor_finds_it(value: str, data: dict) -> None:
    assert addresses(f'<Image name="photo" value="{value}"/>', data) == ["a.png"]


def test_a_list_of_images_has_one_address_each() -> None:
    image = '<Image name="photo" valueList="$images"/>'
    assert addresses(image, {"images": ["a.png", "b.png"]}) == ["a.png", "b.png"]
    task = {"data": {"images": ["a.png", "b.png"]}}
    tag = with_image(image).images["photo"]
    assert [tag.address(task, index) for index in (None, 0, 1)] == ["a.png", "a.png", "b.png"]
    with pytest.raises(TaskError, match=r"^its list of images has no number 2; it has 2$"):
        tag.address(task, 2)


@pytest.mark.parametrize("data", [{}, {"picture": None}, {"picture": []}, {"picture": [5]}])
def test_a_task_without_the_images_address_is_told_under_which_key(data: dict) -> None:
    with pytest.raises(TaskError, match=r"^its data has no image address under picture$"):
        addresses('<Image name="photo" value="$picture"/>', data)


PAGES = """<View><Repeater on="$pages" indexFlag="{{idx}}" mode="pagination">
  <View><Image name="page_{{idx}}" value="$pages[{{idx}}].scan"/></View>
  <BrushLabels name="masks_{{idx}}" toName="page_{{idx}}"><Label value="hat"/></BrushLabels>
</Repeater></View>"""


def test_a_repeater_repeats_as_often_as_the_tasks_data_says() -> None:
    task = {"data": {"pages": [{"scan": "a.png"}, {"scan": "b.png"}]}}
    shown = labeling_config(PAGES).of(task).images_with_masks()
    assert [(image.name, control.name) for image, control in shown] == [
        ("page_0", "masks_0"),
        ("page_1", "masks_1"),
    ]
    assert [image.addresses(task) for image, _ in shown] == [["a.png"], ["b.png"]]
    assert labeling_config(PAGES).of({"data": {}}).images_with_masks() == ()


def test_a_repeater_is_checked_without_a_task() -> None:
    assert [one.name for one in labeling_config(PAGES).mask_controls] == ["masks_0"]


@pytest.mark.parametrize(
    ("controls", "said"),
    [
        ('<VectorLabels name="v" toName="photo" smart="true"/>', "v: a smart Vector gives no mask"),
        (
            '<Image name="back" value="$b"/><KeyPoint name="k" toName="back" smart="true"/>',
            "the smart tool k is for the image back, which has no control for masks",
        ),
    ],
)
def test_a_smart_tool_that_can_get_no_mask_is_refused_with_the_reason(
    controls: str, said: str
) -> None:
    read = labeling_config(config(tag("m", "BrushLabels") + controls))
    with pytest.raises(LabelingConfigError, match=said):
        read.check_smart_controls()


@pytest.mark.parametrize("asking", ["Brush", "BrushLabels", "Bitmask", "Polygon", "PolygonLabels"])
@pytest.mark.parametrize("holding", ["Brush", "BitmaskLabels", "Polygon", "PolygonLabels"])
def test_no_mask_is_put_where_a_tool_draws_prompts_alone(asking: str, holding: str) -> None:
    """It would count as a prompt that nobody accepted: not as done, and in no data set."""
    prompts = f'<{asking} name="ask" toName="photo" smart="true" smartOnly="true">'
    text = config(f'{prompts}<Label value="hat"/></{asking}>{tag("hold", holding)}')
    assert [one.name for one in labeling_config(text).mask_controls] == ["hold"]
    alone = config(f'{prompts}<Label value="hat"/></{asking}>')
    with pytest.raises(
        LabelingConfigError, match=r"\(ask: smartOnly, for prompts alone\); add one"
    ):
        labeling_config(alone)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ('smartOnly="true"', True),
        ('smartonly="true"', True),
        ('smartOnly="false"', False),
        ("", False),
    ],
)
def test_a_smart_tool_draws_prompts_alone_only_where_that_is_written(
    written: str, expected: bool
) -> None:
    tools = (
        '<Brush name="b" toName="photo"/>'
        f'<KeyPoint name="k" toName="photo" smart="true" {written}/>'
    )
    (control,) = labeling_config(config(tools)).smart
    assert control.only_prompts is expected


def test_the_smart_tools_of_the_editor_are_all_answered() -> None:
    tools = "".join(
        f'<{name} name="{name}" toName="photo" smart="true"/>'
        for name in ("KeyPoint", "RectangleLabels", "Ellipse", "PolygonLabels", "Brush")
    )
    labeling_config(config(tools)).check_smart_controls()
