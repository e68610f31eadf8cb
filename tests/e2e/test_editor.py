"""The changed editor beside the installed one, in a real browser: the same hands leave the same
annotation and see the same, and no other mask is encoded or drawn for a click. A task that is
opened has its pre-labels and annotations, whatever the page is told first.
"""

import io
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import (
    Browser,
    Page,
    Route,
    TimeoutError,
    ViewportSize,
    sync_playwright,
)

from tests.e2e.browser import ARGUMENTS, chromium, knows_only
from tests.e2e.demo import Demo
from tests.e2e.masks import inner_point, mask_of, masked
from tests.e2e.screen import PATIENCE_MS, Screen

pytestmark = pytest.mark.browser

MASKS = 6
VIEWPORT: ViewportSize = {"width": 1600, "height": 1320}
# Of the list beside a task.
PAGE_SIZE = 30
# The editor draws a mask that it encodes on a canvas that it puts into the page's body for that
# (exportRLE in libs/editor/src/utils/canvas.js), and does so for nothing else. A canvas of the
# picture's is cleared before it is drawn on.
COUNT = """window.encodings = 0;
const append = Node.prototype.appendChild;
Node.prototype.appendChild = function (child) {
  if (this === document.body && child instanceof HTMLCanvasElement) window.encodings += 1;
  return append.call(this, child);
};
window.drawn = new Set();
const clear = CanvasRenderingContext2D.prototype.clearRect;
CanvasRenderingContext2D.prototype.clearRect = function (...given) {
  window.drawn.add(this.canvas);
  return clear.apply(this, given);
};"""
# How many masks of the annotation were drawn anew.
DRAWN = """() => window.Htx.annotationStore.selected.regions
  .filter((region) => window.drawn.has(region.layerRef?.canvas._canvas)).length"""
ZOOM = """(step) => [...window.Htx.annotationStore.selected.names.values()]
  .find((tag) => tag.type === "image").handleZoom(step)"""

# Which mask the mouse hits at places of a grid over the stage, by its number; -1 for none.
HIT = """() => {
  const {regions, names} = window.Htx.annotationStore.selected;
  const {stageRef} = [...names.values()].find((tag) => tag.type === "image");
  const ids = regions.map((region) => region.cleanId), found = [];
  for (let y = 2; y < stageRef.height(); y += 7)
    for (let x = 2; x < stageRef.width(); x += 7)
      found.push(ids.indexOf(stageRef.getIntersection({x, y})?.getLayer().id()));
  return found;
}"""
SHOWN = "(window.Htx?.annotationStore?.selected?.regions.length ?? null)"
ALL_PAINTED = """() => {
  const annotation = window.Htx.annotationStore.selected;
  return [...annotation.regions, ...annotation.suggestions.values()]
    .filter((region) => region.type === "brushregion")
    .every((region) => region.layerRef?.findOne(".segmentation")?.children[0]?.image());
}"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium(), args=[*ARGUMENTS, knows_only("127.0.0.1")]
        )
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def tasks(demo: Demo) -> Iterator[list[int]]:
    """Two tasks with one image and the same pre-labels: MASKS of them."""
    scene = demo.scenes()[0]
    (prediction,) = scene["predictions"]
    pairs: list[dict[str, Any]] = []
    for number in range(MASKS):
        first = masked(prediction["result"])[number % len(masked(prediction["result"]))]
        name = f"m{number}"
        pairs += [
            {**result, "id": name} for result in prediction["result"] if result["id"] == first["id"]
        ]
    version = prediction["model_version"]
    one = {
        "data": scene["data"],
        "predictions": [{"model_version": version, "result": pairs}],
    }
    path = f"/api/projects/{demo.project}/import?return_task_ids=true"
    made = demo.api("POST", path, json=[one, one])["task_ids"]
    yield made
    for task in made:
        demo.api("DELETE", f"/api/tasks/{task}/")


@contextmanager
def editor(browser: Browser, demo: Demo, *, installed: bool) -> Iterator[Screen]:
    """A labeler's screen with the changed pages, or with those that are installed."""
    context = browser.new_context(viewport=VIEWPORT)
    page = context.new_page()
    page.add_init_script(COUNT)
    if installed:
        # Label Studio's own address of the same files.
        page.route("**/editor-*/react-app/**", as_installed)
    screen = Screen(page, demo)
    screen.log_in()
    yield screen
    context.close()


def as_installed(route: Route) -> None:
    before, _, after = route.request.url.partition("/editor-")
    route.continue_(url=f"{before}/{after.partition('/')[2]}")


