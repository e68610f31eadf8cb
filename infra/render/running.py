"""How long a stack's machine runs: in a sprint, and in a month in which nobody thinks of it."""

from dataclasses import dataclass

from infra.settings.fields import Settings
from infra.settings.schedule import parse_days

DAY_HOURS = 24
WEEK_HOURS = 7 * DAY_HOURS
# templates/vm/idle.sh: never within an hour after a start, and looked at every ten minutes.
IDLE_GRACE_HOURS = 1.0
IDLE_LOOK_HOURS = 10 / 60
# Google's own month in price lists.
MONTH_HOURS = 730


@dataclass(frozen=True)
class RunningTime:
    """Hours of a machine.

    Attributes:
        sprint: Running, from the sprint's first start to its last stop.
        sprint_stopped: Stopped in between: nights, and weekends if the sprint has one.
        forgotten_month: Running, in a month of 730 hours in which nobody stops or starts it.
        words: What starts and stops it.
    """

    sprint: float
    sprint_stopped: float
    forgotten_month: float
    words: str


def running_time(settings: Settings) -> RunningTime:
    """Return the hours that the schedule, `maxRunHours` and `idleMinutes` leave.

    With a schedule the machine is started on each of its days. With `maxRunHours` alone somebody
    starts it on each working day, and it stops by itself. With neither it runs through a sprint.
    In a forgotten month nobody labels, so each start ends when the machine has seen that.
    """
    hours = settings.working_hours
    limit = float(settings.max_run_hours or "inf")
    days = hours.days if hours else parse_days(settings.work_days)
    last_day = _last_day(days, settings.sprint_days)
    alone = _hours_alone(settings)
    if hours is None and not settings.max_run_hours:
        return RunningTime(
            sprint=float(DAY_HOURS * (last_day + 1)),
            sprint_stopped=0.0,
            forgotten_month=min(float(MONTH_HOURS), alone),
            words="day and night, weekends included",
        )
    a_day = min(hours.hours_a_day if hours else float(DAY_HOURS), limit)
    sprint = a_day * settings.sprint_days
    if hours is None:
        words = f"at most {limit:g} h after each start, started by hand"
        forgotten = min(limit, MONTH_HOURS, alone)
    else:
        words = f"{settings.work_days} {settings.work_hours} {settings.time_zone}"
        forgotten = MONTH_HOURS / WEEK_HOURS * len(days) * min(a_day, alone)
    return RunningTime(
        sprint=sprint,
        sprint_stopped=last_day * DAY_HOURS + a_day - sprint,
        forgotten_month=forgotten,
        words=words,
    )


def _hours_alone(settings: Settings) -> float:
    """Return how long a machine runs after a start to which nobody comes."""
    if not settings.idle_minutes:
        return float("inf")
    return max(settings.idle_minutes / 60, IDLE_GRACE_HOURS) + IDLE_LOOK_HOURS


def _last_day(days: tuple[int, ...], count: int) -> int:
    """Return how many days after its first day (one of `days`) a sprint of `count` days ends."""
    weeks, rest = divmod(count - 1, len(days))
    return weeks * 7 + days[rest] - days[0]
