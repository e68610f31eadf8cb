import pytest

from backends.segment_anything_model.questions import Question, questions
from backends.serving.errors import BadRequest
from masks.labeling_config import labeling_config

TWO_IMAGES = """<View>
  <Image name="front" value="$front"/><Image name="back" value="$back"/>
  <BrushLabels name="front_masks" toName="front"><Label value="hat"/></BrushLabels>
  <BrushLabels name="back_masks" toName="back"><Label value="hat"/></BrushLabels>
  <BrushLabels name="shoes" toName="back"><Label value="shoe"/></BrushLabels>
  <PolygonLabels name="outline" toName="back"><Label value="bag"/></PolygonLabels>
  <KeyPointLabels name="front_points" toName="front" smart="true">
    <Label value="hat"/></KeyPointLabels>
  <KeyPointLabels name="back_points" toName="back" smart="true">
    <Label value="hat"/></KeyPointLabels>
</View>"""


def point(label: str | None = "hat", to_name: str = "back", **more: object) -> dict:
    labels = {"keypointlabels": [label]} if label else {}
    return {
        "type": "keypointlabels" if label else "keypoint",
        "from_name": f"{to_name}_points",
        "to_name": to_name,
        "value": {"x": 1, "y": 2, **labels},
        **more,
    }


def asked(config: str, *results: dict) -> list[Question]:
    return questions({"result": list(results)}, labeling_config(config))


def told(config: str, *results: dict) -> list[tuple[str, str, str | None]]:
    return [
        (one.image.name, one.control.name, one.label[1].stored if one.label else None)
        for one in asked(config, *results)
    ]


def test_the_answer_is_for_the_image_of_the_prompt() -> None:
    assert told(TWO_IMAGES, point(to_name="front")) == [("front", "front_masks", "hat")]
    assert told(TWO_IMAGES, point(to_name="back")) == [("back", "back_masks", "hat")]


def test_of_several_controls_the_one_with_the_label_holds_the_mask() -> None:
    assert told(TWO_IMAGES, point("shoe")) == [("back", "shoes", "shoe")]
    assert told(TWO_IMAGES, point("bag")) == [("back", "outline", "bag")]


def test_a_label_that_no_control_has_is_not_sent() -> None:
    assert told(TWO_IMAGES, point("sock"), point(None)) == [("back", "back_masks", None)]


def test_a_request_that_names_no_image_is_for_that_of_its_control_or_the_first() -> None:
    bare = {"type": "keypoint", "value": {"x": 1, "y": 2}}
    assert told(TWO_IMAGES, {**bare, "from_name": "back_points"})[0][0] == "back"
    assert told(TWO_IMAGES, bare)[0][0] == "front"


@pytest.mark.parametrize(
    ("prompt", "said"),
    [
        (point(to_name="side"), "the labeling config has no image 'side'"),
        ({**point(), "type": "vectorlabels"}, "a vector gives no mask; use a point, a box"),
    ],
)
def test_what_cannot_be_answered_is_told(prompt: dict, said: str) -> None:
    with pytest.raises(BadRequest, match=said):
        asked(TWO_IMAGES, prompt)


def test_an_image_without_a_control_for_masks_is_told() -> None:
    config = TWO_IMAGES.replace('name="front_masks" toName="front"', 'name="x" toName="back"')
    with pytest.raises(BadRequest, match="the image front has no control for masks"):
        asked(config, point(to_name="front"))


def test_two_labels_are_two_questions_in_the_order_of_first_use() -> None:
    first, second = asked(TWO_IMAGES, point("hat"), point("shoe"), point("hat"))
    assert (len(first.prompts), len(second.prompts)) == (2, 1)


ALIASES = """<View><Image name="image" value="$image"/>
  <KeyPointLabels name="points" toName="image" smart="true">
    <Label value="shirt" alias="kp-0"/><Label value="skirt" alias="kp-1"/></KeyPointLabels>
  <BrushLabels name="masks" toName="image">
    <Label value="shirt" alias="br-0"/><Label value="skirt" alias="br-1"/></BrushLabels>
</View>"""


def test_a_mask_has_its_own_controls_alias_of_the_label() -> None:
    click = point("kp-1", "image", from_name="points")
    assert told(ALIASES, click) == [("image", "masks", "br-1")]