def label(screen: Screen, task: int, at: tuple[float, float]) -> dict[str, Any]:
    """Click, refine, accept, look closer, paint, take back, paint, submit, and open it again."""
    page, asked, pictures = screen.page, [], {}
    page.on(
        "request",
        lambda request: (
            asked.append(json.loads(request.post_data or "")["context"])
            if "interactive-annotating" in request.url
            else None
        ),
    )
    screen.open_task(task)
    pictures["opened"] = picture(screen)
    hit = {"opened": page.evaluate(HIT)}
    page.set_viewport_size({**VIEWPORT, "height": VIEWPORT["height"] - 120})
    picture(screen)
    page.set_viewport_size(VIEWPORT)
    pictures["resized"] = picture(screen)
    hit["resized"] = page.evaluate(HIT)
    page.evaluate("() => window.Htx.settings.toggleShowLabels()")
    pictures["with labels"] = picture(screen)
    page.evaluate("() => window.Htx.settings.toggleShowLabels()")
    screen.switch_auto_annotation_on()
    screen.choose_label("hat")
    screen.choose_smart_tool("key-point-tool")
    encodings, drawn = [], []
    for x, y, key in ((*at, "Control"), (0.03, 0.03, "Alt")):
        before = page.evaluate("window.encodings")
        page.evaluate("window.drawn.clear()")
        with screen.expecting_a_mask():
            screen.click_image(x, y, key)
        pictures[f"answered with {key}"] = picture(screen)
        encodings.append(page.evaluate("window.encodings") - before)
        drawn.append(page.evaluate(DRAWN))
        screen.choose_label("hat")
    screen.accept()
    pictures["accepted"] = picture(screen)
    page.evaluate(ZOOM, 1)
    pictures["closer"] = picture(screen)
    hit["closer"] = page.evaluate(HIT)
    page.evaluate(ZOOM, -1)
    pictures["as before"] = picture(screen)
    screen.choose_label("hat")
    screen.choose_smart_tool("rectangle-tool")
    with screen.expecting_a_mask():
        screen.draw_box(0.3, 0.3, 0.6, 0.6)
    screen.accept()
    screen.choose_label("bag-belt")
    screen.press("b")
    before_brush = len(screen.state()["regions"])
    screen.drag((0.05, 0.85), (0.2, 0.9))
    screen.wait_for_regions(before_brush + 1)
    with_brush = screen.state()["regions"]
    screen.press("Control+z")
    screen.wait_for_regions(before_brush)
    undone = screen.state()["regions"]
    screen.choose_label("bag-belt")
    screen.press("b")
    screen.drag((0.05, 0.7), (0.2, 0.75))
    screen.submit()
    submitted = page.evaluate("window.encodings")
    screen.open_task(task)
    return {
        "encodings": encodings,
        "drawn": drawn,
        "hit": hit,
        "pictures": {**pictures, "reopened": picture(screen)},
        "submitted": submitted,
        "asked": asked,
        "undone": (with_brush, undone),
        "reloaded": screen.state()["regions"],
    }


def picture(screen: Screen) -> np.ndarray:
    """What is seen of the image and its masks, once all are painted: int16 (H, W, 3)."""
    screen.page.wait_for_function(ALL_PAINTED, timeout=PATIENCE_MS)
    screen.page.wait_for_timeout(500)
    taken = screen.page.locator(".konvajs-content").first.screenshot()
    return np.asarray(Image.open(io.BytesIO(taken)).convert("RGB"), dtype=np.int16)


def differing(one: np.ndarray, other: np.ndarray) -> float:
    """The share of numbers that are seen to differ."""
    return float((np.abs(one - other) > 32).mean())


