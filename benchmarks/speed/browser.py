"""Figures of a labeler in Chromium: the stock Label Studio with the peer, and ours with ours."""

import json
import os
import statistics
import subprocess
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

from benchmarks.speed import servers
from benchmarks.speed.run import Run
from benchmarks.speed.studios import (
    PASSWORD,
    PROBE,
    USER,
    center,
    python_with_browser,
    studios,
    task,
)
from benchmarks.speed.timing import ratio

MASKS, MANY = 8, 30
WARM = ("13.5", "3.4", "0.5")
# The picture of the figures that are about one size only.
MIDDLE = "3.4"
SIDES = ("stock", "ours")
LABELER_SECONDS = 1800.0


@dataclass
class Orders:
    """The steps for the labeler, and where in its answers each figure's samples are."""

    steps: list[dict[str, Any]] = field(default_factory=list)
    marks: dict[tuple[str, str], list[int]] = field(default_factory=dict)

    def add(self, side: str, mark: str | None = None, **step: Any) -> None:
        if mark:
            self.marks.setdefault((mark, side), []).append(len(self.steps))
        self.steps.append({"side": side, **step})


def tasks(run: Run) -> dict[str, dict[str, Any]]:
    """The tasks of both projects by name, each with a picture of its own."""
    made = {f"warm {size}": (size, MASKS) for size in WARM}
    made |= {"none": (MIDDLE, 0), "many": (MIDDLE, MANY)}
    made |= {f"cold {number}": (MIDDLE, MASKS) for number in range(run.samples(2, 1))}
    made |= {"ahead": (MIDDLE, MASKS)}
    return {
        name: task(run.pictures.address(size, 20 + seed), size, masks)
        for seed, (name, (size, masks)) in enumerate(made.items())
    }


def measure(run: Run) -> None:
    """Measure the group `browser`."""
    made = tasks(run)
    orders = Orders()
    with ExitStack() as stack:
        stock, ours = stack.enter_context(studios(run.folder))
        peer = stack.enter_context(servers.peer(run.weights, run.folder))
        sides, numbers = {}, {}
        for studio in (stock, ours):
            project, found = studio.project(list(made.values()))
            numbers[studio.name] = dict(zip(made, found, strict=True))
            sides[studio.name] = {
                "url": studio.server.url, "user": USER, "password": PASSWORD, "project": project,
                "probe": PROBE,
            }  # fmt: skip
        # Backends that know of the tasks before they are opened would have no cold click.
        mine = stack.enter_context(
            servers.ours(
                run.weights,
                run.folder,
                run.pictures.host,
                LABEL_STUDIO_URL=ours.server.url,
                LABEL_STUDIO_API_KEY="not-needed-for-these",
            )
        )
        stock.connect(sides["stock"]["project"], peer.url)
        ours.connect(sides["ours"]["project"], mine.url)
        _plan(run, orders, made, numbers)
        answers = _labeler(
            run, {"sides": sides, "steps": orders.steps, "pictures": str(run.folder)}
        )
    _note(run, orders, answers)


