"""What the cloud refuses, so that the program's mistakes show here and not at Google's."""

from typing import Any

import pytest

from tests.cloud.asking import Answered, Asking
from tests.cloud.gcp.state import Cloud

ACCOUNT = "gcp:serviceaccount/account:Account"
ADDRESS = "gcp:compute/address:Address"
BUCKET = "gcp:storage/bucket:Bucket"
DISK = "gcp:compute/disk:Disk"
FIREWALL = "gcp:compute/firewall:Firewall"
INSTANCE = "gcp:compute/instance:Instance"
MEMBER = "gcp:storage/bucketIAMMember:BucketIAMMember"
WEB: dict[str, Any] = {"network": "default", "allows": [{"protocol": "tcp", "ports": ["443"]}]}


def machine(**more: Any) -> dict[str, Any]:
    return {
        "name": "machine",
        "machineType": "e2-standard-4",
        "bootDisk": {"initializeParams": {"image": "debian"}},
        "networkInterfaces": [{"network": "default"}],
        **more,
    }


def refused(asking: Asking, token: str, match: str, **inputs: Any) -> None:
    with pytest.raises(Answered, match=match):
        asking.create(token, **inputs)


def test_an_api_that_is_not_enabled_refuses_in_googles_words(bare: Asking) -> None:
    refused(bare, ADDRESS, "Compute Engine API has not been used in project", name="a")
    refused(bare, ADDRESS, "SERVICE_DISABLED", name="a")


def test_storage_needs_no_enabling(bare: Asking) -> None:
    assert bare.create(BUCKET, name="some-bucket", location="US")[0] == "some-bucket"


def test_what_exists_is_not_made_again(gcp: Asking) -> None:
    gcp.create(BUCKET, name="some-bucket", location="US")
    refused(gcp, BUCKET, "Error 409.*you already own it", name="some-bucket", location="US")


@pytest.mark.parametrize("other", ["targetTags", "sourceTags"])
def test_a_firewall_rule_has_tags_or_accounts(gcp: Asking, other: str) -> None:
    both = {other: ["web"], "targetServiceAccounts": ["a@b.iam.gserviceaccount.com"]}
    refused(gcp, FIREWALL, "cannot be used together", name="web", **WEB, **both)
    gcp.create(FIREWALL, name="web", **WEB, targetTags=["web"])


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"metadata": {"a": "x" * 262145}}, "too large: maximum size 262144"),
        ({"metadata": {"b c": "x"}}, "Must be a match of regex"),
        ({"metadata": {f"k{i}": "x" * 200_000 for i in range(3)}}, "Metadata size is too large"),
        ({"machineType": "g2-standard-4"}, "do not support live migration"),
        (
            {"guestAccelerators": [{"type": "nvidia-tesla-t4", "count": 1}]},
            "do not support live migration",
        ),
        ({"scheduling": {"provisioningModel": "SPOT"}}, "preemptible must be true"),
        ({"scheduling": {"preemptible": True}}, "preemptible be false when AutomaticRestart"),
        (
            {"scheduling": {"maxRunDuration": {"seconds": 3600}}},
            "must specify an instance termination action",
        ),
        ({"attachedDisks": [{"source": "projects/p/zones/us-east1-b/disks/d"}]}, "same zone"),
        ({"attachedDisks": [{"source": "zones/us-central1-a/disks/d"}]}, "was not found"),
        ({"networkInterfaces": [{"network": "elsewhere"}]}, "was not found"),
    ],
)
def test_a_machine_is_refused(gcp: Asking, values: dict[str, Any], message: str) -> None:
    refused(gcp, INSTANCE, message, **machine(**values))


def test_two_machines_do_not_share_an_address_or_a_writable_disk(gcp: Asking) -> None:
    _, address = gcp.create(ADDRESS, name="public")
    _, disk = gcp.create(DISK, name="data", zone="us-central1-a", size=20)
    card = {"network": "default", "accessConfigs": [{"natIp": address["address"]}]}
    disks = [{"source": disk["selfLink"]}]
    gcp.create(INSTANCE, **machine(networkInterfaces=[card], attachedDisks=disks))
    second = {"name": "second"}
    both = {"networkInterfaces": [card]}
    refused(gcp, INSTANCE, "already in-use", **machine(**second, **both))
    refused(gcp, INSTANCE, "already being used by", **machine(**second, attachedDisks=disks))


