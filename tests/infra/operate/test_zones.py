"""Without a machine in the zone, an update goes on in the next one that the settings name."""

from typing import Any

import pytest

from infra.operate.pulumi import Outcome, Target
from infra.operate.zones import go_on, next_zone, told
from tests.infra.render.scenarios import load

STOCKOUT = (
    "error: The zone 'projects/p/zones/us-central1-a' does not have enough resources available to"
    " fulfill the request. ZONE_RESOURCE_POOL_EXHAUSTED"
)
HINT = STOCKOUT + " Consider trying your request in the us-central1-f zone(s)"
START = (
    "Google refused to start machine atelier-dev in us-central1-a: The zone"
    " 'projects/p/zones/us-central1-a' does not have enough resources available to fulfill the"
    " request.  Try a different zone, or try again later."
)
QUOTA = "error: Quota 'GPUS_ALL_REGIONS' exceeded. Limit: 0.0 globally."
ZONES = ["us-central1-a", "us-central1-b", "us-central1-f"]
SETTINGS = load({"zone": ZONES[0], "zones": ZONES, "preset": "t4"})


def failed(text: str) -> Outcome:
    return Outcome(255, (), text)


@pytest.mark.parametrize(
    ("text", "zone"),
    [(STOCKOUT, "us-central1-b"), (HINT, "us-central1-f"), (START, "us-central1-b"), (QUOTA, "")],
)
def test_the_next_is_the_one_that_google_names_or_the_first_of_the_list(
    text: str, zone: str
) -> None:
    assert next_zone(failed(text), SETTINGS.zones, {"us-central1-a"}) == zone


ASKED: list[tuple[str, ...]] = []


class Config(Target):
    """A target that remembers what was set."""

    def ask(self, *arguments: str) -> str | None:
        ASKED.append(arguments)
        return ""


@pytest.mark.parametrize(
    ("ends", "zones", "status"),
    [
        ([0], ["us-central1-b"], 0),
        ([255, 0], ["us-central1-b", "us-central1-f"], 0),
        ([255, 255], ["us-central1-b", "us-central1-f"], 255),
    ],
)
def test_each_zone_is_tried_once_and_the_config_says_the_last(
    ends: list[int], zones: list[str], status: int
) -> None:
    ASKED.clear()
    outcomes = [failed(STOCKOUT) if end else Outcome(0, (), "") for end in ends]
    said: list[str] = []
    target = Config("pulumi", {}, "dev")
    ended = go_on(failed(STOCKOUT), SETTINGS, target, lambda: outcomes.pop(0), said.append)
    assert ended.status == status
    assert [words[:4] for words in ASKED] == [
        ("config", "set", "atelier:zone", zone) for zone in zones
    ]
    assert f"atelier:zone is {zones[-1]} now" in said[-1]


def test_another_failure_goes_nowhere() -> None:
    def again() -> Any:
        raise AssertionError("not to be run")

    said: list[str] = []
    assert go_on(failed(QUOTA), SETTINGS, Target("pulumi", {}, "dev"), again, said.append).status
    assert said == []


def test_the_preview_says_where_it_is_and_where_else() -> None:
    assert "us-central1-a. If Google has none free" in told(SETTINGS)
    assert told(SETTINGS).endswith("in us-central1-b, us-central1-f.")
    assert told(load({})) == ""