def _plan(run: Run, orders: Orders, made: dict[str, Any], numbers: dict[str, Any]) -> None:
    def opening(side: str, name: str, mark: str | None = None) -> None:
        (prediction,) = made[name].get("predictions", [{"result": []}])
        count = len(prediction["result"])
        places = [list(center(number, count)) for number in range(count)]
        orders.add(side, mark, act="open", task=numbers[side][name], places=places)

    def clicking(side: str, count: int, mark: str | None = None) -> None:
        orders.add(side, mark, act="click", place=_place(count))

    cold = [name for name in made if name.startswith("cold")]
    if run.want("browser_cold", "browser_first_after_opening"):
        for name in cold:
            for side in SIDES:
                opening(side, name)
                clicking(side, 0, "cold")
    if run.want("browser_first_after_opening"):
        opening("ours", "ahead")
        orders.add("ours", act="wait an encode's time")
        clicking("ours", 0, "after opening")
    for size in WARM:
        wants_warm = run.want(f"browser_warm_{size}")
        wants_warm |= size == MIDDLE and run.want("browser_first_after_opening")
        if size == "13.5" and run.want("browser_open"):
            for _ in range(run.samples(3, 1)):
                for side in SIDES:
                    opening(side, f"warm {size}", "open")
        if not wants_warm:
            continue
        for side in SIDES:
            opening(side, f"warm {size}")
            clicking(side, 0)
        for count in range(1, run.samples(7, 2) + 1):
            for side in SIDES if count % 2 else SIDES[::-1]:
                clicking(side, count, f"warm {size}")
    if run.want("browser_30_masks"):
        for round_ in range(run.samples(2, 1)):
            for name in ("none", "many"):
                opening("ours", name)
                clicking("ours", 10 * round_)
                for count in range(1, run.samples(4, 2) + 1):
                    clicking("ours", 10 * round_ + count, name)


def _place(count: int) -> list[float]:
    """A place inside of every garment and of none of the task's masks. It is not the probe's, where
    the point itself would be taken for the mask.
    """
    return [0.5 + 0.012 * (count % 7 - 3), 0.58 + 0.012 * (count // 7 % 7 - 3)]


def _labeler(run: Run, orders: dict[str, Any]) -> list[dict[str, float]]:
    given, target = run.folder / "orders.json", run.folder / "answers.json"
    given.write_text(json.dumps(orders))
    done = subprocess.run(
        [python_with_browser(), "-m", "benchmarks.speed.labeler", str(given), str(target)],
        cwd=servers.ROOT,
        env={**os.environ},
        capture_output=True,
        text=True,
        timeout=LABELER_SECONDS,
        check=False,
    )
    if done.returncode != 0:
        raise RuntimeError(f"the labeler stopped: {done.stderr[-1500:]}")
    return json.loads(target.read_text())


def _note(run: Run, orders: Orders, answers: list[dict[str, float]]) -> None:
    def samples(mark: str, side: str, part: str = "total") -> list[float]:
        return [answers[number][part] for number in orders.marks.get((mark, side), [])]

    def both(name: str, mark: str) -> None:
        theirs, mine = samples(mark, "stock"), samples(mark, "ours")
        if theirs and mine:
            detail = f"peer {_ms(theirs)}, ours {_ms(mine)}"
            run.note(name, ratio(theirs, mine), detail)

    for size in WARM:
        both(f"browser_warm_{size}", f"warm {size}")
    both("browser_cold", "cold")
    both("browser_open", "open")
    none, many = samples("none", "ours"), samples("many", "ours")
    if none and many:
        value = statistics.median(many) / statistics.median(none)
        run.note("browser_30_masks", value, f"{MANY} masks {_ms(many)}, none {_ms(none)}")
    ahead, warm = samples("after opening", "ours"), samples(f"warm {MIDDLE}", "ours")
    if ahead and warm:
        value = ahead[0] / statistics.median(warm)
        run.note("browser_first_after_opening", value, f"first {_ms(ahead)}, warm {_ms(warm)}")
    clicks = [
        (f"{size} Mpx, {MASKS} masks", f"warm {size}", side) for size in WARM for side in SIDES
    ]
    clicks += [
        (f"{MIDDLE} Mpx, {count} masks", mark, "ours")
        for count, mark in ((0, "none"), (MANY, "many"))
    ]
    parts = ("until asked", "until answered", "until painted", "total")
    run.tabulate(
        "A warm click in the browser, from mouse up, in ms",
        ("task", "side", *parts),
        [
            (told, side, *(_ms(samples(mark, side, part)) for part in parts))
            for told, mark, side in clicks
            if samples(mark, side)
        ],
    )


def _ms(samples: list[float]) -> str:
    return f"{statistics.median(samples):.0f} ms"
