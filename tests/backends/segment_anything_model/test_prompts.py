import pytest

from backends.segment_anything_model.prompts import Click, Prompts, read_prompts
from backends.serving.errors import BadRequest
from masks.results import drawn_regions


def point(x: float = 50, y: float = 25, **more: object) -> dict:
    return {"type": "keypointlabels", "value": {"x": x, "y": y, "width": 0.3}, **more}


def box(x: float, y: float, width: float, height: float, rotation: object = 0) -> dict:
    value = {"x": x, "y": y, "width": width, "height": height, "rotation": rotation}
    return {"type": "rectanglelabels", "value": value}


def shape(kind: str, **value: object) -> dict:
    return {"type": kind, "value": value}


def read(*results: dict, width: int = 200, height: int = 400) -> Prompts:
    return read_prompts(drawn_regions(results), width, height)


def test_percent_becomes_pixels() -> None:
    assert read(point(50, 25)).clicks == (Click(100, 100, True),)


@pytest.mark.parametrize(
    ("mark", "positive"),
    [({}, True), ({"is_positive": True}, True), ({"is_positive": 1}, True),
     ({"is_positive": False}, False), ({"is_positive": 0}, False)],
)  # fmt: skip
def test_a_missing_mark_means_positive(mark: dict, positive: bool) -> None:
    assert read(point(**mark)).clicks[0].positive is positive


def test_clicks_keep_their_order() -> None:
    prompts = read(point(1, 1), point(2, 2), point(3, 3, is_positive=False))
    assert [(click.x, click.positive) for click in prompts.clicks] == [
        (2, True),
        (4, True),
        (6, False),
    ]


def test_negative_clicks_alone_show_nothing() -> None:
    assert not read(point(is_positive=False)).shows_something
    assert read(point(is_positive=False), point()).shows_something


def test_the_newest_box_counts_alone() -> None:
    assert read(box(10, 10, 20, 20), box(50, 50, 10, 10)).box == (100, 200, 120, 240)
    drawn = shape("brush", rle=[0])
    assert read(drawn, box(50, 50, 10, 10)) == Prompts(box=(100, 200, 120, 240))
    assert read(box(50, 50, 10, 10), drawn) == Prompts(drawn=drawn)


def test_a_turned_box_becomes_the_upright_box_around_it() -> None:
    # 40 x 40 px, turned by 90 degrees clockwise about its first corner (100, 200): left of it.
    assert read(box(50, 50, 20, 10, rotation=90)).box == pytest.approx((60, 200, 100, 240))


def test_an_ellipse_becomes_the_box_around_it() -> None:
    upright = shape("ellipselabels", x=50, y=50, radiusX=20, radiusY=5, rotation=0)
    assert read(upright).box == pytest.approx((60, 180, 140, 220))
    turned = shape("ellipse", x=50, y=50, radiusX=20, radiusY=5, rotation=90)
    assert read(turned).box == pytest.approx((80, 160, 120, 240))


def test_a_polygon_becomes_the_box_around_it() -> None:
    polygon = shape("polygonlabels", points=[[10, 50], [50, 25], [30, 60]], closed=True)
    assert read(polygon).box == pytest.approx((20, 100, 100, 240))


@pytest.mark.parametrize(
    "bad",
    [
        shape("polygon", points=[]),
        shape("polygon"),
        shape("polygon", points=[[1, 2], "x"]),
        shape("polygon", points=[[1, None]]),
        shape("ellipse", x=1, y=2),
        shape("keypoint", x=1),
        shape("rectangle", x=1, y=2, width=float("nan"), height=1),
    ],
)
def test_a_prompt_without_usable_numbers_is_refused(bad: dict) -> None:
    with pytest.raises(BadRequest, match="of the context needs"):
        read(bad)


def test_prompts_outside_the_image_are_moved_to_its_edge() -> None:
    prompts = read(point(150, -3), box(90, 90, 50, 50))
    assert (prompts.clicks[0].x, prompts.clicks[0].y) == (199, 0)
    assert prompts.box == (180, 360, 200, 400)


@pytest.mark.parametrize("size", [(0, 0), (0.2, 10), (10, 0.1)])
def test_a_box_without_size_is_a_click(size: tuple[float, float]) -> None:
    prompts = read(box(50, 50, *size))
    assert prompts.box is None
    (click,) = prompts.clicks
    assert click.positive
    assert (click.x, click.y) == pytest.approx((100 + size[0], 200 + 2 * size[1]))


def test_on_a_strip_of_one_pixel_every_box_is_a_click() -> None:
    assert read(box(10, 0, 20, 100), width=5000, height=1).box == (500, 0, 1500, 1)
    assert read(box(10, 20, 20, 30), width=5000, height=1).clicks == (Click(1000, 0),)


def test_a_box_around_the_whole_picture_is_drawn_in() -> None:
    assert read(box(0, 0, 100, 100)).box == pytest.approx((6, 12, 194, 388))
    assert read(box(0.5, 0.5, 99, 99)).box == pytest.approx((6, 12, 194, 388))
    assert read(box(0, 0, 100, 50)).box == (0, 0, 200, 200)


def test_a_click_says_more_than_a_box_around_the_whole_picture() -> None:
    assert read(box(0, 0, 100, 100), point(50, 25)) == Prompts((Click(100, 100),))
