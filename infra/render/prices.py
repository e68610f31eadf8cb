"""Google's list prices by region, from one dated table beside this file: prices.csv.

In US dollars without tax, discounts and free tiers. The table's first lines say the day and the
sources; `scripts/renew_prices.py` says how to make it anew. A price that is not in the table is
None, never a guess.
"""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from infra.settings.machines import Machine

MACHINES = ("e2-standard-4", "n1-standard-4", "g2-standard-4", "g2-standard-8")
T4 = "nvidia-tesla-t4"
DISK = "pd-balanced GiB-month"
ADDRESS = "unused address"
COLUMNS = (
    *(name for part in (*MACHINES, T4) for name in (part, f"{part} spot")),
    DISK,
    ADDRESS,
)
HEADER = """\
# Google Cloud list prices in US dollars, an hour where the column names no other unit.
# priced on: {priced_on}
# T4: github.com/skypilot-org/skypilot-catalog, catalogs/v8/gcp/vms.csv, read {read_on}
# the rest: github.com/Cyclenerd/google-cloud-pricing-cost-calculator, pricing.yml
"""

# The same everywhere (cloud.google.com/vpc/network-pricing#ipaddress, read 2026-11-22): an hour of
# an external IPv4 address that a running machine uses.
ADDRESS_IN_USE_HOUR_USD = 0.005
ADDRESS_IN_USE_SPOT_HOUR_USD = 0.0025

# The same everywhere, a month: a condition of an alert, and each series of figures that it reads,
# every 30 seconds (cloud.google.com/monitoring/alerts/cost-control, as it was in 2025: "1
# condition * $1.50 per month", "86,400 periods per month", "$0.35 per million time series"). Later
# pages name no sum, and whether a condition on logs counts is said nowhere: so, the most it can be.
ALERT_CONDITION_MONTH_USD = 1.50
ALERT_SERIES_MONTH_USD = 86_400 * 0.35 / 1_000_000

TABLE = Path(__file__).with_name("prices.csv")


@dataclass(frozen=True)
class Prices:
    """The table: its day, and for each region the columns that have a price there."""

    priced_on: str
    regions: Mapping[str, Mapping[str, float]]


@cache
def prices() -> Prices:
    """Return the table of this repository."""
    lines = TABLE.read_text(encoding="utf-8").splitlines()
    priced_on = next(
        line.partition("priced on: ")[2] for line in lines if line.startswith("# priced on: ")
    )
    rows = csv.DictReader(line for line in lines if not line.startswith("#"))
    return Prices(
        priced_on,
        {row["region"]: {name: float(row[name]) for name in COLUMNS if row[name]} for row in rows},
    )


def machine_hour_usd(machine: Machine, region: str, *, spot: bool) -> float | None:
    """Return the price of a running machine with its GPU, in dollars an hour, or None.

    Within a family a price is a straight line through its sizes: vCPUs and memory are what is
    paid for, and a g2 with one L4 pays that GPU once.
    """
    row = prices().regions.get(region, {})
    suffix = " spot" if spot else ""
    family = machine.machine_type.rpartition("-")[0]
    four = row.get(f"{family}-4{suffix}")
    if four is None:
        return None
    if family == "g2-standard":
        eight = row.get(f"{family}-8{suffix}")
        if eight is None:
            return None
        return four + (eight - four) * (machine.vcpus - 4) / 4
    host = four * machine.vcpus / 4
    if machine.accelerator is None:
        return host
    gpu = row.get(f"{machine.accelerator}{suffix}")
    return None if gpu is None else host + gpu


def disk_month_usd(region: str) -> float | None:
    """Return the price of a GiB of balanced persistent disk, in dollars a month, or None."""
    return prices().regions.get(region, {}).get(DISK)


def address_hour_usd(region: str, *, running: bool, spot: bool) -> float | None:
    """Return the price of the static address, in dollars an hour, or None.

    It costs more while the machine is stopped: Google charges extra for what nobody uses.
    """
    if running:
        return ADDRESS_IN_USE_SPOT_HOUR_USD if spot else ADDRESS_IN_USE_HOUR_USD
    return prices().regions.get(region, {}).get(ADDRESS)


def alert_month_usd(*, reads_figures: bool) -> float:
    """Return the price of an alert's condition that reads one series of figures, or logs."""
    return ALERT_CONDITION_MONTH_USD + (ALERT_SERIES_MONTH_USD if reads_figures else 0.0)
