"""Failures on demand: how often, where, and in whose words."""

import json
from typing import Any

import pytest

from tests.cloud.asking import Answered, Asking
from tests.cloud.gcp.state import Cloud

ACCOUNT = "gcp:serviceaccount/account:Account"
ADDRESS = "gcp:compute/address:Address"
INSTANCE = "gcp:compute/instance:Instance"
KEY = "gcp:serviceaccount/key:Key"
MACHINE: dict[str, Any] = {
    "name": "machine",
    "machineType": "g2-standard-4",
    "zone": "us-central1-a",
    "scheduling": {"onHostMaintenance": "TERMINATE"},
    "bootDisk": {},
    "networkInterfaces": [{"network": "default"}],
}


def plan(cloud: Cloud, *faults: dict[str, Any]) -> None:
    (cloud.folder / "faults.json").write_text(json.dumps(faults))


def test_a_fault_is_counted_and_the_next_attempt_succeeds(gcp: Asking, cloud: Cloud) -> None:
    plan(cloud, {"type": "compute.Address", "times": 2, "message": "out of addresses"})
    for _ in range(2):
        with pytest.raises(Answered, match="out of addresses"):
            gcp.create(ADDRESS, name="public")
    assert gcp.create(ADDRESS, name="public")[0].endswith("/public")


def test_a_fault_strikes_only_where_it_is_meant_to(gcp: Asking, cloud: Cloud) -> None:
    elsewhere = {"type": "compute.Instance", "where": {"zone": "us-central1-b"}, "message": "no"}
    plan(cloud, elsewhere)
    gcp.create(INSTANCE, **MACHINE)
    with pytest.raises(Answered, match="no"):
        gcp.create(INSTANCE, **{**MACHINE, "zone": "us-central1-b"})


def test_what_failed_does_not_exist(gcp: Asking, cloud: Cloud) -> None:
    plan(cloud, {"type": "compute.Address", "message": "no"})
    with pytest.raises(Answered):
        gcp.create(ADDRESS, name="public")
    assert not [key for key in cloud.read()["resources"] if "addresses" in key]


def test_a_stockout_names_the_zones_that_google_names(gcp: Asking, cloud: Cloud) -> None:
    zones = ["us-central1-b", "us-central1-f"]
    code = "ZONE_RESOURCE_POOL_EXHAUSTED_WITH_DETAILS"
    plan(cloud, {"type": "compute.Instance", "code": code, "zones": zones})
    with pytest.raises(Answered) as caught:
        gcp.create(INSTANCE, **MACHINE)
    said = str(caught.value)
    assert "zones/us-central1-a' does not have enough resources available" in said
    assert "g2-standard-4 VM instance with 1 nvidia-l4 accelerator(s)" in said
    assert "in the us-central1-b, us-central1-f zone(s)" in said


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("ZONE_RESOURCE_POOL_EXHAUSTED", "Try a different zone, or try again later"),
        ("QUOTA_EXCEEDED", "Quota 'GPUS_ALL_REGIONS' exceeded.  Limit: 0.0 globally."),
        ("FORBIDDEN", "Required 'compute.instances.create' permission"),
        ("SERVICE_DISABLED", "Compute Engine API has not been used in project"),
    ],
)
def test_a_machine_fails_in_googles_words(gcp: Asking, cloud: Cloud, code: str, words: str) -> None:
    plan(cloud, {"type": "compute.Instance", "code": code})
    with pytest.raises(Answered) as caught:
        gcp.create(INSTANCE, **MACHINE)
    assert words in str(caught.value)


def test_an_organization_that_forbids_keys_says_which_policy(gcp: Asking, cloud: Cloud) -> None:
    _, account = gcp.create(ACCOUNT, accountId="lab-machine")
    plan(cloud, {"type": "serviceaccount.Key", "code": "KEY_CREATION_FORBIDDEN"})
    with pytest.raises(Answered, match=r"constraints/iam\.disableServiceAccountKeyCreation"):
        gcp.create(KEY, serviceAccountId=account["name"])


def test_a_lookup_can_fail_too(bare: Asking, cloud: Cloud) -> None:
    plan(cloud, {"type": "storage.getBuckets", "operation": "invoke", "code": "SERVICE_DISABLED"})
    with pytest.raises(Answered, match="Cloud Storage API has not been used"):
        bare.look_up("gcp:storage/getBuckets:getBuckets", prefix="a")
