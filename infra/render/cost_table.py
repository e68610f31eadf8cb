"""The table of docs/costs.md: a sprint as most people begin one, and with what this project adds.

`python -m infra.render.cost_table` prints it. The sums are `infra.render.cost`'s, as in a preview.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from infra.render.cost import Estimate, estimate
from infra.render.prices import prices
from infra.render.running import MONTH_HOURS, WEEK_HOURS, running_time
from infra.settings.fields import Settings
from infra.settings.load import load
from infra.settings.machines import Preset
from infra.settings.schedule import parse_days

# The recipe of most tutorials has a T4; ours has it in Pulumi.dev.yaml.
PRESETS: tuple[Preset, ...] = ("t4", "l4", "cpu")


@dataclass(frozen=True)
class Idle:
    """What a machine that stops when nobody labels runs, in hours of a working day.

    Attributes:
        labeled: Until the last labeler went, with the wait before it stops.
        forgotten: On a day on which the schedule starts it and nobody comes.
    """

    labeled: float
    forgotten: float


# Seven hours of work and an hour's wait; an hour that is never cut short, and up to ten minutes.
IDLE = Idle(labeled=8.0, forgotten=7 / 6)
# Here idle time is counted by `Idle`, so the setting must not count it too.
NEVER_IDLE = {"idleMinutes": 0}
# What each line adds to the ones before it.
ROWS: tuple[tuple[str, Mapping[str, object], Idle | None], ...] = (
    ("a machine that nobody stops", {"workHours": "off", "maxRunHours": 0}, None),
    ("with working hours", {}, None),
    ("and stopped when nobody labels", {}, IDLE),
    ("and Spot", {"spot": True}, IDLE),
)


def priced(settings: Settings, idle: Idle | None = None) -> Estimate:
    """Return the estimate; with `idle` the machine runs fewer of its hours."""
    time = running_time(settings)
    if idle is None or settings.working_hours is None:
        return estimate(settings)
    a_day = time.sprint / settings.sprint_days
    sprint = min(idle.labeled, a_day) * settings.sprint_days
    days = len(parse_days(settings.work_days)) * MONTH_HOURS / WEEK_HOURS
    return estimate(
        settings,
        replace(
            time,
            sprint=sprint,
            sprint_stopped=time.sprint_stopped + time.sprint - sprint,
            forgotten_month=min(idle.forgotten, a_day) * days,
        ),
    )


def lines() -> Iterator[str]:
    """Yield the table in Markdown."""
    yield "| dollars for a sprint of 5 days / a month forgotten | T4 | L4 | CPU |"
    yield "|---|---|---|---|"
    for words, raw, idle in ROWS:
        cells: list[str] = []
        for preset in PRESETS:
            settings = load(
                {"adminPassword": "not used here", "preset": preset, **NEVER_IDLE, **raw},
                project="my-project",
                stack="dev",
            )
            cells.append(_sums(priced(settings, idle)))
        yield f"| {words} | {' | '.join(cells)} |"


def _sums(cost: Estimate) -> str:
    if cost.sprint_usd is None or cost.month_forgotten_usd is None:
        return "unknown"
    return f"{cost.sprint_usd:.0f} / {cost.month_forgotten_usd:.0f}"


def main() -> None:
    """Print the table and the day of its prices."""
    print("\n".join(lines()))
    print(f"\nPrices of {prices().priced_on}.")


if __name__ == "__main__":
    main()
