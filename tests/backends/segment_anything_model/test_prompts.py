import pytest

from backends.segment_anything_model.prompts import Click, prompt_groups
from backends.serving.errors import BadRequest


def point(x: float = 50, y: float = 25, label: str | None = "hat", **more: object) -> dict:
    value: dict = {"x": x, "y": y, "width": 0.3}
    if label:
        value["keypointlabels"] = [label]
    return {"type": "keypointlabels" if label else "keypoint", "value": value, **more}


def box(x: float, y: float, width: float, height: float, rotation: object = 0) -> dict:
    value = {"x": x, "y": y, "width": width, "height": height, "rotation": rotation}
    return {"type": "rectanglelabels", "value": {**value, "rectanglelabels": ["hat"]}}


def groups(*regions: dict):
    return prompt_groups({"result": list(regions)}, width=200, height=400)


def test_percent_becomes_pixels() -> None:
    (group,) = groups(point(50, 25))
    assert group.clicks == [Click(100, 100, True)]
    assert group.label == "hat"


@pytest.mark.parametrize(
    ("mark", "positive"),
    [({}, True), ({"is_positive": True}, True), ({"is_positive": 1}, True),
     ({"is_positive": False}, False), ({"is_positive": 0}, False)],
)  # fmt: skip
def test_a_missing_mark_means_positive(mark: dict, positive: bool) -> None:
    (group,) = groups(point(**mark))
    assert group.clicks[0].positive is positive


def test_prompts_keep_their_order_and_are_grouped_by_label() -> None:
    hat, scarf = groups(point(1, 1), point(2, 2, "scarf"), point(3, 3, is_positive=False))
    assert [(click.x, click.positive) for click in hat.clicks] == [(2, True), (6, False)]
    assert scarf.label == "scarf"


def test_no_label_chosen_yet_is_a_group_of_its_own() -> None:
    (group,) = groups(point(label=None))
    assert group.label is None
    assert group.shows_something


def test_negative_clicks_alone_show_nothing() -> None:
    (group,) = groups(point(is_positive=False))
    assert not group.shows_something


def test_several_boxes_are_kept() -> None:
    (group,) = groups(box(10, 10, 20, 20), box(50, 50, 10, 10))
    assert group.boxes == [(20, 40, 60, 120), (100, 200, 120, 240)]


def test_a_turned_box_becomes_the_upright_box_around_it() -> None:
    # 40 x 40 px, turned by 90 degrees clockwise about its first corner (100, 200): left of it.
    (group,) = groups(box(50, 50, 20, 10, rotation=90))
    assert group.boxes[0] == pytest.approx((60, 200, 100, 240))


def test_prompts_outside_the_image_are_moved_to_its_edge() -> None:
    (group,) = groups(point(150, -3), box(90, 90, 50, 50))
    assert (group.clicks[0].x, group.clicks[0].y) == (199, 0)
    assert group.boxes[0] == (180, 360, 200, 400)


def test_a_drawn_mask_is_kept_to_be_refined() -> None:
    region = {"type": "brushlabels", "value": {"rle": [0], "brushlabels": ["hat"]}}
    (group,) = groups(region, point())
    assert group.masks == [region]


def test_other_regions_are_no_prompts() -> None:
    assert groups({"type": "choices", "value": {"choices": ["a"]}}) == []
    assert prompt_groups({}, 10, 10) == []


@pytest.mark.parametrize(
    "region",
    [
        {"type": "keypointlabels", "value": {"y": 1}},
        {"type": "keypointlabels", "value": {"x": "1", "y": 1}},
        {"type": "keypointlabels", "value": {"x": True, "y": 1}},
        {"type": "keypointlabels", "value": {"x": float("inf"), "y": 1}},
        {"type": "rectanglelabels", "value": {"x": 1, "y": 1, "width": 2}},
        box(1, 1, 5, 5, rotation="steep"),
    ],
)
def test_a_prompt_without_numbers_is_refused(region: dict) -> None:
    with pytest.raises(BadRequest, match="needs a number for"):
        groups(region)


@pytest.mark.parametrize("flat", [box(10, 10, 0, 5), box(10, 10, 0.1, 0.1), box(100, 10, 9, 9)])
def test_a_box_smaller_than_a_pixel_is_refused(flat: dict) -> None:
    with pytest.raises(BadRequest, match="smaller than a pixel"):
        groups(flat)
