"""What a job will take, before it starts: images, hours, dollars."""

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

PRICES = Path(__file__).with_name("prices.toml")
# Until a worker does its first image: a machine, its driver, an image of some GB, the weights.
START_HOURS = {"cloudrun": 0.05, "dataflow": 0.2}


@dataclass(frozen=True)
class Quote:
    """What a job will take.

    Attributes:
        runner: "cloudrun" or "dataflow".
        images: how many are to be done.
        workers: how many work at a time, at most.
        images_per_second: of one worker.
        told: whether somebody said so; else it is an estimate.
    """

    runner: str
    images: int
    workers: int
    images_per_second: float
    told: bool = False

    @property
    def worker_hours(self) -> float:
        """The hours of all workers."""
        working = self.images / self.images_per_second / 3600
        return working + START_HOURS[self.runner] * self.workers

    @property
    def hours(self) -> float:
        """The hours on the clock."""
        return self.worker_hours / self.workers

    @property
    def dollars(self) -> float:
        return self.worker_hours * dollars_an_hour(self.runner)

    def sentence(self) -> str:
        """Return it for whoever pays."""
        by = "as you say" if self.told else "an estimate: try 1,000 first, and add what came of it"
        price = prices()[self.runner]
        return (
            f"{self.images:,} images on {self.workers} x L4 ({self.runner}): about"
            f" {self.hours:.1f} hours and {self.dollars:,.2f} dollars.\n"
            f"  {self.images_per_second:g} images/s a worker ({by} with --images-per-second);"
            f" {dollars_an_hour(self.runner):.2f} dollars a worker's hour in us-central1\n"
            f"  (as of {prices()['written_on']}, to be compared with {price['source']}), without"
            " storage and network"
        )


@cache
def prices() -> dict[str, Any]:
    """Return the table of prices and speeds."""
    return tomllib.loads(PRICES.read_text(encoding="utf-8"))


def dollars_an_hour(runner: str) -> float:
    """Return what a worker with an L4 costs in us-central1."""
    price = prices()[runner]
    return (
        price["l4_hour"]
        + price["vcpus"] * price["vcpu_hour"]
        + price["memory_gib"] * price["gib_hour"]
    )


def images_per_second(version: str) -> float:
    """Return how many images an L4 is expected to do with a model."""
    speeds = prices()["images_per_second"]
    return float(next(speeds[word] for word in speeds if word in version))