def test_a_running_machine_is_stopped_for_a_machine_type_only_when_allowed(gcp: Asking) -> None:
    old = machine()
    identity, _ = gcp.create(INSTANCE, **old)
    new = machine(machineType="e2-standard-8")
    with pytest.raises(Answered, match="allow_stopping_for_update"):
        gcp.update(INSTANCE, identity, old, **new)
    allowed = {**new, "allowStoppingForUpdate": True}
    assert gcp.update(INSTANCE, identity, old, **allowed)["machineType"] == "e2-standard-8"


def test_a_boot_disk_grows_and_does_not_shrink(gcp: Asking) -> None:
    sizes = {size: {"bootDisk": {"initializeParams": {"size": size}}} for size in (30, 60, 80)}
    identity, _ = gcp.create(INSTANCE, **machine(**sizes[60]))
    gcp.update(INSTANCE, identity, machine(**sizes[60]), **machine(**sizes[80]))
    with pytest.raises(Answered, match="must be larger than existing size '80' GB"):
        gcp.update(INSTANCE, identity, machine(**sizes[80]), **machine(**sizes[30]))


@pytest.mark.parametrize(
    ("role", "member", "message"),
    [
        ("roles/storage.objectReader", "user:a@b.c", "is not supported for this resource"),
        ("storage.objectViewer", "user:a@b.c", "is not supported for this resource"),
        ("roles/storage.objectViewer", "a@b.c", "is of an unknown type"),
        (
            "roles/storage.objectViewer",
            "serviceAccount:gone@demo-project.iam.gserviceaccount.com",
            "does not exist",
        ),
        ("roles/storage.objectViewer", "allUsers", "public access prevention is enforced"),
    ],
)
def test_a_bucket_role_is_refused(gcp: Asking, role: str, member: str, message: str) -> None:
    gcp.create(BUCKET, name="private", location="US", publicAccessPrevention="enforced")
    refused(gcp, MEMBER, message, bucket="private", role=role, member=member)


def test_a_bucket_role_is_given_to_an_account_that_exists(gcp: Asking) -> None:
    gcp.create(BUCKET, name="private", location="US")
    _, account = gcp.create(ACCOUNT, accountId="lab-machine")
    rights = {"role": "roles/storage.objectViewer", "member": account["member"]}
    assert gcp.create(MEMBER, bucket="private", **rights)[0].startswith("b/private/roles/")


def test_a_bucket_with_objects_is_deleted_only_by_force(gcp: Asking, cloud: Cloud) -> None:
    gcp.create(BUCKET, name="full", location="US")
    (cloud.folder / "buckets" / "full" / "one.png").write_bytes(b"1")
    with pytest.raises(Answered, match="without `force_destroy`"):
        gcp.delete(BUCKET, "full")
    gcp.delete(BUCKET, "full", forceDestroy=True)
    assert cloud.objects("full") == []


def test_an_abandoned_bucket_stays_and_a_protected_one_too(gcp: Asking, cloud: Cloud) -> None:
    gcp.create(BUCKET, name="kept", location="US")
    gcp.delete(BUCKET, "kept", deletionPolicy="ABANDON")
    with pytest.raises(Answered, match="cannot destroy Bucket"):
        gcp.delete(BUCKET, "kept", deletionPolicy="PREVENT")
    assert "storage.Bucket kept" in cloud.read()["resources"]


def test_a_protected_machine_is_not_deleted(gcp: Asking) -> None:
    identity, state = gcp.create(INSTANCE, **machine(deletionProtection=True))
    with pytest.raises(Answered, match="deletion protection is enabled"):
        gcp.delete(INSTANCE, identity, **state)


def test_an_address_in_use_is_not_deleted(gcp: Asking) -> None:
    identity, address = gcp.create(ADDRESS, name="public")
    card = {"network": "default", "accessConfigs": [{"natIp": address["address"]}]}
    gcp.create(INSTANCE, **machine(networkInterfaces=[card]))
    with pytest.raises(Answered, match=r"already being used by .*instances/machine"):
        gcp.delete(ADDRESS, identity, **address)