def anonymous(results: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Results with their ids numbered in the order in which they come."""
    numbers: dict[str, str] = {}
    for result in results:
        numbers.setdefault(result["id"], f"region {len(numbers)}")
    return [{**result, "id": numbers[result["id"]]} for result in results]


def test_the_same_hands_leave_and_see_the_same_and_a_click_touches_no_other_mask(
    browser: Browser, demo: Demo, tasks: list[int]
) -> None:
    scene = demo.scenes()[0]
    at = inner_point(mask_of(masked(scene["predictions"][0]["result"])[0]))
    seen, stored = [], []
    for task, installed in zip(tasks, (True, False), strict=True):
        with editor(browser, demo, installed=installed) as screen:
            seen.append(label(screen, task, at))
        (annotation,) = demo.api("GET", f"/api/tasks/{task}/annotations/")
        stored.append(anonymous(annotation["result"]))
    before, after = seen
    assert stored[1] == stored[0]
    # Pre-labels, a clicked mask, a boxed one and a painted one.
    assert len(masked(stored[1])) == MASKS + 3
    for told in (before, after):
        told["asked"] = [anonymous(context["result"]) for context in told["asked"]]
    assert after["asked"] == before["asked"]
    assert len(after["asked"]) == 3
    for what in ("undone", "reloaded"):
        assert after[what] == before[what], what
    for what, shown in after["pictures"].items():
        assert differing(shown, before["pictures"][what]) < 0.001, what
    for what, places in after["hit"].items():
        as_before = before["hit"][what]
        # Masks are hit, and not everywhere.
        assert len(set(as_before)) > 2, what
        # What an opened task has for the mouse is drawn while the page takes its size, and kept: in
        # one of two places a pixel apart, by chance, installed and changed alike (0.4 % of the
        # grid). A page that gets another size has it drawn anew.
        most = 0.002 + (0.004 if what == "opened" else 0)
        assert np.mean(np.array(places) != np.array(as_before)) < most, what
    # What was done is seen, and so would be its absence.
    for one, other, least in (
        ("opened", "with labels", 0.002),
        ("with labels", "answered with Control", 0.002),
        ("accepted", "closer", 0.002),
        ("opened", "reopened", 0.005),
    ):
        assert differing(after["pictures"][one], after["pictures"][other]) > least, (one, other)
    assert differing(after["pictures"]["accepted"], after["pictures"]["as before"]) < 0.001
    with_brush, undone = after["undone"]
    assert len(with_brush) == len(undone) + 1
    assert after["encodings"] == [0, 0]
    # The count is one that can be wrong: the installed editor encodes all of them each time.
    assert all(count >= MASKS for count in before["encodings"])
    assert after["drawn"] == [0, 0]
    assert all(count >= MASKS for count in before["drawn"])
    assert after["submitted"] >= MASKS + 3


@pytest.fixture(scope="module")
def far_tasks(demo: Demo, tasks: list[int]) -> Iterator[dict[str, int]]:
    """A pre-labelled task, an annotated one, and one that is not on the list's first page."""
    (prediction,) = demo.api("GET", f"/api/tasks/{tasks[0]}/")["predictions"]
    data = demo.api("GET", f"/api/tasks/{tasks[0]}/")["data"]
    labelled = {"model_version": prediction["model_version"], "result": prediction["result"]}
    given = [
        {"data": data, "predictions": [labelled]},
        {"data": data, "annotations": [{"result": prediction["result"][:4]}]},
        *[{"data": data}] * PAGE_SIZE,
        {"data": data, "predictions": [labelled]},
    ]
    path = f"/api/projects/{demo.project}/import?return_task_ids=true"
    made = demo.api("POST", path, json=given)["task_ids"]
    yield {"pre-labelled": made[0], "annotated": made[1], "on another page": made[-1]}
    for task in made:
        demo.api("DELETE", f"/api/tasks/{task}/")


@pytest.mark.parametrize(
    ("kind", "shown", "shown_as_installed"),
    [("pre-labelled", MASKS, 0), ("annotated", 2, 0), ("on another page", MASKS, None)],
)
def test_an_opened_task_has_its_regions_though_the_list_came_before_the_editor(
    browser: Browser,
    demo: Demo,
    far_tasks: dict[str, int],
    kind: str,
    shown: int,
    shown_as_installed: int | None,
) -> None:
    task = far_tasks[kind]
    with editor(browser, demo, installed=False) as screen:
        open_late(screen, demo, task)
        wait_to_show(screen, shown)
    # The order is one that loses them.
    with editor(browser, demo, installed=True) as screen:
        open_late(screen, demo, task)
        wait_to_show(screen, shown_as_installed)


class Held:
    """Requests of an address, which wait until they are let go."""

    def __init__(self, page: Page, address: str) -> None:
        self.address = address
        self._page = page
        self._waiting: list[Route] | None = []
        page.route(address, self._come)

    def _come(self, route: Route) -> None:
        if self._waiting is None:
            route.continue_()
        else:
            self._waiting.append(route)

    def let_go(self) -> None:
        deadline = time.monotonic() + PATIENCE_MS / 1000
        while not self._waiting:
            assert time.monotonic() < deadline, f"nothing asked for {self.address}"
            self._page.wait_for_timeout(100)
        waiting, self._waiting = self._waiting, None
        for route in waiting:
            route.continue_()


def open_late(screen: Screen, demo: Demo, task: int) -> None:
    """Open a task as the first of its project, where its own answer comes first, then the list's,
    then that of the project, for which the editor waits.
    """
    # With a tab that somebody has opened before, the list is asked for before the task.
    demo.api("DELETE", "/api/dm/views/reset/", json={"project": demo.project})
    page = screen.page
    later = [Held(page, "**/api/tasks?page=*"), Held(page, "**/api/dm/project?project=*")]
    with page.expect_response(f"**/api/tasks/{task}?*"):
        page.goto(f"{demo.url}/projects/{demo.project}/data?task={task}", wait_until="commit")
    for held in later:
        page.wait_for_timeout(1_000)
        with page.expect_response(held.address):
            held.let_go()


def wait_to_show(screen: Screen, regions: int | None) -> None:
    """Wait until so many regions are shown, None without an editor, and see that it stays so."""
    with suppress(TimeoutError):  # What is shown instead says more.
        screen.page.wait_for_function(f"{SHOWN} === {json.dumps(regions)}", timeout=PATIENCE_MS)
    screen.page.wait_for_timeout(5_000)
    assert screen.page.evaluate(SHOWN) == regions
