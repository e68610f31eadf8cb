"""A labeler's hands in Chromium, timed where the person sits. Run by the operator's environment.

    python -m benchmarks.speed.labeler ORDERS.json ANSWERS.json

Orders are what `browser.py` writes: the sides (address and login of each Label Studio), and a list
of steps, each an act on a page of a side. Answers are the milliseconds of each step, in order.
"""

import json
import os
import shutil
import sys
import time
from pathlib import Path
from typing import Any

# As root Chromium has no sandbox; the rest keeps it from asking its maker's hosts.
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
]
PATIENCE_MS = 120_000

# Times of one click: mouse up, request, answer; and whether a place of the picture is painted over.
WATCH = """() => {
  window.__click = {};
  document.addEventListener("mouseup", (event) => { window.__click.up = event.timeStamp; }, true);
  const ask = window.fetch;
  window.fetch = async function (...given) {
    const address = String(given[0]?.url ?? given[0]);
    if (!address.includes("interactive-annotating")) return ask.apply(this, given);
    window.__click.asked = performance.now();
    const answer = await ask.apply(this, given);
    window.__click.status = answer.status;
    window.__click.answered = performance.now();
    return answer;
  };
  // Where the picture is in its stage, which fills the panel: px from the stage's corner.
  window.__frame = () => {
    const image = [...window.Htx.annotationStore.selected.names.values()]
      .find((tag) => tag.type === "image");
    return {x: image.alignmentOffset.x + image.zoomingPositionX,
      y: image.alignmentOffset.y + image.zoomingPositionY,
      width: image.canvasSize.width, height: image.canvasSize.height};
  };
  // On the layers of the masks themselves: the picture has one, too.
  window.__painted = (x, y) => {
    const annotation = window.Htx.annotationStore.selected, frame = window.__frame();
    const masks = [...annotation.regions, ...annotation.suggestions.values()];
    return masks.some(({layerRef}) => {
      if (!layerRef) return false;
      const {_canvas: canvas, pixelRatio} = layerRef.canvas;
      const place = [frame.x + x * frame.width, frame.y + y * frame.height];
      const [left, top] = place.map((px) => Math.floor(px * pixelRatio));
      return canvas.getContext("2d").getImageData(left, top, 1, 1).data[3] > 0;
    });
  };
  window.__until = (met) => new Promise((done, fail) => {
    const since = performance.now();
    const look = () => {
      // An error of a frame reaches nobody, and nothing would end the wait.
      let seen;
      try { seen = met(); } catch (error) { return fail(error); }
      if (seen) return requestAnimationFrame(() => done(performance.now()));
      if (performance.now() - since < PATIENCE_MS) return requestAnimationFrame(look);
      const store = window.Htx?.annotationStore, annotation = store?.selected;
      const predicted = store?.predictions.map((one) => one._initialAnnotationObj?.length);
      fail(new Error(`nothing painted: ${annotation?.type}, ${annotation?.regions?.length} regions,`
        + ` ${annotation?.suggestions?.size} suggestions,`
        + ` ${store?.annotations.length} annotations, predictions with ${predicted} results,`
        + ` the last click ${JSON.stringify(window.__click)}`));
    };
    look();
  });
}""".replace("PATIENCE_MS", str(PATIENCE_MS))
# The mask of a click is seen where nothing was painted before: two frames after the suggestion is
# there would be earlier than the paint, if masks are drawn outside of the page's own thread.
MASK_PAINTED = """([x, y]) => window.__until(() =>
  window.Htx.annotationStore.selected.suggestions.size > 0 && window.__painted(x, y))"""
ALL_PAINTED = """(places) => window.__until(() =>
  window.Htx?.annotationStore?.selected && document.querySelector(".konvajs-content canvas") &&
  window.Htx.annotationStore.selected.regions.length >= places.length &&
  places.every(([x, y]) => window.__painted(x, y)))"""
CLEAN = """([x, y]) => {
  const annotation = window.Htx.annotationStore.selected;
  annotation.rejectAllSuggestions();
  annotation.regions.filter((region) => region.type === "keypointregion")
    .forEach((region) => region.deleteRegion());
  annotation.unselectAll();
  return window.__until(() => !window.__painted(x, y));
}"""


