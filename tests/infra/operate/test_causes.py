"""Every wording that was ever seen gets its explanation, with commands that can be pasted."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from infra.operate.causes import CAUSES, explain
from infra.operate.causes.capacity import zones_available
from infra.operate.explanation import Context, Explanation, Failure

WORDINGS: list[dict[str, Any]] = yaml.safe_load(
    (Path(__file__).parent / "wordings.yaml").read_text()
)
CONTEXT = Context(stack="dev", project="garments-1")


def explained(text: str, context: Context = CONTEXT, resource: str = "") -> Explanation:
    (found,) = explain([Failure.of(text, resource)], context)
    return found


def whole(explanation: Explanation) -> str:
    return "\n".join([explanation.what, *explanation.todo])


@pytest.mark.parametrize("seen", WORDINGS, ids=[f"{w['cause']}: {w['source']}" for w in WORDINGS])
def test_a_wording_that_was_seen_is_explained(seen: dict[str, Any]) -> None:
    found = explained(seen["text"], resource=seen.get("resource", ""))
    assert found.cause == seen["cause"]
    for part in seen["says"]:
        assert part in whole(found)


def test_every_cause_has_a_wording_that_was_seen() -> None:
    reached = {
        cause.__name__
        for cause in CAUSES
        for seen in WORDINGS
        if cause(Failure.of(seen["text"]), CONTEXT)
    }
    assert reached == {cause.__name__ for cause in CAUSES}


def test_an_error_that_is_not_known_is_not_explained() -> None:
    assert explain([Failure.of("error: ValueError: boom")], CONTEXT) == ()


def test_the_same_failure_of_three_resources_is_explained_once() -> None:
    text = WORDINGS[0]["text"]
    assert len(explain([Failure.of(text, name) for name in ("a", "b", "c")], CONTEXT)) == 1


def test_commands_name_the_stacks_own_config_file() -> None:
    context = Context(stack="spring", project="p", config_file="/here/Pulumi.spring.yaml")
    found = explained("Key creation is not allowed on this service account.", context)
    assert (
        "pulumi config set --stack spring --config-file /here/Pulumi.spring.yaml"
        " atelier:auth keyless" in found.todo
    )
    assert "pulumi up --stack spring --config-file /here/Pulumi.spring.yaml" in found.todo


def test_a_stockout_in_a_new_zone_tells_the_way_back_to_the_old_one() -> None:
    text = (
        "The zone 'projects/p/zones/us-central1-b' does not have enough resources available to"
        " fulfill the request. (ZONE_RESOURCE_POOL_EXHAUSTED)"
    )
    context = Context(stack="dev", old_zone="us-central1-a")
    assert (
        "pulumi config set --stack dev atelier:zone us-central1-a" in explained(text, context).todo
    )
    staying = Context(stack="dev", old_zone="us-central1-b")
    assert "Back to where it was:" not in explained(text, staying).todo


@pytest.mark.parametrize(
    ("text", "zones"),
    [
        ("zonesAvailable: us-central1-a,us-central1-f", ["us-central1-a", "us-central1-f"]),
        ('"zonesAvailable": "europe-west4-c"', ["europe-west4-c"]),
        ("request in the us-east1-b, us-east1-d zone(s), which", ["us-east1-b", "us-east1-d"]),
        ("zonesAvailable: ''", []),
        ("the us-central1-a zone is full", []),
    ],
)
def test_the_zones_are_those_that_google_names(text: str, zones: list[str]) -> None:
    assert zones_available(text) == zones
