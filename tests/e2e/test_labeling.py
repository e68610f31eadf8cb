"""A labeler in a real browser: sees the pre-label, repairs it with a click and a box, submits."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, sync_playwright

from tests.e2e.browser import ARGUMENTS, chromium, knows_only, photograph
from tests.e2e.demo import Demo
from tests.e2e.masks import bounds, inner_point, iou, label_of, mask_of
from tests.e2e.screen import Screen

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def page(demo: Demo) -> Iterator[Page]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium(), args=[*ARGUMENTS, knows_only("127.0.0.1")]
        )
        page = browser.new_page(viewport={"width": 1600, "height": 1320})
        yield page
        browser.close()


def scene_with(demo: Demo, *labels: str) -> dict:
    """A garment scene whose pre-label has all the labels."""
    for task in demo.scenes():
        if set(labels) <= {label_of(region) for region in task["predictions"][0]["result"]}:
            return task
    raise AssertionError(f"no scene is pre-labelled with {labels}")


def test_a_labeler_repairs_a_pre_label_with_a_click_and_a_box(demo: Demo, page: Page) -> None:
    task = scene_with(demo, "dress", "pants")
    before = task["predictions"][0]["result"]
    dress, pants = (
        next(region for region in before if label_of(region) == label)
        for label in ("dress", "pants")
    )
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
    screen.log_in()
    screen.open_task(task["id"])

    assert [item["label"] for item in screen.state()["regions"]] == [*map(label_of, before)]
    headers = page.locator("body").inner_text()
    assert all(task["data"][key] in headers for key in ("Name", "Theme", "Typology"))
    photograph(page, "pre-label.jpg")

    screen.switch_auto_annotation_on()
    spot = inner_point(mask_of(dress))
    screen.delete_region_at(*spot)
    assert "dress" not in [item["label"] for item in screen.state()["regions"]]

    screen.choose_label("point", "dress")
    screen.choose_smart_tool("key-point-tool")
    with screen.expecting_a_mask() as clicked:
        screen.click_image(*spot)
    assert [label_of(region) for region in clicked] == ["dress"]
    assert screen.state()["suggestions"] == [{"type": "brushregion", "label": "dress"}]
    photograph(page, "segment-anything.jpg")
    screen.accept()

    screen.choose_label("box", "pants")
    screen.choose_smart_tool("rectangle-tool")
    with screen.expecting_a_mask() as boxed:
        screen.draw_box(*bounds(mask_of(pants)))
    screen.accept()
    regions = screen.state()["regions"]
    assert {item["type"] for item in regions} == {"brushregion"}
    assert len(regions) == len(before) + 1
    screen.submit()

    exported = demo.api(
        "GET", f"/api/projects/{demo.project}/export", params={"exportType": "JSON"}
    )
    (mine,) = [item for item in exported if item["id"] == task["id"]]
    result = mine["annotations"][0]["result"]
    assert {region["type"] for region in result} == {"brushlabels"}
    drawn = {label: [r for r in result if label_of(r) == label] for label in ("dress", "pants")}
    assert len(drawn["dress"]) == 1
    assert len(drawn["pants"]) == 2
    # What the editor stored is what Segment Anything answered, to the pixel.
    assert iou(mask_of(drawn["dress"][0]), mask_of(clicked[0])) == 1
    assert iou(mask_of(drawn["pants"][-1]), mask_of(boxed[0])) == 1
    assert iou(mask_of(clicked[0]), mask_of(dress)) > 0.6
    assert iou(mask_of(boxed[0]), mask_of(pants)) > 0.6
    assert outside == []