ONE_LIST = """<View><Image name="image" value="$image"/>
  <Labels name="garment" toName="image"><Label value="shirt"/><Label value="skirt"/></Labels>
  <Brush name="brush" toName="image" smart="true"/><Polygon name="polygon" toName="image"/>
  <KeyPoint name="point" toName="image" smart="true"/>
</View>"""


def pair(kind: str, control: str, key: str, **more: object) -> list[dict]:
    common = {"id": key, "to_name": "image", **more}
    value = {"x": 1, "y": 2, "rle": [0], "labels": ["skirt"]}
    return [
        {**common, "type": kind, "from_name": control, "value": value},
        {**common, "type": "labels", "from_name": "garment", "value": value},
    ]


def test_the_two_results_of_a_prompt_with_a_list_of_labels_are_one_click() -> None:
    (question,) = asked(ONE_LIST, *pair("keypoint", "point", "k1", is_positive=True))
    assert len(question.prompts) == 1
    assert question.label is not None
    assert (question.control.name, question.label[0].name) == ("brush", "garment")
    assert question.label[1].stored == "skirt"


@pytest.mark.parametrize("several", [True, False])
def test_a_mask_has_all_labels_of_its_prompt_where_the_list_takes_several(several: bool) -> None:
    choice = 'choice="multiple"' * several
    config = ONE_LIST.replace('name="garment"', f'name="garment" {choice}')
    results = pair("keypoint", "point", "k1", is_positive=True)
    for result in results:
        result["value"] = {**result["value"], "labels": ["skirt", "shirt", "unknown"]}
    (question,) = asked(config, *results)
    assert question.label is not None
    assert question.label[1].value == "skirt"
    assert [label.value for label in question.more] == ["shirt"] * several


def test_clicks_with_other_labels_beside_the_same_one_are_other_questions() -> None:
    config = ONE_LIST.replace('name="garment"', 'name="garment" choice="multiple"')
    both = pair("keypoint", "point", "k2")
    for result in both:
        result["value"] = {**result["value"], "labels": ["skirt", "shirt"]}
    first, second = asked(config, *pair("keypoint", "point", "k1"), *both)
    assert (len(first.more), len(second.more)) == (0, 1)


def test_what_a_smart_brush_paints_is_answered_in_that_brush() -> None:
    (question,) = asked(ONE_LIST, *pair("brush", "brush", "b1"))
    assert question.control.name == "brush"


def test_a_prompt_drawn_with_a_polygon_of_its_own_is_answered_in_it() -> None:
    (question,) = asked(ONE_LIST, *pair("polygon", "polygon", "p1"))
    assert (question.control.name, question.control.kind) == ("polygon", "polygon")


def test_a_polygon_that_only_asks_is_answered_in_the_brush() -> None:
    config = ONE_LIST.replace(
        '<Polygon name="polygon"', '<Polygon name="polygon" smart="true" smartOnly="true"'
    )
    (question,) = asked(config, *pair("polygon", "polygon", "p1"))
    assert question.control.name == "brush"


def test_clicks_without_a_mark_beside_marked_ones_belong_to_earlier_masks() -> None:
    old, new = point(id="old"), point(id="new", is_positive=True)
    (question,) = asked(TWO_IMAGES, old, new, point(id="away", is_positive=False))
    assert [prompt.id for prompt in question.prompts] == ["new", "away"]


def test_clicks_without_a_mark_count_alone() -> None:
    (question,) = asked(TWO_IMAGES, point(id="a"), point(id="b"))
    assert [prompt.id for prompt in question.prompts] == ["a", "b"]


def test_each_image_of_a_list_has_its_own_question() -> None:
    config = TWO_IMAGES.replace('name="back" value', 'name="back" valueList')
    first, second = asked(config, point(item_index=0), point(item_index=1))
    assert (first.item_index, second.item_index) == (0, 1)
    (alone,) = asked(config, point())
    assert alone.item_index == 0
    (single,) = asked(TWO_IMAGES, point(item_index=3))
    assert single.item_index is None


def test_choices_are_no_question() -> None:
    assert asked(TWO_IMAGES, {"type": "choices", "value": {"choices": ["a"]}}) == []
    assert questions({}, labeling_config(TWO_IMAGES)) == []
