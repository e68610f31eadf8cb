"""The report: its figures, its page, its pictures."""

from datetime import UTC, date, datetime, timedelta, timezone
from html.parser import HTMLParser
from types import SimpleNamespace
from typing import Any, cast

import cv2
import numpy as np
import pytest

from masks.rle import encode_mask
from studio.label_studio.records import Project
from studio.label_studio.work import Judged
from studio.report.figures import MOST_PAIRS, Figures, figures_of
from studio.report.judged import JudgedTask, Judgement
from studio.report.page import page
from studio.report.picture import overlay
from studio.report.read import judged_task, report
from tests.studio.parts.conftest import task as task_of

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
USERS = {1: "anna@a.test", 2: "ben@a.test"}


def coat(start: int, end: int, label: str = "coat") -> dict:
    mask = np.zeros((4, 10), dtype=bool)
    mask[:, start:end] = True
    return {
        "id": f"{start}{label}",
        "from_name": "b",
        "to_name": "image",
        "type": "brushlabels",
        "original_width": 10,
        "original_height": 4,
        "value": {"format": "rle", "rle": encode_mask(mask), "brushlabels": [label]},
    }


def said(
    number: int, by: str, *results: dict, before: tuple | None = None, hours: float = 0, **more
) -> Judgement:
    fields = {"is_skip": False, "seconds": 30.0, **more}
    at = NOW - timedelta(hours=hours)
    return Judgement(number, by, at, results=results, prediction=before, **fields)


def task(number: int, *judgements: Judgement, name: str = "") -> JudgedTask:
    return JudgedTask(number, name or f"{number}.png", judgements)


def test_pace_is_counted_by_labeler_and_day_where_the_lead_is() -> None:
    tasks = [
        task(1, said(1, "anna", coat(0, 4), hours=1, seconds=10.0)),
        task(2, said(2, "anna", coat(0, 4), coat(5, 6, "hat"), hours=30, seconds=90.0)),
        task(3, said(3, "ben", coat(0, 4), seconds=None), said(4, "anna", is_skip=True)),
    ]
    found = figures_of(tasks, UTC)
    assert found.days == {date(2026, 11, 28): 2, date(2026, 11, 27): 1}
    anna, ben = found.labelers["anna"], found.labelers["ben"]
    assert (anna.annotations, anna.skips, anna.per_day, anna.median_seconds) == (2, 1, 1.0, 50.0)
    assert (ben.annotations, ben.median_seconds) == (1, None)
    assert anna.regions == {"coat": 2, "hat": 1}
    assert found.labels == {"coat": 3, "hat": 1}
    assert found.images == {"coat": 3, "hat": 1}
    auckland = figures_of(tasks, timezone(timedelta(hours=13)))
    assert date(2026, 11, 29) in auckland.days


def test_what_survived_of_pre_labels_is_counted_by_label() -> None:
    kept, moved, drawn = coat(0, 4), coat(0, 2), coat(8, 9, "hat")
    tasks = [
        task(1, said(1, "anna", kept, before=(kept,))),
        task(2, said(2, "anna", moved, before=(kept,))),
        task(3, said(3, "anna", drawn, before=())),
        task(4, said(4, "anna", kept, before=None)),
    ]
    found = figures_of(tasks, UTC).survival
    assert found["coat"].ious == [1.0, 0.5]
    assert (found["coat"].mean, found["coat"].unchanged, found["coat"].on_one_side) == (0.75, 1, 0)
    assert (found["hat"].ious, found["hat"].on_one_side) == ([0.0], 1)


def test_a_prompt_that_was_left_over_changes_no_figure() -> None:
    prompt = {**coat(0, 10), "from_name": "box", "id": "prompt"}
    tasks = [
        task(
            1,
            said(1, "anna", coat(0, 4), prompt, before=(coat(0, 4),)),
            said(2, "ben", coat(0, 4)),
        )
    ]
    found = figures_of(tasks, UTC, prompts={"box"})
    assert found.labels == {"coat": 2}
    assert found.survival["coat"].ious == [1.0]
    assert found.agreement_by_label == {"coat": [1.0]}


