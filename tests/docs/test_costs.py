"""docs/costs.md has the sums that the preview's code computes, and orders them as it says."""

from pathlib import Path

import pytest

from infra.render.cost import estimate
from infra.render.cost_table import IDLE, NEVER_IDLE, ROWS, lines, priced
from infra.render.prices import prices
from infra.settings.load import load

PAGE = (Path(__file__).parents[2] / "docs/costs.md").read_text()


def test_the_table_is_the_codes() -> None:
    assert "\n".join(lines()) in PAGE, "python -m infra.render.cost_table prints the table"
    assert f"Prices of {prices().priced_on}." in PAGE


@pytest.mark.parametrize("page", ["docs/costs.md", "docs/deploying.md"])
def test_what_alerts_add_is_the_codes(page: str) -> None:
    settings = load(
        {"adminPassword": "correct horse battery staple", "adminEmail": "lead@garments.studio"},
        project="my-project",
        stack="dev",
    )
    said = f"${estimate(settings).alerts_month_usd:.2f} a month"
    assert said in (Path(__file__).parents[2] / page).read_text().replace("\n", " ")


@pytest.mark.parametrize("preset", ["t4", "l4", "cpu"])
def test_each_line_costs_less_than_the_one_above(preset: str) -> None:
    sums = [
        priced(
            load(
                {
                    "adminPassword": "correct horse battery staple",
                    "preset": preset,
                    **NEVER_IDLE,
                    **raw,
                },
                project="my-project",
                stack="dev",
            ),
            idle,
        )
        for _, raw, idle in ROWS
    ]
    sprints = [cost.sprint_usd or 0 for cost in sums]
    months = [cost.month_forgotten_usd or 0 for cost in sums]
    assert sprints == sorted(sprints, reverse=True)
    assert months == sorted(months, reverse=True)
    assert len(set(sprints)) == len(ROWS)


def test_a_machine_that_stops_when_idle_never_runs_longer_than_its_schedule() -> None:
    settings = load(
        {"adminPassword": "correct horse battery staple", "workHours": "09:00-12:00", **NEVER_IDLE},
        project="my-project",
        stack="dev",
    )
    assert priced(settings, IDLE).hours_in_sprint == priced(settings).hours_in_sprint
