"""The estimate: hours first, then dollars."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.render.cost import estimate
from infra.render.running import MONTH_HOURS, running_time
from infra.settings.schedule import DAYS
from tests.infra.render.scenarios import load


@pytest.mark.parametrize(
    ("raw", "sprint", "stopped", "forgotten"),
    [
        # Monday 8:00 to Friday 20:00 is 108 h.
        ({}, 60, 48, 730 / 168 * 60),
        # The sixth working day is the next Monday: 7 days and 12 h.
        ({"sprintDays": 6}, 72, 108, 730 / 168 * 60),
        ({"sprintDays": 1}, 12, 0, 730 / 168 * 60),
        ({"maxRunHours": 24}, 60, 48, 730 / 168 * 60),
        ({"maxRunHours": 0}, 60, 48, 730 / 168 * 60),
        # Over midnight: 8 h each, Saturday evening to Sunday evening's end.
        (
            {"workDays": "Sat,Sun", "workHours": "20:00-04:00", "sprintDays": 2},
            16,
            16,
            16 * 730 / 168,
        ),
        # By hand each day, 12 h until it stops by itself, and once in a forgotten month.
        ({"workHours": "off", "maxRunHours": 12}, 60, 48, 12),
        ({"workHours": "off", "maxRunHours": 100}, 120, 0, 100),
        # Never stopped: ten working days have a weekend in them.
        ({"workHours": "off", "maxRunHours": 0}, 120, 0, 730),
        ({"workHours": "off", "maxRunHours": 0, "sprintDays": 10}, 288, 0, 730),
    ],
)
def test_hours_follow_the_schedule_and_the_time_limit(
    raw: dict[str, object], sprint: float, stopped: float, forgotten: float
) -> None:
    time = running_time(load({"idleMinutes": 0, **raw}))
    assert (time.sprint, time.sprint_stopped) == (sprint, stopped)
    assert time.forgotten_month == pytest.approx(forgotten)


@pytest.mark.parametrize(
    ("raw", "hours"),
    [
        # An hour of grace, and ten minutes from one look to the next; each working morning anew.
        ({}, 730 / 168 * 5 * 7 / 6),
        ({"idleMinutes": 30}, 730 / 168 * 5 * 7 / 6),
        ({"idleMinutes": 120}, 730 / 168 * 5 * 13 / 6),
        ({"idleMinutes": 1440}, 730 / 168 * 60),
        ({"workHours": "off"}, 7 / 6),
        ({"workHours": "off", "maxRunHours": 0}, 7 / 6),
    ],
)
def test_a_machine_to_which_nobody_comes_turns_itself_off(
    raw: dict[str, object], hours: float
) -> None:
    assert running_time(load(raw)).forgotten_month == pytest.approx(hours)
    assert running_time(load(raw)).sprint >= 60


@pytest.mark.parametrize("raw", [{}, {"adminEmail": "lead@garments.studio"}])
def test_the_worst_month_of_a_forgotten_stack_is_affordable(raw: dict[str, object]) -> None:
    found = estimate(load(raw))
    assert found.month_forgotten_usd is not None
    assert found.month_forgotten_usd < 50
    assert f"forgotten, ${found.month_forgotten_usd:.2f} a month" in found.sentence()


@pytest.mark.parametrize(
    ("raw", "alerts"),
    [
        ({}, 0),
        ({"alerts": False}, 0),
        # The check, the running machine, and the logs; two of them read figures.
        ({"adminEmail": "lead@garments.studio"}, 3 * 1.50 + 2 * 0.03024),
        # Where Google's checkers cannot come in, the logs alone.
        ({"adminEmail": "lead@garments.studio", "allowedRanges": ["203.0.113.0/24"]}, 1.50),
        ({"adminEmail": "lead@garments.studio", "alerts": False}, 0),
    ],
)
def test_alerts_are_paid_for_by_the_condition_whether_the_machine_runs_or_not(
    raw: dict[str, object], alerts: float
) -> None:
    found, without = estimate(load(raw)), estimate(load({}))
    assert found.alerts_month_usd == pytest.approx(alerts)
    for name in ("stopped_month_usd", "month_forgotten_usd", "month_uncapped_usd"):
        dollars, rest = getattr(found, name), getattr(without, name)
        assert dollars - rest == pytest.approx(alerts), name
    assert (f", alerts ${alerts:.2f})" in found.sentence()) is bool(alerts)


@given(
    days=st.lists(st.sampled_from(DAYS), min_size=1, unique=True).map(",".join),
    hours=st.sampled_from(["off", "00:00-23:59", "08:00-20:00", "22:00-06:30"]),
    limit=st.one_of(st.just(0), st.integers(24, 120)),
    count=st.integers(1, 60),
)
def test_no_schedule_runs_longer_than_time_passes(
    days: str, hours: str, limit: int, count: int
) -> None:
    time = running_time(
        load({"workDays": days, "workHours": hours, "maxRunHours": limit, "sprintDays": count})
    )
    assert 0 < time.sprint <= 24 * 7 * count
    assert time.sprint_stopped >= 0
    assert 0 < time.forgotten_month <= MONTH_HOURS


def test_the_default_stack_costs_what_its_parts_cost() -> None:
    found = estimate(load({}))
    hour = 0.706832 + 80 * 0.1 / 730 + 0.005
    stopped = 80 * 0.1 + 0.01 * 730
    assert found.hour_usd == pytest.approx(hour)
    assert found.stopped_month_usd == pytest.approx(stopped)
    assert found.sprint_usd == pytest.approx(60 * hour + 48 * stopped / 730)
    assert found.month_uncapped_usd == pytest.approx(730 * hour)
    assert found.week_uncapped_usd == pytest.approx(168 * hour)


def test_the_default_sprint_costs_well_under_a_week_of_the_same_machine_left_running() -> None:
    found = estimate(load({}))
    assert found.sprint_usd is not None
    assert found.week_uncapped_usd is not None
    assert found.sprint_usd < 0.4 * found.week_uncapped_usd


def test_a_spot_machine_says_that_its_price_changes() -> None:
    spot, fixed = estimate(load({"spot": True})), estimate(load({}))
    assert spot.hour_usd is not None
    assert fixed.hour_usd is not None
    assert spot.hour_usd < fixed.hour_usd
    assert "may change every month" in spot.sentence()


def test_a_stack_without_caps_says_that_it_runs_day_and_night() -> None:
    found = estimate(load({"workHours": "off", "maxRunHours": 0, "idleMinutes": 0}))
    assert "120 h: day and night, weekends included" in found.sentence()
    assert found.month_forgotten_usd == found.month_uncapped_usd
    assert "instead of" not in found.sentence()


NEW_REGION = {"zone": "antarctica-south1-a", "unlisted": ["antarctica-south1-a"]}


@pytest.mark.parametrize(
    ("raw", "missing"),
    [
        (
            {"preset": "cpu", "machineType": "n2-standard-8"},
            "the price of n2-standard-8 in us-central1 is not in the table",
        ),
        (
            NEW_REGION | {"preset": "cpu", "spot": True},
            "the Spot price of e2-standard-4 in antarctica-south1 and the price of a disk or an"
            " address in antarctica-south1 is not in the table",
        ),
    ],
)
def test_an_unknown_price_is_said_and_never_guessed(raw: dict[str, object], missing: str) -> None:
    found = estimate(load(raw))
    dollars = ("hour_usd", "sprint_usd", "month_forgotten_usd", "month_uncapped_usd")
    assert [found.as_dict()[name] for name in dollars] == [None] * 4
    assert missing in found.sentence()
    assert found.hours_in_sprint == 60