def test_agreement_is_counted_by_label_and_by_pair_of_people() -> None:
    tasks = [
        task(1, said(1, "ben", coat(0, 4)), said(2, "anna", coat(0, 2))),
        task(2, said(3, "anna", coat(0, 4)), said(4, "ben", coat(0, 4))),
        task(3, said(5, "anna", coat(0, 4)), said(6, "anna", coat(0, 2))),
        task(4, said(7, "anna", coat(0, 4)), said(8, "ben", is_skip=True)),
    ]
    found = figures_of(tasks, UTC)
    assert found.agreement_by_label == {"coat": [0.5, 1.0]}
    assert found.agreement_by_pair == {("anna", "ben"): [0.5, 1.0]}
    assert [(pair.task, pair.ids, pair.iou) for pair in found.worst] == [
        (1, (1, 2), 0.5),
        (2, (3, 4), 1.0),
    ]


def test_the_ten_that_disagree_most_are_kept() -> None:
    tasks = (
        task(n, said(2 * n, "anna", coat(0, 10)), said(2 * n + 1, "ben", coat(0, 1 + n % 10)))
        for n in range(50)
    )
    worst = figures_of(tasks, UTC).worst
    assert len(worst) == MOST_PAIRS
    assert [round(pair.iou, 1) for pair in worst] == [0.1] * 5 + [0.2] * 5


def test_an_alias_is_shown_by_the_name_that_labelers_see() -> None:
    found = figures_of([task(1, said(1, "anna", coat(0, 4, "c")))], UTC, {"c": "Coat"}.__getitem__)
    assert (found.labels, found.images) == ({"Coat": 1}, {"Coat": 1})


