"""The figures and what becomes of them."""

import json
import re
from pathlib import Path

import pytest

from benchmarks.speed.figures import GROUPS, Row, Target, chosen
from benchmarks.speed.pictures import Pictures
from benchmarks.speed.report import Machine, page, terminal_table, write_json
from benchmarks.speed.run import Run, measure
from benchmarks.speed.servers import ROOT, Weights

MORE = Target("more", "clicks, peer ÷ ours", "times", 2, 5)
LESS = Target("less", "memory, ours ÷ peer", "times", 1, 0.5, smaller_is_better=True)
MACHINE = Machine("2026-11-28", "A processor", 2, "none", "torch 2")


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return Run(Weights(Path("vit_b.pth"), "vit_b", True), Pictures("http://none"), tmp_path, True)


@pytest.mark.parametrize(
    ("target", "value", "passed"),
    [(MORE, 2.0, True), (MORE, 1.9, False), (LESS, 1.0, True), (LESS, 1.1, False),
     (MORE, None, False), (LESS, None, False)],
)  # fmt: skip
def test_a_figure_passes_on_its_own_side_of_the_target(
    target: Target, value: float | None, passed: bool
) -> None:
    assert Row(target, value).passed is passed


def test_no_two_figures_have_one_name_and_the_good_is_never_easier_than_the_least() -> None:
    targets = [target for group in GROUPS.values() for target in group]
    names = [*GROUPS, *(target.name for target in targets)]
    assert len(set(names)) == len(names)
    assert all(target.is_reached(target.reach_for) for target in targets)


def test_figures_are_chosen_by_their_name_or_their_groups() -> None:
    assert chosen([]) == GROUPS
    assert list(chosen(["users", "rle_12"])) == ["masks", "users"]
    assert [target.name for target in chosen(["rle_12"])["masks"]] == ["rle_12"]
    with pytest.raises(ValueError, match=r"no figure is called fast; there are: masks, clicks"):
        chosen(["rle_12", "fast"])


def test_a_group_that_fails_leaves_its_other_figures_short_and_says_why(run: Run) -> None:
    def broken(run: Run) -> None:
        run.note("more", 3, "first")
        raise ValueError("the browser\nis gone")

    def whole(run: Run) -> None:
        run.note("less", 0.4, "second")
        run.note("nobody asked for it", 1)

    other = Target("other", "another", "times", 1, 1)
    groups = {"one": (MORE, other), "two": (LESS,)}
    measure(run, groups, {"one": broken, "two": whole})
    told = {row.target.name: (row.value, row.passed, row.detail) for row in run.rows}
    assert told == {
        "more": (3, True, "first"),
        "other": (None, False, "ValueError: the browser is gone"),
        "less": (0.4, True, "second"),
    }


def test_the_report_has_every_row_with_its_bounds_and_verdict(run: Run, tmp_path: Path) -> None:
    run.rows += [Row(MORE, 1.234, "peer 2 ms | ours 1 ms"), Row(LESS, 0.4), Row(MORE, None, "gone")]
    run.tabulate("Growth", ("picture", "ms"), [("12 Mpx", "30")])
    run.contention["clicks"] = 0.25
    lines = terminal_table(run.rows).splitlines()
    assert [line.split()[-1] for line in lines[1:]] == ["short", "good", "short"]
    assert "≤ 0.5" in lines[2]
    text = page(run, MACHINE)
    assert "| clicks, peer ÷ ours | 1.23 | 2 | 5 | short |" in text
    assert "peer 2 ms \\| ours 1 ms" in text
    assert "## Growth" in text
    assert "clicks 25%" in text
    assert all(word in text for word in ("2026-11-28", "A processor", "torch 2"))
    write_json(tmp_path / "latest.json", run, MACHINE)
    rows = json.loads((tmp_path / "latest.json").read_text())["rows"]
    wanted = {"name", "value", "unit", "at_least", "reach_for", "passed"}
    assert all(wanted <= set(row) for row in rows)
    assert [row["passed"] for row in rows] == [False, True, False]


def test_the_figures_that_want_a_gpu_are_called_as_they_are() -> None:
    text = (ROOT / "docs" / "verification.md").read_text()
    section = text.split("### Figures that want a GPU")[1].split("\n## ")[0]
    named = re.findall(
        r"`([a-z_0-9.]+)`", "".join(re.findall(r"^\| `.*?\|", section, re.MULTILINE))
    )
    assert len(named) >= 8
    assert set(named) <= {target.name for group in GROUPS.values() for target in group}
    (command,) = re.findall(r"--only (.*?) --", section)
    assert list(chosen(command.split())) == command.split()
