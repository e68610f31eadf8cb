"""Makes infra/render/prices.csv anew from two public price lists.

    git clone --depth 1 https://github.com/Cyclenerd/google-cloud-pricing-cost-calculator gcp
    git clone --depth 1 https://github.com/skypilot-org/skypilot-catalog catalog
    .local/env/operator/bin/python -m scripts.renew_prices \
        gcp/pricing.yml catalog/catalogs/v8/gcp/vms.csv > infra/render/prices.csv

The first is made from Google's Cloud Billing Catalog API and says when; the second is needed for
the T4, which the first leaves out. Then `python -m tests.infra.render.scenarios`, and read the
difference. Machines with an L4 are listed for the regions that have one in
`infra.settings.gpu_zones`.
"""

import csv
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml

from infra.render.prices import ADDRESS, COLUMNS, DISK, HEADER, MACHINES, T4
from infra.settings.gpu_zones import GPU_ZONES

L4_REGIONS = {zone.rpartition("-")[0] for zone in GPU_ZONES["L4"]}


def table(pricing: dict[str, Any], gpus: list[dict[str, str]]) -> dict[str, dict[str, float]]:
    """Return region -> column -> dollars."""
    compute = pricing["compute"]
    disks = compute["storage"]["balanced"]["cost"]
    rows: dict[str, dict[str, float]] = {
        region: {DISK: cost["month"]} for region, cost in disks.items()
    }
    for region, cost in compute["network"]["ip"]["unused"]["cost"].items():
        rows[region][ADDRESS] = cost["hour"]
    for machine in MACHINES:
        for region, cost in compute["instance"][machine]["cost"].items():
            # Google lists prices for GPUs in regions where nobody can rent one.
            if "hour" in cost and (not machine.startswith("g2-") or region in L4_REGIONS):
                rows[region] |= {machine: cost["hour"], f"{machine} spot": cost["hour_spot"]}
    for gpu in gpus:
        if gpu["AcceleratorName"] == "T4" and float(gpu["AcceleratorCount"]) == 1:
            price, spot = float(gpu["Price"]), float(gpu["SpotPrice"])
            rows[gpu["Region"]] |= {T4: price, f"{T4} spot": spot}
    return dict(sorted(rows.items()))


def main(pricing_file: str, gpu_file: str) -> None:
    """Write the table to standard output."""
    pricing = yaml.safe_load(Path(pricing_file).read_text(encoding="utf-8"))
    with Path(gpu_file).open(encoding="utf-8", newline="") as lines:
        rows = table(pricing, list(csv.DictReader(lines)))
    made = datetime.fromtimestamp(pricing["about"]["timestamp"], UTC).date()
    today = datetime.now(UTC).date()
    print(HEADER.format(priced_on=made.isoformat(), read_on=today.isoformat()), end="")
    writer = csv.DictWriter(sys.stdout, ["region", *COLUMNS], lineterminator="\n")
    writer.writeheader()
    for region, row in rows.items():
        writer.writerow({"region": region, **{name: f"{usd:.6g}" for name, usd in row.items()}})


if __name__ == "__main__":
    main(*sys.argv[1:])