class Page(HTMLParser):
    """The tags and the text of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.addresses: list[str] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.addresses += [value or "" for name, value in attrs if name in ("src", "href")]

    def handle_data(self, data: str) -> None:
        self.text += data


def test_names_are_escaped_and_nothing_comes_from_the_network() -> None:
    evil = "<script>alert(1)</script>\"'&"
    tasks = [
        task(1, said(1, evil, coat(0, 4, evil)), said(2, "ben", coat(0, 2, evil)), name=evil),
        task(2, said(3, evil, coat(0, 4)), said(4, "ben", coat(0, 2))),
    ]
    figures = figures_of(tasks, UTC)
    picture = overlay(None, *(np.ones((4, 10), dtype=bool),) * 3)
    shown = Page(page(evil, NOW, figures, {figures.worst[0]: picture, figures.worst[1]: evil}))
    assert "script" not in shown.tags
    assert shown.text.count("<script>") >= 6
    assert [address[:22] for address in shown.addresses] == ["data:image/png;base64,"]
    assert {"svg", "table", "figure"} <= set(shown.tags)


def test_a_project_without_annotations_has_a_page_too() -> None:
    assert "none yet" in page("Coats", NOW, Figures(), {})


def test_a_picture_shows_who_marked_what_on_the_image() -> None:
    grey = np.full((40, 100, 3), 100, dtype=np.uint8)
    written, content = cv2.imencode(".png", grey)
    assert written
    parts = np.zeros((3, 40, 100), dtype=bool)
    for index in range(3):
        parts[index, :, 25 * index : 25 * (index + 1)] = True
    png = overlay(content.tobytes(), *parts)
    drawn = cv2.imdecode(np.frombuffer(png, dtype=np.uint8), cv2.IMREAD_COLOR)
    assert drawn is not None
    assert drawn.shape == (40, 100, 3)
    blue, green, red = (drawn[20, column].argmax() for column in (60, 10, 35))
    assert (blue, green, red) == (0, 1, 2)
    assert (drawn[20, 90] == 100).all(), "the image itself where nobody marked"


def test_a_large_picture_is_made_smaller_and_one_that_is_gone_is_grey() -> None:
    png = overlay(b"no image", *(np.zeros((3000, 1500), dtype=bool),) * 3)
    drawn = cv2.imdecode(np.frombuffer(png, dtype=np.uint8), cv2.IMREAD_COLOR)
    assert drawn is not None
    assert drawn.shape == (480, 240, 3)
    assert (drawn == 200).all()


def test_an_image_that_opencv_refuses_is_grey_too(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*arguments: object) -> None:
        raise cv2.error("too many pixels")

    with monkeypatch.context() as patch:
        patch.setattr("studio.report.picture.cv2.imdecode", refuse)
        png = overlay(b"an image", *(np.zeros((4, 10), dtype=bool),) * 3)
    drawn = cv2.imdecode(np.frombuffer(png, dtype=np.uint8), cv2.IMREAD_COLOR)
    assert drawn is not None
    assert (drawn == 200).all()


@pytest.mark.parametrize(
    ("parent", "expected"),
    [(7, "old"), (None, "new"), (99, "new"), (11, None)],
    ids=["the one named", "the newest before", "one that is gone", "no model's"],
)
def test_an_annotation_is_compared_with_the_pre_label_it_began_from(
    parent: int | None, expected: str | None
) -> None:
    def made(number: int, text: str, at: str, version: str = "v1") -> dict:
        created = f"2026-11-{at}T10:00:00.000000Z"
        fields = {"id": number, "created_at": created, "model_version": version}
        return {**fields, "result": [{"text": text}]}

    annotation = made(1, "mine", "25") | {"completed_by": 1, "parent_prediction": parent}
    predictions = (
        made(7, "old", "20"),
        made(8, "new", "24"),
        made(9, "refused", "24", "v2 cannot: too large"),
        made(10, "later", "26"),
        made(11, "people's", "24", "consensus of 2 (0123abcd)"),
    )
    found = judged_task(Judged(3, {}, (annotation,), predictions), USERS)
    (judgement,) = found.judgements
    assert judgement.prediction == (None if expected is None else [{"text": expected}])
    assert (judgement.by, found.name) == ("anna@a.test", "task 3")


def test_a_project_of_boxes_alone_has_a_page_with_pictures_too() -> None:
    """Boxes cover pixels as masks do; no control of the labeling config holds masks."""
    labels = '<RectangleLabels name="b" toName="i"><Label value="coat"/></RectangleLabels>'
    config = f'<View><Image name="i" value="$scan"/>{labels}</View>'

    def box(number: int, user: int, width: int) -> dict:
        place = {"x": 0, "y": 0, "width": width, "height": 50, "rotation": 0}
        result = {
            "id": "r",
            "from_name": "b",
            "to_name": "i",
            "type": "rectanglelabels",
            "original_width": 10,
            "original_height": 4,
            "value": {**place, "rectanglelabels": ["coat"]},
        }
        at = "2026-11-25T10:00:00.000000Z"
        return {"id": number, "completed_by": user, "created_at": at, "result": [result]}

    judged = Judged(1, {"scan": "/data/1.png"}, (box(1, 1, 40), box(2, 2, 80)), ())
    read: list[str] = []
    studio = SimpleNamespace(
        users=lambda: USERS,
        tasks=lambda project: [task_of(1, "1.png", annotations=2)],
        work=SimpleNamespace(judged=lambda project, tasks: iter([judged])),
        storages=SimpleNamespace(read_image=lambda task, address: read.append(address)),
    )
    project = Project(1, "Boxes", "", config, True, False, "")
    shown = report(cast(Any, studio), project, NOW, lambda *_: None)
    assert "anna@a.test" in shown
    assert read == ["/data/1.png"], "the pair that disagrees is shown on its image"
