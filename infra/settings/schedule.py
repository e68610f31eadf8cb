"""Working hours: from `Mon-Fri` and `08:00-20:00` to days, times and cron lines."""

import re
from dataclasses import dataclass
from datetime import datetime, time
from typing import NamedTuple

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
OFF = "off"

_HOURS = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)")


class ScheduleError(ValueError):
    """Days or hours cannot be read; the message says why."""


class InstanceSchedule(NamedTuple):
    """When the machine is started and stopped: two cron lines, in `time_zone`."""

    start: str
    stop: str
    time_zone: str


@dataclass(frozen=True)
class WorkingHours:
    """Days (0 is Monday) on which the machine is started at `start`, and stopped at `stop`.

    A `stop` before `start` is on the next day.
    """

    days: tuple[int, ...]
    start: time
    stop: time

    @property
    def hours_a_day(self) -> float:
        """From start to stop, in hours: more than 0, less than 24."""
        minutes = (self.stop.hour - self.start.hour) * 60 + self.stop.minute - self.start.minute
        return minutes % (24 * 60) / 60

    def includes(self, moment: datetime) -> bool:
        """Return whether the machine is to run at that moment of the schedule's own time zone."""
        now, today = moment.time(), moment.weekday()
        if self.start < self.stop:
            return today in self.days and self.start <= now < self.stop
        yesterday = (today - 1) % 7
        return (today in self.days and now >= self.start) or (
            yesterday in self.days and now < self.stop
        )

    def cron(self, time_zone: str) -> InstanceSchedule:
        """Return the two cron lines."""
        later = self.stop < self.start
        stop_days = tuple((day + 1) % 7 for day in self.days) if later else self.days
        return InstanceSchedule(
            f"{self.start.minute} {self.start.hour} * * {_cron_days(self.days)}",
            f"{self.stop.minute} {self.stop.hour} * * {_cron_days(stop_days)}",
            time_zone,
        )


def _cron_days(days: tuple[int, ...]) -> str:
    """Numbers, Sunday first: cron's names for days are not the same everywhere."""
    return ",".join(str(number) for number in sorted((day + 1) % 7 for day in days))


def _day(name: str) -> int:
    try:
        return DAYS.index(name.strip().capitalize())
    except ValueError:
        raise ScheduleError(f"{name.strip()!r} is not a day") from None


def parse_days(text: str) -> tuple[int, ...]:
    """Return the days of `Mon-Fri`, `Mon,Wed,Sat` or `Fri-Mon`, sorted, 0 is Monday.

    Raises:
        ScheduleError: if a part is not a day and no range of days.
    """
    days: set[int] = set()
    for part in text.split(","):
        first, dash, last = part.partition("-")
        start = _day(first)
        end = _day(last) if dash else start
        days.update((start + step) % 7 for step in range((end - start) % 7 + 1))
    return tuple(sorted(days))


def parse_hours(text: str) -> tuple[time, time]:
    """Return start and stop of `08:00-20:00`.

    Raises:
        ScheduleError: if the text has another form, or start and stop are the same.
    """
    match = _HOURS.fullmatch(text)
    if match is None:
        raise ScheduleError("is not two times of day")
    start_hour, start_minute, stop_hour, stop_minute = map(int, match.groups())
    start, stop = time(start_hour, start_minute), time(stop_hour, stop_minute)
    if start == stop:
        raise ScheduleError("starts and stops the machine at the same minute")
    return start, stop
