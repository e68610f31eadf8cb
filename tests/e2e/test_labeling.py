"""A labeler in a real browser does each step of docs/labeling.md, and what it says comes of it."""

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
import pytest
from playwright.sync_api import Page, sync_playwright

from tests.e2e.browser import ARGUMENTS, chromium, knows_only, photograph
from tests.e2e.demo import Demo
from tests.e2e.masks import bounds, inner_point, iou, label_of, mask_of, masked
from tests.e2e.screen import Screen
from tests.e2e.test_demo import interactive_backend

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def page(demo: Demo) -> Iterator[Page]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium(), args=[*ARGUMENTS, knows_only("127.0.0.1")]
        )
        page = browser.new_page(viewport={"width": 1600, "height": 1320})
        Screen(page, demo).log_in()
        yield page
        browser.close()


def scenes_with(demo: Demo, *labels: str) -> list[dict]:
    """The garment scenes whose pre-labels have all the labels."""
    return [
        task
        for task in demo.scenes()
        if set(labels) <= {label_of(one) for one in masked(task["predictions"][0]["result"])}
    ]


def garment(task: dict, label: str) -> dict:
    found = masked(task["predictions"][0]["result"])
    return next(region for region in found if label_of(region) == label)


def saved(demo: Demo, task: int) -> list[dict]:
    """The result of a task's one annotation."""
    (annotation,) = demo.api("GET", f"/api/tasks/{task}/annotations/")
    return annotation["result"]


def test_a_labeler_repairs_a_pre_label_with_clicks_and_a_box(demo: Demo, page: Page) -> None:
    task = scenes_with(demo, "dress", "pants")[0]
    before = masked(task["predictions"][0]["result"])
    dress, pants = garment(task, "dress"), garment(task, "pants")
    outside: list[str] = []
    page.on(
        "request",
        lambda request: (
            None
            if request.url.startswith((demo.url, "data:", "blob:"))
            else outside.append(request.url)
        ),
    )
    screen = Screen(page, demo)
    screen.open_task(task["id"])

    # The pre-label is there, and each garment has its label's color.
    assert [item["label"] for item in screen.state()["regions"]] == [*map(label_of, before)]
    screen.wait_until_painted(0.05)
    headers = page.locator("body").inner_text()
    assert all(task["data"][key] in headers for key in ("Name", "Theme", "Typology"))
    photograph(page, "pre-label.jpg")

    screen.switch_auto_annotation_on()
    screen.press("d")
    assert screen.chosen_labels() == [], "right after the switch no key does anything"
    x, y = inner_point(mask_of(dress))
    screen.delete_region_at(x, y)
    assert "dress" not in [item["label"] for item in screen.state()["regions"]]

    # A click, a second one, and one that takes away.
    screen.press("d")
    assert screen.chosen_labels() == ["dress"]
    screen.choose_smart_tool("key-point-tool")
    with screen.expecting_a_mask() as first:
        screen.click_image(x, y)
    assert screen.state()["suggestions"] == [{"type": "brushregion", "label": "dress"}]
    photograph(page, "segment-anything.jpg")
    screen.choose_label("dress")
    with screen.expecting_a_mask() as second:
        screen.click_image(x, min(y + 0.03, 0.99), "Control")
    screen.choose_label("dress")
    with screen.expecting_a_mask() as clicked:
        screen.click_image(0.03, 0.03, "Alt")
    assert [len(masked(answer)) for answer in (first, second, clicked)] == [1, 1, 1]
    assert len(screen.prompts[-1]) == 3
    assert [one["is_positive"] for one in screen.prompts[-1]] == [True, True, False]
    screen.accept()

    screen.choose_label("pants")
    screen.choose_smart_tool("rectangle-tool")
    with screen.expecting_a_mask() as boxed:
        screen.draw_box(*bounds(mask_of(pants)))
    screen.accept()
    regions = screen.state()["regions"]
    assert {item["type"] for item in regions} == {"brushregion"}
    assert len(regions) == len(before) + 1
    screen.submit()

    result = saved(demo, task["id"])
    assert {region["type"] for region in result} == {"brush", "labels"}
    drawn = {
        label: [one for one in masked(result) if label_of(one) == label]
        for label in ("dress", "pants")
    }
    assert (len(drawn["dress"]), len(drawn["pants"])) == (1, 2)
    # What the editor stored is what Segment Anything answered, to the pixel.
    assert iou(mask_of(drawn["dress"][0]), mask_of(clicked[0])) == 1
    assert iou(mask_of(drawn["pants"][-1]), mask_of(boxed[0])) == 1
    assert iou(mask_of(clicked[0]), mask_of(dress)) > 0.6
    assert iou(mask_of(boxed[0]), mask_of(pants)) > 0.6

    # It is still so when the page is loaded again.
    screen.open_task(task["id"])
    assert [item["label"] for item in screen.state()["regions"]] == [*map(label_of, masked(result))]
    assert outside == []


