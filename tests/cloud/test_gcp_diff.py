"""Which changes replace a resource: the facts that the deployment's design rests on."""

from typing import Any

import pytest

from tests.cloud.asking import Answered, Asking
from tests.cloud.gcp.diff import Difference, differences

BUCKET = "gcp:storage/bucket:Bucket"
DISK = "gcp:compute/disk:Disk"
INSTANCE = "gcp:compute/instance:Instance"
KEY = "gcp:serviceaccount/key:Key"
POLICY = "gcp:compute/resourcePolicy:ResourcePolicy"


def scheduling(**more: Any) -> dict[str, Any]:
    return {"scheduling": {"onHostMaintenance": "TERMINATE", **more}}


def metadata(**values: str) -> dict[str, Any]:
    return {"metadata": values}


def boot_image(name: str) -> dict[str, Any]:
    return {"bootDisk": {"initializeParams": {"image": name}}}


@pytest.mark.parametrize(
    ("token", "old", "new", "replaces"),
    [
        (INSTANCE, metadata(a="1"), metadata(a="2"), False),
        (INSTANCE, metadata(a="1"), metadata(a="1", b="2"), False),
        (INSTANCE, {"metadataStartupScript": "a"}, {"metadataStartupScript": "b"}, True),
        (INSTANCE, {"machineType": "g2-standard-4"}, {"machineType": "g2-standard-8"}, False),
        (INSTANCE, {"zone": "us-central1-a"}, {"zone": "us-central1-b"}, True),
        (INSTANCE, boot_image("a"), boot_image("b"), True),
        (INSTANCE, {"labels": {"a": "1"}}, {"labels": {"a": "2"}}, False),
        (INSTANCE, {"resourcePolicies": "a"}, {"resourcePolicies": "b"}, False),
        (INSTANCE, {"deletionProtection": False}, {"deletionProtection": True}, False),
        (
            INSTANCE,
            scheduling(provisioningModel="STANDARD"),
            scheduling(provisioningModel="SPOT"),
            True,
        ),
        (DISK, {"size": 20}, {"size": 30}, False),
        (DISK, {"size": 30}, {"size": 20}, True),
        (DISK, {"snapshot": "a"}, {"snapshot": "b"}, True),
        (DISK, {"zone": "us-central1-a"}, {"zone": "us-central1-b"}, True),
        (BUCKET, {"location": "US"}, {"location": "EU"}, True),
        (BUCKET, {"storageClass": "STANDARD"}, {"storageClass": "NEARLINE"}, False),
        (BUCKET, {"labels": {}}, {"labels": {"a": "b"}}, False),
        (KEY, {"keepers": {"version": "1"}}, {"keepers": {"version": "2"}}, True),
        (
            POLICY,
            {"instanceSchedulePolicy": {"timeZone": "UTC"}},
            {"instanceSchedulePolicy": {"timeZone": "Europe/Berlin"}},
            False,
        ),
    ],
)
def test_a_change_updates_or_replaces(
    bare: Asking, token: str, old: dict[str, Any], new: dict[str, Any], replaces: bool
) -> None:
    answer = bare.diff(token, {"name": "it", **old}, {"name": "it", **new})
    assert answer.changes == answer.DIFF_SOME
    assert bool(answer.replaces) is replaces


def test_nothing_changed_is_no_difference(bare: Asking) -> None:
    same = {"name": "it", "labels": {"a": "b"}}
    assert bare.diff(DISK, same, dict(same)).changes == bare.diff(DISK, same, same).DIFF_NONE


def test_an_own_name_is_freed_before_it_is_used_again_and_a_made_up_one_is_not(
    bare: Asking,
) -> None:
    zones = ({"zone": "us-central1-a"}, {"zone": "us-central1-b"})
    own = bare.diff(DISK, {"name": "it", **zones[0]}, {"name": "it", **zones[1]})
    made = {"name": "it-1", "__defaults": ["name"]}
    generated = bare.diff(DISK, made | zones[0], made | zones[1])
    assert own.deleteBeforeReplace
    assert not generated.deleteBeforeReplace


def test_a_type_whose_replacing_changes_are_not_known_is_refused(bare: Asking) -> None:
    with pytest.raises(Answered, match=r"does not know .*force_new\.json"):
        bare.diff("gcp:pubsub/topic:Topic", {"name": "a"}, {"name": "b"})


def test_sets_have_no_order_and_lists_have_one() -> None:
    old, new = {"ranges": ["a", "b"]}, {"ranges": ["b", "a"]}
    assert list(differences(old, new, sets=("ranges",))) == []
    assert [it.path for it in differences(old, new)] == ["ranges[0]", "ranges[1]"]


def test_an_added_block_is_told_from_a_changed_value() -> None:
    found = list(differences({"rules": [{"age": 1}]}, {"rules": [{"age": 1}, {"age": 2}]}))
    assert Difference("rules", "rules", 4, True) in found
    assert Difference("rules[1].age", "rules.age", 0, False) in found
