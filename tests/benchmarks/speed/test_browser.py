"""What the labeler in the browser is told to do, and what becomes of the times."""

from pathlib import Path

import pytest

from benchmarks.speed import browser
from benchmarks.speed.browser import Orders
from benchmarks.speed.figures import GROUPS
from benchmarks.speed.pictures import SIZES
from benchmarks.speed.run import Run
from benchmarks.speed.servers import Weights
from benchmarks.speed.studios import PROBE, blob, center


class Addresses:
    """Pictures that nobody draws."""

    def address(self, megapixels: str, seed: int = 0) -> str:
        return f"http://none/{megapixels}/{seed}.jpg"


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    # Masks of 13.5 Mpx take long to draw, and what they look like is not asked here.
    for size in SIZES:
        monkeypatch.setitem(SIZES, size, (90, 60))
    run = Run(Weights(Path("b"), "vit_b", True), Addresses(), tmp_path, False)  # type: ignore
    run.wanted = {target.name: target for target in GROUPS["browser"]}
    return run


def planned(run: Run) -> Orders:
    orders, made = Orders(), browser.tasks(run)
    numbers = dict(zip(made, range(100), strict=False))
    browser._plan(run, orders, made, {"stock": numbers, "ours": numbers})
    return orders


def test_every_task_has_a_picture_of_its_own_so_that_a_cold_click_is_cold(run: Run) -> None:
    made = browser.tasks(run)
    assert len({task["data"]["image"] for task in made.values()}) == len(made)


def test_both_sides_do_the_same_and_take_turns(run: Run) -> None:
    orders = planned(run)
    for (mark, side), numbers in orders.marks.items():
        if (mark, "stock") in orders.marks:
            assert len(numbers) == len(orders.marks[mark, "stock"]), (mark, side)
    clicks = [
        step["side"] for step in orders.steps if step["act"] == "click" and step["place"][0] != 0.5
    ]
    assert clicks.count("stock") > 10
    assert "stock" in clicks[:2]


def test_no_click_lands_on_a_mask_of_the_task_or_where_its_own_is_looked_for(run: Run) -> None:
    places = {tuple(step["place"]) for step in planned(run).steps if step["act"] == "click"}
    masks = [blob(450, 300, *center(number, 30), number) for number in range(30)]
    for x, y in places:
        assert not any(mask[int(y * 450), int(x * 300)] for mask in masks)
        assert abs(y - PROBE[1]) > 0.03


def test_the_times_become_every_figure_of_the_group(run: Run) -> None:
    orders = planned(run)
    slow = {number for (_, side), found in orders.marks.items() if side == "stock"
            for number in found}  # fmt: skip
    parts: list[str] = ["until asked", "until answered", "until painted", "total"]
    answers = [
        dict.fromkeys(parts, 400.0 if number in slow else 100.0)
        for number in range(len(orders.steps))
    ]
    browser._note(run, orders, answers)
    values = {row.target.name: row.value for row in run.rows}
    assert values == {
        **{target.name: 4.0 for target in GROUPS["browser"]},
        "browser_30_masks": 1.0,
        "browser_first_after_opening": 1.0,
    }
    assert len(run.tables[0].lines) == 8
