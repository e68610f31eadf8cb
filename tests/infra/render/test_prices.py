"""The price table and what is read from it."""

import csv
from datetime import date

import pytest

from infra.render.prices import COLUMNS, TABLE, disk_month_usd, machine_hour_usd, prices
from infra.settings.gpu_zones import GPU_ZONES
from infra.settings.machines import PRESETS, Preset
from scripts.renew_prices import table
from tests.infra.render.scenarios import load


def test_the_table_is_dated_and_names_its_sources() -> None:
    head = TABLE.read_text(encoding="utf-8").splitlines()[:4]
    assert date.fromisoformat(prices().priced_on) > date(2026, 1, 1)
    assert sum("github.com/" in line for line in head) == 2


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("spot", [False, True])
def test_every_preset_has_a_price_wherever_its_gpu_is(preset: Preset, spot: bool) -> None:
    gpu = {"l4": "L4", "l4-large": "L4", "t4": "T4", "cpu": "T4"}[preset]
    regions = {zone.rpartition("-")[0] for zone in GPU_ZONES[gpu]}
    missing = [
        region
        for region in sorted(regions)
        if machine_hour_usd(PRESETS[preset], region, spot=spot) is None
        or disk_month_usd(region) is None
    ]
    assert missing == []


def test_spot_costs_less_everywhere() -> None:
    for region, row in prices().regions.items():
        for name in COLUMNS:
            if f"{name} spot" in row:
                assert 0 < row[f"{name} spot"] < row[name], (region, name)


# Of the same source (pricing.yml at dac3128), but not in the table: it is made from others.
@pytest.mark.parametrize(
    ("preset", "machine_type", "zone", "spot", "usd"),
    [
        ("cpu", "e2-standard-32", "us-central1-a", False, 1.07218272),
        ("cpu", "e2-standard-2", "us-west4-a", True, 0.00952),
        ("cpu", "n1-standard-64", "asia-east1-a", False, 3.519968),
        ("l4", "g2-standard-32", "us-central1-a", False, 1.734376367),
        ("l4", "g2-standard-32", "europe-west3-a", True, 1.2264),
    ],
)
def test_other_sizes_of_a_family_are_priced_by_their_vcpus(
    preset: str, machine_type: str, zone: str, spot: bool, usd: float
) -> None:
    settings = load({"preset": preset, "machineType": machine_type, "zone": zone})
    price = machine_hour_usd(settings.machine, settings.region, spot=spot)
    assert price == pytest.approx(usd, rel=1e-4)


def test_a_t4_is_paid_beside_its_machine() -> None:
    price = machine_hour_usd(PRESETS["t4"], "us-central1", spot=False)
    assert price == pytest.approx(0.189999 + 0.35)


@pytest.mark.parametrize(
    ("machine_type", "zone"), [("n2-standard-8", "us-central1-a"), ("", "antarctica-south1-a")]
)
def test_what_is_not_in_the_table_has_no_price(machine_type: str, zone: str) -> None:
    settings = load(
        {"preset": "cpu", "machineType": machine_type, "zone": zone, "unlisted": [zone]}
    )
    assert machine_hour_usd(settings.machine, settings.region, spot=False) is None


def test_the_table_is_made_from_the_two_price_lists() -> None:
    machine = {"cost": {"us-central1": {"hour": 0.2, "hour_spot": 0.1}, "us-west2": {}}}
    offered = {"cost": {**machine["cost"], "us-east5": {"hour": 0.8, "hour_spot": 0.3}}}
    pricing = {
        "compute": {
            "storage": {"balanced": {"cost": {r: {"month": 0.1} for r in offered["cost"]}}},
            "network": {"ip": {"unused": {"cost": {"us-central1": {"hour": 0.01}}}}},
            "instance": {
                "e2-standard-4": machine,
                "n1-standard-4": machine,
                "g2-standard-4": offered,
                "g2-standard-8": offered,
            },
        }
    }
    gpus = csv.DictReader(
        [
            "AcceleratorName,AcceleratorCount,Region,Price,SpotPrice",
            "T4,1,us-west2,0.42,0.16",
            "T4,2,us-west2,0.84,0.32",
            "L4,1,us-west2,0.56,0.2",
        ]
    )
    rows = table(pricing, list(gpus))
    assert rows["us-central1"] == {
        "pd-balanced GiB-month": 0.1,
        "unused address": 0.01,
        **{
            f"{name}{spot}": price
            for name in ("e2-standard-4", "n1-standard-4", "g2-standard-4", "g2-standard-8")
            for spot, price in (("", 0.2), (" spot", 0.1))
        },
    }
    # No L4 is rented out in us-east5, whatever its price.
    assert rows["us-east5"] == {"pd-balanced GiB-month": 0.1}
    assert rows["us-west2"] == {
        "pd-balanced GiB-month": 0.1,
        "nvidia-tesla-t4": 0.42,
        "nvidia-tesla-t4 spot": 0.16,
    }
