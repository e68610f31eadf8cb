"""Label Studio's labeling screen, as a labeler's hands and eyes have it."""

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, Literal, Protocol

from playwright.sync_api import Page, TimeoutError

Tool = Literal["key-point-tool", "rectangle-tool"]

_STATE = """() => {
  const annotation = window.Htx.annotationStore.selected;
  const told = (region) => ({type: region.type, label: (region.labels || []).join()});
  return {regions: annotation.regions.map(told),
          suggestions: [...annotation.suggestions.values()].map(told)};
}"""
_CHOSEN = """() => [...window.Htx.annotationStore.selected.names.values()]
  .filter((tag) => tag.type === "labels").flatMap((tag) => tag.selectedValues())"""
_TOOL = """() => [...document.querySelectorAll(".lsf-tool_active")]
  .map((tool) => tool.getAttribute("aria-label")).filter(Boolean).pop()"""
_PAINTED = """() => Math.max(...[...document.querySelectorAll(".konvajs-content canvas")].map(
  (canvas) => {
    const {data} = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    let found = 0;
    for (let i = 0; i < data.length; i += 4) {
      const [red, green, blue, alpha] = data.slice(i, i + 4);
      if (alpha && Math.max(red, green, blue) - Math.min(red, green, blue) > 60) found += 1;
    }
    return found / (data.length / 4);
  }))"""
# Where the picture is in its stage, which fills the panel and is wider than a portrait: px from the
# stage's corner.
_FRAME = """() => {
  const image = [...window.Htx.annotationStore.selected.names.values()]
    .find((tag) => tag.type === "image");
  return [image.alignmentOffset.x + image.zoomingPositionX,
    image.alignmentOffset.y + image.zoomingPositionY,
    image.canvasSize.width, image.canvasSize.height];
}"""
# Nothing here decides by how fast a machine is: it waits for what a labeler would wait for.
PATIENCE_MS = 180_000


class Studio(Protocol):
    """Where a labeler works: an address, an account, a project."""

    @property
    def url(self) -> str: ...
    @property
    def user(self) -> str: ...
    @property
    def password(self) -> str: ...
    @property
    def project(self) -> int: ...


