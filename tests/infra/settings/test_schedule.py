"""Working hours as people write them, and as Google's scheduler reads them."""

from datetime import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.settings.schedule import DAYS, ScheduleError, WorkingHours, parse_days, parse_hours


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("Mon-Fri", (0, 1, 2, 3, 4)),
        ("mon,WED, sat", (0, 2, 5)),
        ("Fri-Mon", (0, 4, 5, 6)),
        ("Tue", (1,)),
        ("Mon-Wed,Wed-Thu", (0, 1, 2, 3)),
        ("Sun-Sat", (0, 1, 2, 3, 4, 5, 6)),
    ],
)
def test_days_are_read_as_they_are_written(text: str, days: tuple[int, ...]) -> None:
    assert parse_days(text) == days


@given(st.sets(st.sampled_from(range(7)), min_size=1))
def test_any_days_survive_being_written(days: set[int]) -> None:
    assert parse_days(",".join(DAYS[day] for day in days)) == tuple(sorted(days))


@pytest.mark.parametrize("text", ["", "Mon-", "-Fri", "Monday", "Mon,,Fri", "Mon-Tue-Wed", "off"])
def test_what_is_no_day_is_refused(text: str) -> None:
    with pytest.raises(ScheduleError, match="is not a day"):
        parse_days(text)


def test_hours_are_two_different_times() -> None:
    assert parse_hours("08:00-20:30") == (time(8), time(20, 30))
    for text in ("8:00-20:00", "08:00-24:00", "08:60-20:00", "08:00 - 20:00", "08:00-20:00\n"):
        with pytest.raises(ScheduleError, match="not two times"):
            parse_hours(text)
    with pytest.raises(ScheduleError, match="same minute"):
        parse_hours("09:15-09:15")


def test_cron_lines_count_days_from_sunday() -> None:
    hours = WorkingHours((0, 5, 6), time(7, 30), time(19))
    assert hours.cron("Europe/Rome") == ("30 7 * * 0,1,6", "0 19 * * 0,1,6", "Europe/Rome")
    assert hours.hours_a_day == 11.5


def test_a_night_shift_stops_on_the_next_day() -> None:
    hours = WorkingHours((4, 6), time(22), time(6, 15))
    assert hours.cron("UTC") == ("0 22 * * 0,5", "15 6 * * 1,6", "UTC")
    assert hours.hours_a_day == 8.25
