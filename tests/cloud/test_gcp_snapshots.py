"""A disk's data outlives the disk: snapshots, taken when it is deleted, and disks made of them."""

import pytest

from tests.cloud.asking import Answered, Asking
from tests.cloud.gcp.state import Cloud, of_kind

DISK = "gcp:compute/disk:Disk"
INSTANCE = "gcp:compute/instance:Instance"
ZONE = "us-central1-a"


def test_a_disk_leaves_a_snapshot_when_it_is_asked_to(gcp: Asking, cloud: Cloud) -> None:
    asked = {"createSnapshotBeforeDestroy": True, "createSnapshotBeforeDestroyPrefix": "lab"}
    identity, state = gcp.create(DISK, name="data-1", zone=ZONE, size=20, **asked)
    gcp.delete(DISK, identity, **state)
    (snapshot,) = of_kind(cloud.read(), "compute.Snapshot").values()
    assert snapshot["outputs"]["sourceDisk"] == state["selfLink"]
    assert snapshot["outputs"]["name"].startswith("lab-20")
    assert snapshot["outputs"]["status"] == "READY"
    assert of_kind(cloud.read(), "compute.Disk") == {}


def test_a_disk_leaves_nothing_when_it_is_not_asked_to(gcp: Asking, cloud: Cloud) -> None:
    identity, state = gcp.create(DISK, name="data-1", zone=ZONE)
    gcp.delete(DISK, identity, **state)
    assert of_kind(cloud.read(), "compute.Snapshot") == {}


def test_a_disk_is_taken_off_its_machine_before_it_is_deleted(gcp: Asking, cloud: Cloud) -> None:
    identity, state = gcp.create(DISK, name="data", zone=ZONE)
    gcp.create(
        INSTANCE,
        name="machine",
        machineType="e2-small",
        bootDisk={},
        networkInterfaces=[{"network": "default"}],
        attachedDisks=[{"source": state["selfLink"], "deviceName": "data"}],
    )
    gcp.delete(DISK, identity, **state)
    (machine,) = of_kind(cloud.read(), "compute.Instance").values()
    assert machine["outputs"]["attachedDisks"] == []


def test_a_disk_is_made_of_a_snapshot_that_exists_and_fits(gcp: Asking) -> None:
    asked = {"createSnapshotBeforeDestroy": True, "createSnapshotBeforeDestroyPrefix": "lab"}
    identity, state = gcp.create(DISK, name="data-1", zone=ZONE, size=20, **asked)
    gcp.delete(DISK, identity, **state)
    name = next(iter(of_kind(gcp.provider.cloud.read(), "compute.Snapshot")))
    _, made = gcp.create(DISK, name="data-2", zone="us-central1-b", size=20, snapshot=name)
    assert made["snapshot"] == name
    with pytest.raises(Answered, match="cannot be smaller than the snapshot"):
        gcp.create(DISK, name="data-3", zone=ZONE, size=10, snapshot=name)
    with pytest.raises(Answered, match="'projects/p/global/snapshots/gone' was not found"):
        gcp.create(DISK, name="data-4", zone=ZONE, snapshot="projects/p/global/snapshots/gone")


def test_the_name_that_a_snapshot_begins_with_has_a_limit(gcp: Asking) -> None:
    asked = {"createSnapshotBeforeDestroy": True}
    identity, state = gcp.create(DISK, name="d" * 49, zone=ZONE, **asked)
    with pytest.raises(Answered, match="The max is 48 characters"):
        gcp.delete(DISK, identity, **state)
