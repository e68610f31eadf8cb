"""What a stack costs: by the hour, for a sprint, stopped, and forgotten.

Machine, GPU, disks, address and alerts at Google's list prices. Left out, since nobody can know
them before: what the buckets and snapshots hold, and traffic to the labelers. n1 machines get
cheaper in a month that they run through (sustained use); that is left out too.
"""

from dataclasses import asdict, dataclass

from infra.render.alerts import Watched, conditions
from infra.render.prices import (
    address_hour_usd,
    alert_month_usd,
    disk_month_usd,
    machine_hour_usd,
    prices,
)
from infra.render.running import MONTH_HOURS, WEEK_HOURS, RunningTime, running_time
from infra.settings.fields import Settings

LEFT_OUT = "traffic, bucket storage and snapshots"


@dataclass(frozen=True)
class Estimate:
    """Dollars; None where a price is not known, and then `unknown` says which.

    Attributes:
        machine: Machine type, GPU where it is attached by name, region, and how it is paid for.
        schedule: What starts and stops the machine.
        hours_in_sprint: Hours that the machine runs in a sprint of `sprint_days` working days.
        sprint_days: Working days of the sprint.
        machine_hour_usd: The running machine with its GPU, an hour.
        hour_usd: The same with the disks, the address and the alerts.
        disks_month_usd: Boot and data disk, a month, whether the machine runs or not.
        address_month_usd: The static address, a month, while the machine is stopped.
        alerts_month_usd: The alerts, a month, at the most; 0 where there are none.
        stopped_month_usd: These three: what a stopped stack costs a month.
        sprint_usd: The sprint, nights and weekends (stopped) included.
        month_forgotten_usd: A month in which nobody stops it, under its schedule and time limit.
        month_uncapped_usd: The same month of 730 hours without schedule and time limit.
        week_uncapped_usd: A week in which the machine is left running.
        priced_on: The day of the prices.
        unknown: The sentence that says what is not known, or empty.
    """

    machine: str
    schedule: str
    hours_in_sprint: float
    sprint_days: int
    machine_hour_usd: float | None
    hour_usd: float | None
    disks_month_usd: float | None
    address_month_usd: float | None
    alerts_month_usd: float
    stopped_month_usd: float | None
    sprint_usd: float | None
    month_forgotten_usd: float | None
    month_uncapped_usd: float | None
    week_uncapped_usd: float | None
    priced_on: str
    unknown: str

    def as_dict(self) -> dict[str, str | float | int | None]:
        """Return all of it as plain data, dollars rounded to cents (an hour's to 1/100 cent)."""
        return {
            name: round(value, 4 if "hour_usd" in name else 2)
            if isinstance(value, float)
            else value
            for name, value in asdict(self).items()
        }

    def sentence(self) -> str:
        """Return the estimate in words."""
        if self.unknown:
            return self.unknown
        alerts = f", alerts {_usd(self.alerts_month_usd)}" if self.alerts_month_usd else ""
        days = f"{self.sprint_days} working day{'s' if self.sprint_days > 1 else ''}"
        text = (
            f"{_usd(self.hour_usd)} an hour running ({self.machine});"
            f" {_usd(self.sprint_usd)} for a sprint of {days}"
            f" ({self.hours_in_sprint:g} h: {self.schedule});"
            f" {_usd(self.stopped_month_usd)} a month stopped"
            f" (disks {_usd(self.disks_month_usd)}, address {_usd(self.address_month_usd)}"
            f"{alerts});"
            f" forgotten, {_usd(self.month_forgotten_usd)} a month"
        )
        if self.month_forgotten_usd != self.month_uncapped_usd:
            text += f" instead of {_usd(self.month_uncapped_usd)} running day and night"
        return f"{text}. Google's list prices of {self.priced_on}, without {LEFT_OUT}."


def estimate(settings: Settings, time: RunningTime | None = None) -> Estimate:
    """Return what a stack with these settings costs, in their hours or in those of `time`."""
    time = time or running_time(settings)
    machine = settings.machine
    gpu = f" with {machine.accelerator}" if machine.accelerator else ""
    paid = "Spot, a price that may change every month" if settings.spot else "on demand"
    rate = machine_hour_usd(machine, settings.region, spot=settings.spot)
    gigabyte = disk_month_usd(settings.region)
    in_use = address_hour_usd(settings.region, running=True, spot=settings.spot)
    unused = address_hour_usd(settings.region, running=False, spot=settings.spot)
    gigabytes = settings.boot_disk_gb + settings.data_disk_gb
    disks = None if gigabyte is None else gigabyte * gigabytes
    address = None if unused is None else unused * MONTH_HOURS
    alerts = _alerts_month_usd(settings)
    always = None if disks is None else (disks + alerts) / MONTH_HOURS
    hour = _sum(rate, always, in_use)
    stopped = _sum(disks, address, alerts)
    return Estimate(
        machine=f"{machine.machine_type}{gpu} in {settings.region}, {paid}",
        schedule=time.words,
        hours_in_sprint=time.sprint,
        sprint_days=settings.sprint_days,
        machine_hour_usd=rate,
        hour_usd=hour,
        disks_month_usd=disks,
        address_month_usd=address,
        alerts_month_usd=alerts,
        stopped_month_usd=stopped,
        sprint_usd=_mixed(hour, stopped, time.sprint, time.sprint_stopped),
        month_forgotten_usd=_mixed(
            hour, stopped, time.forgotten_month, MONTH_HOURS - time.forgotten_month
        ),
        month_uncapped_usd=_mixed(hour, stopped, MONTH_HOURS, 0),
        week_uncapped_usd=_mixed(hour, stopped, WEEK_HOURS, 0),
        priced_on=prices().priced_on,
        unknown=_unknown(settings, rate, stopped, time),
    )


def _alerts_month_usd(settings: Settings) -> float:
    email = settings.alert_email
    if not email:
        return 0.0
    # Where it answers makes no difference here.
    url = "https://studio.invalid" if settings.is_open else ""
    watched = Watched(settings.project, settings.name, settings.stack, email, url)
    return sum(
        alert_month_usd(reads_figures="conditionThreshold" in it) for it in conditions(watched)
    )


def _unknown(
    settings: Settings, rate: float | None, stopped: float | None, time: RunningTime
) -> str:
    missing: list[str] = []
    if rate is None:
        kind = "Spot price" if settings.spot else "price"
        missing.append(f"the {kind} of {settings.machine.machine_type} in {settings.region}")
    if stopped is None:
        missing.append(f"the price of a disk or an address in {settings.region}")
    if not missing:
        return ""
    return (
        f"The cost is not known: {' and '.join(missing)} is not in the table of"
        f" {prices().priced_on}. The machine runs {time.sprint:g} h in a sprint ({time.words});"
        " look its price up at https://cloud.google.com/products/calculator."
    )


def _mixed(
    hour: float | None, stopped_month: float | None, running: float, stopped: float
) -> float | None:
    if hour is None or stopped_month is None:
        return None
    return hour * running + stopped_month / MONTH_HOURS * stopped


def _sum(*parts: float | None) -> float | None:
    known = [part for part in parts if part is not None]
    return sum(known) if len(known) == len(parts) else None


def _usd(amount: float | None) -> str:
    return "an unknown sum" if amount is None else f"${amount:.2f}"
