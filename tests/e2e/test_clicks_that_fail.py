"""A click on an image that the model cannot read: the labeler sees why, in a real browser."""

import io
from collections.abc import Iterator

import pytest
from PIL import Image
from playwright.sync_api import Page, expect, sync_playwright

from demo.scenes.scene import draw
from tests.e2e.browser import ARGUMENTS, chromium, knows_only
from tests.e2e.demo import Demo
from tests.e2e.screen import PATIENCE_MS, Screen

pytestmark = pytest.mark.browser


@pytest.fixture
def page(demo: Demo) -> Iterator[Page]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium(), args=[*ARGUMENTS, knows_only("127.0.0.1")]
        )
        yield browser.new_page(viewport={"width": 1600, "height": 1320})
        browser.close()


@pytest.fixture
def cut_off(demo: Demo) -> Iterator[int]:
    """The task of a JPEG whose end is missing: browsers show what is there."""
    whole = io.BytesIO()
    Image.fromarray(draw(3, (600, 400)).image).save(whole, "JPEG", quality=90)
    content = whole.getvalue()
    before = {task["id"] for task in demo.tasks()}
    files = {"file": ("cut-off.jpg", content[: -len(content) // 6])}
    demo.api("POST", f"/api/projects/{demo.project}/import", files=files)
    (made,) = {task["id"] for task in demo.tasks()} - before
    yield made
    demo.api("DELETE", f"/api/tasks/{made}/")


def test_a_click_on_a_damaged_image_shows_the_reason(demo: Demo, page: Page, cut_off: int) -> None:
    screen = Screen(page, demo)
    screen.log_in()
    page.goto(f"{demo.url}/projects/{demo.project}/data?task={cut_off}")
    page.wait_for_selector(".lsf-label", timeout=PATIENCE_MS)
    page.wait_for_selector(".konvajs-content canvas", timeout=PATIENCE_MS)
    page.wait_for_timeout(2000)
    screen.switch_auto_annotation_on()
    screen.choose_label("dress")
    screen.choose_smart_tool("key-point-tool")
    with page.expect_response(
        lambda answer: "interactive-annotating" in answer.url, timeout=PATIENCE_MS
    ) as answer:
        screen.click_image(0.5, 0.4)
    assert answer.value.status == 422
    reason = page.get_by_text("the file is damaged or incomplete").first
    expect(reason).to_be_visible(timeout=PATIENCE_MS)
    assert screen.state()["suggestions"] == []
    # It was asked for a pre-label when it was opened: the reason is kept where people can see it.
    (task,) = [task for task in demo.tasks() if task["id"] == cut_off]
    (prediction,) = task["predictions"]
    assert prediction["result"] == []
    assert prediction["model_version"].endswith(" cannot: the file is damaged or incomplete")