class Screen:
    """One browser page. Positions are shares of the image's width and height."""

    def __init__(self, page: Page, studio: Studio) -> None:
        self.page = page
        page.set_default_timeout(PATIENCE_MS)
        self.prompts: list[list[dict[str, Any]]] = []
        self._studio = studio

    def log_in(self) -> None:
        self.page.goto(f"{self._studio.url}/user/login/")
        self.page.fill("input[name=email]", self._studio.user)
        self.page.fill("input[name=password]", self._studio.password)
        self.page.click("button[type=submit]")
        self.page.wait_for_url(lambda url: "/user/login" not in url, timeout=PATIENCE_MS)

    def open_task(self, task: int) -> None:
        self.page.goto(f"{self._studio.url}/projects/{self._studio.project}/data?task={task}")
        self.page.wait_for_selector(".lsf-label", timeout=PATIENCE_MS)
        self.page.wait_for_function(
            "() => window.Htx?.annotationStore?.selected?.regions?.length > 0", timeout=PATIENCE_MS
        )
        self.page.wait_for_selector(".konvajs-content canvas", timeout=PATIENCE_MS)
        self.page.wait_for_timeout(2000)  # Masks are painted after they are known.

    def switch_auto_annotation_on(self) -> None:
        """Click its switch until the smart tools are there.

        The page renders its bottom bar anew while a task loads, and a click may fall in between.
        """
        deadline = time.monotonic() + PATIENCE_MS / 1000
        while not self.page.locator(".lsf-tool_smart").count():
            assert time.monotonic() < deadline, "auto-annotation cannot be switched on"
            self.page.click("[data-testid=bottombar-auto-annotation-toggle]")
            with suppress(TimeoutError):
                self.page.wait_for_selector(".lsf-tool_smart", timeout=5_000)

    def choose_label(self, label: str) -> None:
        """Choose a label of the list, unless it is chosen already."""
        if self.chosen_labels() != [label]:
            self.page.locator(".lsf-label").filter(has_text=label).first.click()

    def chosen_labels(self) -> list[str]:
        return self.page.evaluate(_CHOSEN)

    def chosen_tool(self) -> str:
        """What the toolbar shows as chosen: "key-point-tool", "brush-tool", ..."""
        return self.page.evaluate(_TOOL)

    def press(self, key: str) -> None:
        self.page.keyboard.press(key)
        self.page.wait_for_timeout(300)

    def choose_smart_tool(self, tool: Tool) -> None:
        """Click a tool in the smart tool's fly-out."""
        self.page.locator(".lsf-tool_smart").first.hover()
        self.page.locator(f".lsf-tool_smart[aria-label={tool}]").click()

    def click_image(self, x: float, y: float, key: str | None = None) -> None:
        """Click, with a key held down or without."""
        if key:
            self.page.keyboard.down(key)
        self.page.mouse.click(*self._at(x, y))
        if key:
            self.page.keyboard.up(key)

    def drag(self, start: tuple[float, float], end: tuple[float, float]) -> None:
        """Draw from one place to the other with the chosen tool."""
        self.page.mouse.move(*self._at(*start))
        self.page.mouse.down()
        self.page.mouse.move(*self._at(*end), steps=8)
        self.page.mouse.up()
        self.page.wait_for_timeout(700)

    def wait_until_painted(self, share: float) -> None:
        """Wait until something is painted over more than this share of the image."""
        self.page.wait_for_function(f"() => ({_PAINTED})() > {share}")

    def draw_box(self, x0: float, y0: float, x1: float, y1: float) -> None:
        """Drag a box, with Ctrl held so that it may start on a region."""
        self.page.keyboard.down("Control")
        self.page.mouse.move(*self._at(x0, y0))
        self.page.mouse.down()
        self.page.mouse.move(*self._at((x0 + x1) / 2, (y0 + y1) / 2), steps=4)
        self.page.mouse.move(*self._at(x1, y1), steps=4)
        self.page.mouse.up()
        self.page.keyboard.up("Control")

    def delete_region_at(self, x: float, y: float) -> None:
        self.page.click(".lsf-tool[aria-label=move-tool]")  # Any other tool would draw.
        self.click_image(x, y)
        self.page.wait_for_function(
            "() => window.Htx.annotationStore.selected.selectedRegions.length === 1"
        )
        before = len(self.state()["regions"])
        self.page.keyboard.press("Backspace")
        self.wait_for_regions(before - 1)

    def wait_for_regions(self, count: int) -> None:
        """Wait until the annotation has so many regions."""
        self.page.wait_for_function(
            f"() => window.Htx.annotationStore.selected.regions.length === {count}"
        )

    @contextmanager
    def expecting_a_mask(self) -> Iterator[list[dict[str, Any]]]:
        """Collect the regions that Segment Anything answers to what is done in the block."""
        regions: list[dict[str, Any]] = []
        with self.page.expect_response(
            lambda answer: "interactive-annotating" in answer.url, timeout=PATIENCE_MS
        ) as answer:
            yield regions
        asked: Any = answer.value.request.post_data_json
        self.prompts.append(_points(asked["context"]["result"]))
        regions += answer.value.json()["data"]["result"]
        self.page.wait_for_selector(
            "[data-testid=bottombar-accept-suggestions-button]", timeout=PATIENCE_MS
        )
        self.page.wait_for_timeout(1000)

    def accept(self) -> None:
        self.page.click("[data-testid=bottombar-accept-suggestions-button]")
        self.page.wait_for_function(
            "() => window.Htx.annotationStore.selected.suggestions.size === 0"
        )
        self.page.keyboard.press("Escape")

    def discard(self) -> None:
        self.page.click("[data-testid=bottombar-reject-suggestions-button]")
        self.page.wait_for_function(
            "() => window.Htx.annotationStore.selected.suggestions.size === 0"
        )

    @contextmanager
    def expecting_a_draft(self) -> Iterator[None]:
        """Wait until the page has saved what is done in the block, without being asked to."""
        with self.page.expect_response(
            lambda answer: "/drafts" in answer.url and answer.request.method in ("POST", "PATCH"),
            timeout=PATIENCE_MS,
        ) as answer:
            yield
        assert answer.value.ok

    def submit(self) -> None:
        with self.page.expect_response(
            lambda answer: "/annotations" in answer.url and answer.request.method == "POST",
            timeout=PATIENCE_MS,
        ) as answer:
            self.page.click("[data-testid=bottombar-submit-button]")
        assert answer.value.status == 201

    def state(self) -> dict[str, list[dict[str, str]]]:
        """Type and label of the annotation's regions and of the suggestions."""
        return self.page.evaluate(_STATE)

    def _at(self, x: float, y: float) -> tuple[float, float]:
        """Return a place of the picture, shares of its width and height, in px of the page."""
        stage = self.page.locator(".konvajs-content").first.bounding_box()
        assert stage is not None
        left, top, width, height = self.page.evaluate(_FRAME)
        return stage["x"] + left + x * width, stage["y"] + top + y * height


def _points(context: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The points and boxes of a context, without the results that only name their label."""
    return [result for result in context if result["type"] != "labels"]
