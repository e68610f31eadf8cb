"""Label Studio's labeling screen, as a labeler's hands and eyes have it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal, Protocol

from playwright.sync_api import Page

Tool = Literal["key-point-tool", "rectangle-tool"]

_STATE = """() => {
  const annotation = window.Htx.annotationStore.selected;
  const told = (region) => ({type: region.type, label: (region.labels || []).join()});
  return {regions: annotation.regions.map(told),
          suggestions: [...annotation.suggestions.values()].map(told)};
}"""
PATIENCE_MS = 60_000


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
        self.page.click("[data-testid=bottombar-auto-annotation-toggle]")

    def choose_label(self, control: Literal["point", "box"], label: str) -> None:
        """Click a label of the point's or the box's list."""
        group = self.page.locator(".lsf-labels").nth(0 if control == "point" else 1)
        group.locator(".lsf-label").filter(has_text=label).first.click()

    def choose_smart_tool(self, tool: Tool) -> None:
        """Click a tool in the smart tool's fly-out."""
        self.page.locator(".lsf-tool_smart").first.hover()
        self.page.locator(f".lsf-tool_smart[aria-label={tool}]").click()

    def click_image(self, x: float, y: float) -> None:
        self.page.mouse.click(*self._at(x, y))

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
        self.page.wait_for_function(
            f"() => window.Htx.annotationStore.selected.regions.length === {before - 1}"
        )

    @contextmanager
    def expecting_a_mask(self) -> Iterator[list[dict[str, Any]]]:
        """Collect the regions that Segment Anything answers to what is done in the block."""
        regions: list[dict[str, Any]] = []
        with self.page.expect_response(
            lambda answer: "interactive-annotating" in answer.url, timeout=PATIENCE_MS
        ) as answer:
            yield regions
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
        box = self.page.locator(".konvajs-content").first.bounding_box()
        assert box is not None
        return box["x"] + x * box["width"], box["y"] + y * box["height"]