def test_a_labeler_paints_erases_and_takes_back(demo: Demo, page: Page) -> None:
    task = scenes_with(demo, "skirt")[0]
    screen = Screen(page, demo)
    screen.open_task(task["id"])
    before = len(screen.state()["regions"])

    screen.press("7")  # hat
    screen.press("b")
    screen.drag((0.05, 0.85), (0.2, 0.9))
    screen.wait_for_regions(before + 1)
    assert screen.state()["regions"][-1] == {"type": "brushregion", "label": "hat"}
    screen.press("Control+z")
    screen.wait_for_regions(before)
    screen.choose_label("hat")
    screen.press("b")
    screen.drag((0.05, 0.85), (0.2, 0.9))
    screen.wait_for_regions(before + 1)
    screen.press("e")
    screen.drag((0.12, 0.8), (0.12, 0.95))
    screen.press("Escape")

    screen.choose_label("jewelry")
    screen.press("w")
    screen.drag((0.9, 0.9), (0.93, 0.93))
    screen.wait_for_regions(before + 2)
    assert [one["label"] for one in screen.state()["regions"][before:]] == ["hat", "jewelry"]
    screen.submit()

    result = saved(demo, task["id"])
    assert {region["type"] for region in result} == {"brush", "magicwand", "labels"}
    hat, jewelry = masked(result)[-2:]
    assert (label_of(hat), label_of(jewelry)) == ("hat", "jewelry")
    mask = mask_of(hat)
    height, width = mask.shape
    column = int(0.12 * width)
    assert not mask[:, column].any(), "the eraser went through it"
    assert mask[:, :column].any()
    assert mask[:, column:].any()
    assert mask_of(jewelry)[int(0.91 * height), int(0.91 * width)]


def test_submit_without_the_tick_keeps_the_point_and_drops_the_mask(demo: Demo, page: Page) -> None:
    """Label Studio's editor does so; `studio status` names the task."""
    task = scenes_with(demo, "skirt")[1]
    screen = Screen(page, demo)
    screen.open_task(task["id"])
    screen.switch_auto_annotation_on()
    screen.delete_region_at(*inner_point(mask_of(garment(task, "skirt"))))
    screen.choose_label("skirt")
    screen.choose_smart_tool("key-point-tool")
    with screen.expecting_a_mask():
        screen.click_image(*inner_point(mask_of(garment(task, "skirt"))))
    screen.submit()
    result = saved(demo, task["id"])
    assert "skirt" not in map(label_of, masked(result))
    assert "keypoint" in {region["type"] for region in result}


def test_a_labeler_discards_a_mask_and_a_draft_outlives_the_page(demo: Demo, page: Page) -> None:
    task = scenes_with(demo, "skirt")[2]
    screen = Screen(page, demo)
    screen.open_task(task["id"])
    before = screen.state()["regions"]
    screen.switch_auto_annotation_on()
    screen.choose_label("skirt")
    screen.press("v")
    # A task opens with the tool that was chosen last.
    tools = ("move-tool", "key-point-tool", "rectangle-tool")
    for opened_with, by_key in pairwise(tools):
        screen.open_task(task["id"])
        assert screen.chosen_tool() == opened_with
        screen.choose_label("skirt")
        screen.press("m")
        assert screen.chosen_tool() == by_key
    screen.choose_smart_tool("key-point-tool")
    with screen.expecting_a_mask():
        screen.click_image(*inner_point(mask_of(garment(task, "skirt"))), "Control")
    assert screen.state()["suggestions"] == [{"type": "brushregion", "label": "skirt"}]
    screen.discard()
    assert screen.state() == {"regions": before, "suggestions": []}

    screen.choose_label("hat")
    screen.press("b")
    with screen.expecting_a_draft():
        screen.drag((0.05, 0.85), (0.2, 0.9))
    assert demo.api("GET", f"/api/tasks/{task['id']}/annotations/") == []
    assert not demo.api("GET", f"/api/tasks/{task['id']}/")["is_labeled"]
    screen.open_task(task["id"])
    hat = {"type": "brushregion", "label": "hat"}
    assert screen.state()["regions"] == [*before, hat]
    screen.submit()
    (annotation,) = demo.api("GET", f"/api/tasks/{task['id']}/annotations/")
    labels = [label_of(one) for one in masked(annotation["result"])]
    assert labels == [one["label"] for one in (*before, hat)]
    assert {one["type"] for one in annotation["result"]} == {"brush", "labels"}
    assert demo.user in annotation["created_username"]


def test_a_point_that_was_left_over_changes_no_later_mask(demo: Demo, page: Page) -> None:
    """After a reload the editor sends old points along, without their mark."""
    task = scenes_with(demo, "dress")[1]
    screen = Screen(page, demo)
    screen.open_task(task["id"])
    for at in ((0.03, 0.03), inner_point(mask_of(garment(task, "dress")))):
        screen.switch_auto_annotation_on()
        screen.choose_label("dress")
        screen.choose_smart_tool("key-point-tool")
        with screen.expecting_a_draft(), screen.expecting_a_mask() as answer:
            screen.click_image(*at, "Control")
        screen.open_task(task["id"])
    old, new = screen.prompts[-1]
    assert "is_positive" not in old
    assert new["is_positive"]

    def asked(*points: dict) -> np.ndarray:
        """The mask for points as the editor sends those of an unfinished region."""
        marked = [
            {**one, "is_positive": True, "value": {**one["value"], "labels": ["dress"]}}
            for one in points
        ]
        path = f"/api/ml/{interactive_backend(demo)}/interactive-annotating"
        body = {"task": task["id"], "context": {"result": marked}}
        (mask,) = masked(demo.api("POST", path, json=body)["data"]["result"])
        return mask_of(mask)

    (shown,) = masked(answer)
    assert iou(mask_of(shown), asked(new)) == 1
    assert iou(mask_of(shown), asked(old, new)) < 0.99, "the old point would have mattered"