class Hands:
    """One page of one Label Studio."""

    def __init__(self, browser: Any, side: dict[str, Any]) -> None:
        context = browser.new_context(viewport={"width": 1600, "height": 1320})
        context.set_default_timeout(PATIENCE_MS)
        context.add_init_script(f"({WATCH})()")
        self.page = context.new_page()
        self.page.on("pageerror", lambda error: print(f"{side['url']}: {error}", file=sys.stderr))
        self._side = side
        self._probe = side["probe"]
        self.page.goto(f"{side['url']}/user/login/")
        self.page.fill("input[name=email]", side["user"])
        self.page.fill("input[name=password]", side["password"])
        self.page.click("button[type=submit]")
        self.page.wait_for_url(lambda url: "/user/login" not in url)

    def open(self, task: int, places: list[list[float]]) -> dict[str, float]:
        """Open a task; return milliseconds until masks are painted at all places."""
        address = f"{self._side['url']}/projects/{self._side['project']}/data?task={task}"
        # Leaving a changed annotation would ask first.
        self.page.goto("about:blank")
        self.page.goto(address, wait_until="commit")
        painted = self.page.evaluate(ALL_PAINTED, places)
        # The page's own clock began when it was asked for.
        return {"total": painted}

    def take_point(self) -> None:
        """Switch to the smart point tool with its label, as after opening a task."""
        self.page.wait_for_selector(".lsf-label")
        smart = self.page.locator(".lsf-tool_smart")
        deadline = time.monotonic() + PATIENCE_MS / 1000
        # The page renders its bottom bar anew while a task loads; a click may fall in between.
        while not smart.count():
            if time.monotonic() > deadline:
                raise RuntimeError("auto-annotation cannot be switched on")
            self.page.locator("[data-testid=bottombar-auto-annotation-toggle]").click()
            self.page.wait_for_timeout(3_000)
        smart.first.hover()
        self.page.locator(".lsf-tool_smart[aria-label=key-point-tool]").click()

    def click(self, place: list[float]) -> dict[str, float]:
        """Click; return milliseconds from mouse up to request, answer and painted mask."""
        self._choose_label()
        box = self.page.locator(".konvajs-content").first.bounding_box()
        frame = self.page.evaluate("() => window.__frame()")
        x = box["x"] + frame["x"] + place[0] * frame["width"]
        y = box["y"] + frame["y"] + place[1] * frame["height"]
        # With Ctrl a click on a region is one for the tool.
        self.page.keyboard.down("Control")
        self.page.mouse.move(x, y)
        self.page.mouse.click(x, y)
        self.page.keyboard.up("Control")
        painted = self.page.evaluate(MASK_PAINTED, self._probe)
        seen = self.page.evaluate("() => window.__click")
        self.page.evaluate(CLEAN, self._probe)
        if seen["status"] != 200:
            raise RuntimeError(f"{self._side['url']} answered {seen['status']} to a click")
        return {
            "until asked": seen["asked"] - seen["up"],
            "until answered": seen["answered"] - seen["asked"],
            "until painted": painted - seen["answered"],
            "total": painted - seen["up"],
        }

    def _choose_label(self) -> None:
        """Choose the first label of the points, unless it is chosen."""
        chosen = self.page.evaluate(
            """() => [...window.Htx.annotationStore.selected.names.values()]
              .filter((tag) => tag.type === "keypointlabels")
              .some((tag) => tag.selectedValues().length)"""
        )
        if not chosen:
            # The lists stand in the order of the labeling config: brush, points, boxes.
            self.page.locator(".lsf-labels").nth(1).locator(".lsf-label").first.click()


def work(orders: dict[str, Any]) -> list[dict[str, float]]:
    """Carry the steps out and return the times of each."""
    from playwright.sync_api import (  # type: ignore[import-not-found]
        sync_playwright,
    )

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=ARGUMENTS)
        hands = {name: Hands(browser, side) for name, side in orders["sides"].items()}
        answers = []
        for number, step in enumerate(orders["steps"]):
            try:
                answers.append(carry_out(hands[step["side"]], step, answers))
            except Exception as error:
                page = hands[step["side"]].page
                picture = Path(orders["pictures"]) / f"step-{number}.png"
                page.screenshot(path=picture)
                raise RuntimeError(f"step {number} ({step}), see {picture}: {error}") from error
        browser.close()
    return answers


def carry_out(
    hands: Hands, step: dict[str, Any], before: list[dict[str, float]]
) -> dict[str, float]:
    """Do one step; `before` has the times of those before it."""
    if step["act"] == "open":
        times = hands.open(step["task"], step["places"])
        hands.take_point()
        return times
    if step["act"] == "wait an encode's time":
        # The longest answer so far is that to a cold click.
        longest = max((times.get("until answered", 0.0) for times in before), default=0.0)
        hands.page.wait_for_timeout(1.2 * longest)
        return {"total": 1.2 * longest}
    return hands.click(step["place"])


def chromium() -> str:
    """Return the browser of this machine."""
    names = ("chromium", "chromium-browser", "google-chrome")
    found = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, names)), None)
    if found is None:
        raise FileNotFoundError("no Chromium: run scripts/install_chromium.sh")
    return found


if __name__ == "__main__":
    given, target = map(Path, sys.argv[1:])
    target.write_text(json.dumps(work(json.loads(given.read_text()))))
