"""The notes that the engine leaves of what it was making become resources, or go."""

import json
from typing import Any

import pytest

from infra.dynamic.guest import BucketGuestProvider
from infra.operate import unfinished
from infra.operate.table import kinds
from tests.infra.engine.test_life import NEW_STACK

PROJECT = "demo-project"
VERSION = "gcp:secretmanager/secretVersion:SecretVersion"
SECRET = f"projects/{PROJECT}/secrets/atelier-dev"


def resource(kind: str, **inputs: Any) -> dict[str, Any]:
    urn = f"urn:pulumi:dev::atelier::{kind}::atelier-dev"
    return {"urn": urn, "type": kind, "custom": True, "inputs": {"project": PROJECT, **inputs}}


def exported(creating: list[dict[str, Any]], held: list[dict[str, Any]] | None = None) -> str:
    notes = [{"resource": it, "type": "creating"} for it in creating]
    deployment = {"resources": held or [], "pending_operations": notes}
    return json.dumps({"version": 3, "deployment": deployment})


def one(found: unfinished.Unfinished | None) -> dict[str, Any]:
    assert found is not None
    assert found.state["deployment"]["pending_operations"] == []
    return found.state["deployment"]["resources"][-1]


def test_a_state_without_notes_has_nothing_unfinished() -> None:
    assert unfinished.find(exported([])) is None
    assert unfinished.find('{"version": 3}') is None


def test_what_was_being_made_is_in_the_state_by_the_id_that_google_gives_it() -> None:
    disk = resource(kinds.DISK, zone="us-central1-a", name="atelier-dev-data-12ab34c")
    disk["inputs"]["__defaults"] = ["name"]
    found = unfinished.find(exported([disk]))
    assert one(found)["id"] == (
        f"projects/{PROJECT}/zones/us-central1-a/disks/atelier-dev-data-12ab34c"
    )
    # With them the provider reads it, and keeps the name that it made up.
    known = {key: value for key, value in disk["inputs"].items() if key != "__defaults"}
    assert one(found)["outputs"] == known
    assert one(found)["inputs"] == disk["inputs"]
    assert found is not None
    assert found.looked_for == (disk["urn"],)


def test_beside_the_one_that_it_replaces_it_waits_to_be_deleted() -> None:
    old = {**resource(kinds.DISK, zone="us-central1-a", name="old"), "id": "old", "outputs": {}}
    new = resource(kinds.DISK, zone="us-central1-b", name="new")
    assert one(unfinished.find(exported([new], [old])))["delete"] is True


def test_a_secrets_next_version_has_the_next_number() -> None:
    new = resource(VERSION, secret=SECRET)
    assert one(unfinished.find(exported([new])))["id"] == f"{SECRET}/versions/1"
    old = {**new, "id": f"{SECRET}/versions/3", "outputs": {"version": "3"}}
    assert one(unfinished.find(exported([new], [old])))["id"] == f"{SECRET}/versions/4"


def test_what_can_be_made_again_is_forgotten_and_a_lost_key_is_told() -> None:
    account = f"projects/{PROJECT}/serviceAccounts/a@{PROJECT}.iam.gserviceaccount.com"
    again = [resource(kinds.KEY, serviceAccountId=account), resource(kinds.API, service="iap")]
    found = unfinished.find(exported(again))
    assert found is not None
    assert found.state["deployment"]["resources"] == []
    assert found.looked_for == ()
    assert unfinished.told(found) == (
        "The last update did not end while it made: service account key, API."
    )
    (said,) = unfinished.by_hand(found, PROJECT, destroying=False)
    assert f"keys delete KEY_ID --iam-account a@{PROJECT}.iam.gserviceaccount.com" in said
    # The account takes its keys along.
    assert unfinished.by_hand(found, PROJECT, destroying=True) == []


def test_what_google_names_itself_is_told_as_nobody_can_look_for_it() -> None:
    channel = "gcp:monitoring/notificationChannel:NotificationChannel"
    found = unfinished.find(exported([resource(channel, displayName="the team")]))
    assert found is not None
    (said,) = unfinished.by_hand(found, PROJECT, destroying=True)
    assert "notification channel the team" in said


GUEST = "pulumi-python:dynamic/atelier:BucketGuest"
BUDGET = "pulumi-python:dynamic/atelier:Budget"
ALERTS = "pulumi-python:dynamic/atelier:Alerts"
RULE = {"origin": ["https://203.0.113.7"], "method": ["GET"], "maxAgeSeconds": 60.0}


def test_a_rule_that_was_being_put_into_anothers_bucket_is_ours_to_take_away() -> None:
    inputs = {"bucket": "photos", "cors": [RULE], "versioning": True, "__provider": "pickled"}
    taken = one(unfinished.find(exported([resource(GUEST, **inputs)])))
    assert taken["id"] == "photos"
    assert taken["outputs"]["added"] == {"cors": [RULE], "versioning": False}
    assert taken["outputs"]["__provider"] == "pickled"
    # The next update looks whether it is there.
    wanted = {**taken["inputs"], "added": None}
    assert BucketGuestProvider().diff("photos", taken["outputs"], wanted).changes


def test_a_budget_that_was_being_made_is_looked_for_by_its_provider() -> None:
    made = resource(BUDGET, display_name="atelier-dev", __provider="pickled")
    found = unfinished.find(exported([made]))
    assert one(found)["outputs"]["budget"] == ""
    assert found is not None
    # Reading it tells nothing.
    assert found.looked_for == ()


def test_alerts_that_were_being_made_are_looked_for_by_their_provider() -> None:
    made = resource(ALERTS, display_name="atelier-dev", __provider="pickled")
    assert one(unfinished.find(exported([made])))["outputs"]["names"] == {}


@pytest.mark.parametrize("kind", [kind for kind in NEW_STACK if kind.startswith("gcp:")])
def test_everything_of_a_new_stack_is_found_again_or_can_be_made_twice(kind: str) -> None:
    assert not unfinished.is_nameless(kind)
