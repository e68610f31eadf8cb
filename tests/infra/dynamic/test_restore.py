"""Where a new data disk's data comes from, against the double of the Compute API."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from infra.dynamic import compute, restore
from infra.dynamic.compute import Compute
from infra.dynamic.compute_errors import ComputeError
from infra.dynamic.restore_point import ASKED, RestorePointProvider
from tests.cloud.compute_api import ComputeApi
from tests.cloud.gcp.facts import COMPUTE
from tests.cloud.gcp.state import Cloud

pytestmark = pytest.mark.integration

PROJECT = "demo-project"
OLD, NEW = "us-central1-a", "us-central1-b"
DISK = "atelier-dev-data-1a2b3c4"
STACK = restore.Stack("atelier-dev", "atelier-dev-data-", {"atelier-stack": "dev"})


@pytest.fixture
def api(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ComputeApi]:
    """A cloud with a running machine and its data disk in the old zone."""
    monkeypatch.setattr(compute, "PAUSE_SECONDS", 0.01)
    api = ComputeApi(Cloud(tmp_path))
    monkeypatch.setenv("GOOGLE_COMPUTE_CUSTOM_ENDPOINT", f"{api.url}/compute/v1/")
    put(api, "projects.Service", f"{PROJECT}/compute.googleapis.com", service="compute")
    put_disk(api, DISK, OLD)
    put_machine(api, OLD, DISK)
    yield api
    api.close()


def put(api: ComputeApi, kind: str, identity: str, **outputs: Any) -> None:
    """Put something into the cloud."""
    with api.cloud.open() as data:
        values = {"project": PROJECT, "selfLink": f"{COMPUTE}{identity}", **outputs}
        record = {"inputs": values, "outputs": values, "seed": identity}
        data["resources"][f"{kind} {identity}"] = record


def link(zone: str, disk: str) -> str:
    """A disk's link."""
    return f"{COMPUTE}projects/{PROJECT}/zones/{zone}/disks/{disk}"


def put_disk(api: ComputeApi, name: str, zone: str, day: int = 1, snapshot: str = "") -> None:
    """Put a disk into the cloud."""
    made = {"creationTimestamp": f"2026-11-{day:02}T08:00:00.000-08:00", "size": 20}
    identity = f"projects/{PROJECT}/zones/{zone}/disks/{name}"
    named = {"name": name, "zone": zone, "type": "pd-balanced", "diskId": "7", "snapshot": snapshot}
    put(api, "compute.Disk", identity, **named, **made)


def put_machine(api: ComputeApi, zone: str, *disks: str, **outputs: Any) -> None:
    """Put the stack's machine into the cloud."""
    boot = {"deviceName": "persistent-disk-0", "source": link(zone, "atelier-dev")}
    attached = [{"deviceName": "atelier-data", "source": link(zone, disk)} for disk in disks]
    values = {"name": "atelier-dev", "zone": zone, "instanceId": "1", "machineType": "g2"}
    more = {"bootDisk": boot, "attachedDisks": attached, "currentStatus": "RUNNING", **outputs}
    identity = f"projects/{PROJECT}/zones/{zone}/instances/atelier-dev"
    put(api, "compute.Instance", identity, **values, **more)


def put_snapshot(api: ComputeApi, name: str, disk: str, day: int, status: str = "READY") -> str:
    """Put a snapshot into the cloud and return its link."""
    identity = f"projects/{PROJECT}/global/snapshots/{name}"
    made = {"creationTimestamp": f"2026-11-{day:02}T08:00:00.000-08:00", "status": status}
    source = {"name": name, "sourceDisk": link(OLD, disk), "labels": {}}
    put(api, "compute.Snapshot", identity, **source, **made)
    return f"{COMPUTE}{identity}"


def machine(api: ComputeApi, zone: str = OLD) -> dict[str, Any]:
    """The machine as it is now."""
    resources = api.cloud.read()["resources"]
    return resources[f"compute.Instance projects/{PROJECT}/zones/{zone}/instances/atelier-dev"][
        "outputs"
    ]


def fail(api: ComputeApi, operation: str, kind: str = "compute.Disk") -> None:
    """Have the next such operation fail."""
    rule = f'[{{"type": "{kind}", "operation": "{operation}", "message": "no", "times": 1}}]'
    (api.cloud.folder / "faults.json").write_text(rule)


def changes(api: ComputeApi) -> list[str]:
    """The methods that were called to change something."""
    asked = [line.rpartition("/")[2] for line in api.requests if line.startswith("POST")]
    return [method for method in asked if method != "wait"]


def test_the_newest_snapshot_of_the_stacks_own_disk_is_found(api: ComputeApi) -> None:
    put_snapshot(api, "older", DISK, 3)
    newest = put_snapshot(api, "newest", "atelier-dev-data-fffffff", 9)
    put_snapshot(api, "unfinished", DISK, 10, status="UPLOADING")
    put_snapshot(api, "of-a-stack-named-alike", "atelier-dev-data-data-1a2b3c4", 11)

    assert restore.source(Compute(PROJECT), STACK, "newest") == newest


def test_a_stack_without_snapshots_begins_empty(api: ComputeApi) -> None:
    assert restore.source(Compute(PROJECT), STACK, "newest") == ""


def test_none_asks_nobody(api: ComputeApi) -> None:
    put_snapshot(api, "newest", DISK, 9)

    assert restore.source(Compute(PROJECT), STACK, "none") == ""
    assert api.requests == []


def test_a_named_snapshot_has_to_be_there(api: ComputeApi) -> None:
    older = put_snapshot(api, "older", DISK, 3)

    assert restore.source(Compute(PROJECT), STACK, "older") == older
    with pytest.raises(ComputeError, match=r"no snapshot gone .* This stack has: older\."):
        restore.source(Compute(PROJECT), STACK, "gone")


def test_a_move_takes_the_disk_from_the_stopped_machine_before_the_snapshot(
    api: ComputeApi,
) -> None:
    made = restore.move(Compute(PROJECT), STACK, OLD, NEW, "newest")

    assert changes(api) == ["stop", "detachDisk", "createSnapshot"]
    assert machine(api)["currentStatus"] == "TERMINATED"
    assert machine(api)["attachedDisks"] == []
    snapshot = api.cloud.read()["resources"]["compute.Snapshot " + made.partition("/v1/")[2]]
    assert snapshot["outputs"]["sourceDisk"] == link(OLD, DISK)
    assert snapshot["outputs"]["labels"] == {"atelier-stack": "dev"}


def test_a_move_that_was_cut_off_goes_on_where_it_was(api: ComputeApi) -> None:
    put_machine(api, OLD, currentStatus="TERMINATED")

    restore.move(Compute(PROJECT), STACK, OLD, NEW, "newest")

    assert changes(api) == ["createSnapshot"]


def test_without_a_machine_the_newest_disk_is_taken(api: ComputeApi) -> None:
    with api.cloud.open() as data:
        data["resources"] = {
            key: value for key, value in data["resources"].items() if "Instance" not in key
        }
    put_disk(api, "atelier-dev-data-0000000", OLD, day=2)
    put_disk(api, "atelier-dev-data-data-0000000", OLD, day=3)

    restore.move(Compute(PROJECT), STACK, OLD, NEW, "none")

    assert f"POST projects/{PROJECT}/zones/{OLD}/disks/atelier-dev-data-0000000/createSnapshot" in (
        api.requests
    )


def test_a_snapshot_that_fails_puts_the_machine_back_to_work(api: ComputeApi) -> None:
    fail(api, "createSnapshot")

    with pytest.raises(ComputeError, match=r"works there as before\..* atelier:zone back to"):
        restore.move(Compute(PROJECT), STACK, OLD, NEW, "newest")

    assert machine(api)["currentStatus"] == "RUNNING"
    assert machine(api)["attachedDisks"][0]["source"] == link(OLD, DISK)


def test_a_machine_that_was_stopped_before_stays_stopped_after_a_failure(api: ComputeApi) -> None:
    put_machine(api, OLD, DISK, currentStatus="TERMINATED")
    fail(api, "createSnapshot")

    with pytest.raises(ComputeError):
        restore.move(Compute(PROJECT), STACK, OLD, NEW, "newest")

    assert changes(api) == ["detachDisk", "createSnapshot", "attachDisk"]


def test_a_failed_stop_leaves_the_disk_attached(api: ComputeApi) -> None:
    fail(api, "stop", "compute.Instance")

    with pytest.raises(ComputeError, match="could not stop machine atelier-dev"):
        restore.move(Compute(PROJECT), STACK, OLD, NEW, "newest")

    assert changes(api) == ["stop"]


def test_turned_back_before_there_was_a_new_disk_the_machine_works_again(api: ComputeApi) -> None:
    first = put_snapshot(api, "first", DISK, 3)
    put_disk(api, DISK, OLD, snapshot=first)
    restore.move(Compute(PROJECT), STACK, OLD, NEW, "newest")

    back = restore.move(Compute(PROJECT), STACK, NEW, OLD, "newest")

    # What the disk was made from at first: any other answer would replace the disk.
    assert back == first
    assert machine(api)["currentStatus"] == "RUNNING"
    assert machine(api)["attachedDisks"][0]["source"] == link(OLD, DISK)


def test_a_protected_machine_is_not_even_stopped(api: ComputeApi) -> None:
    put_machine(api, OLD, DISK, deletionProtection=True)

    with pytest.raises(ComputeError, match="atelier:deletionProtection to false"):
        restore.move(Compute(PROJECT), STACK, OLD, NEW, "newest")

    assert changes(api) == []


def test_a_snapshot_goes_back_with_the_machine_stopped_and_its_disk_kept(api: ComputeApi) -> None:
    wanted = put_snapshot(api, "yesterday", DISK, 21)

    assert restore.replace(Compute(PROJECT), STACK, OLD, "yesterday") == wanted
    assert changes(api) == ["stop", "createSnapshot"]
    assert machine(api)["attachedDisks"], "a start is all that it takes to go on as before"
    (kept,) = (one for one in Compute(PROJECT).snapshots() if one.name != "yesterday")
    assert kept.name.startswith("atelier-dev-before-")
    assert kept.disk == DISK


def test_a_snapshot_of_something_else_changes_nothing(api: ComputeApi) -> None:
    put_snapshot(api, "another", "atelier-two-data-1a2b3c4", 21)

    with pytest.raises(ComputeError, match="no snapshot another of this stack's data"):
        restore.replace(Compute(PROJECT), STACK, OLD, "another")
    assert changes(api) == []


def test_data_that_could_not_be_kept_is_not_replaced(api: ComputeApi) -> None:
    put_snapshot(api, "yesterday", DISK, 21)
    fail(api, "createSnapshot")

    with pytest.raises(ComputeError, match="The machine works as before"):
        restore.replace(Compute(PROJECT), STACK, OLD, "yesterday")
    assert machine(api)["currentStatus"] == "RUNNING"


def test_the_resource_is_changed_by_a_snapshot_that_its_disk_is_not_made_from(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    provider = RestorePointProvider()
    old = {"zone": OLD, "snapshot": "https://compute/global/snapshots/yesterday"}

    monkeypatch.setenv(ASKED, "yesterday")
    assert not provider.diff("id", old, {"zone": OLD}).changes
    monkeypatch.setenv(ASKED, "today")
    assert provider.diff("id", old, {"zone": OLD}).changes
    assert provider.diff("id", {**old, "snapshot": ""}, {"zone": OLD}).changes


def test_the_resource_is_changed_by_its_zone_alone() -> None:
    provider = RestorePointProvider()
    old = {"zone": OLD, "restore_from": "newest", "labels": {}}

    assert provider.diff("id", old, {**old, "zone": NEW}).changes
    assert not provider.diff(
        "id", old, {**old, "restore_from": "none", "labels": {"a": "b"}}
    ).changes


def test_a_smaller_disk_is_refused_and_a_larger_one_is_not() -> None:
    provider = RestorePointProvider()

    (failure,) = provider.check({"disk_gb": 40}, {"disk_gb": 20}).failures
    assert "Set atelier:dataDiskGb back to 40" in failure.reason
    assert provider.check({"disk_gb": 20}, {"disk_gb": 40}).failures == []


BEGUN = {
    "project": PROJECT,
    "instance": "atelier-dev",
    "disk_prefix": "atelier-dev-data-",
    "labels": {},
    "disk_gb": 20,
}


def test_a_state_without_the_stack_does_not_begin_it_where_its_disk_is(api: ComputeApi) -> None:
    """Neither machine, snapshot nor the disk of a stack named alike is in its way."""
    (failure,) = RestorePointProvider().check({}, BEGUN).failures
    assert failure.reason.startswith("another state has this studio: its data disk " + DISK)
    assert "gcloud logging read" in failure.reason
    assert changes(api) == []
    with api.cloud.open() as data:
        data["resources"].pop(f"compute.Disk projects/{PROJECT}/zones/{OLD}/disks/{DISK}")
    put_disk(api, "atelier-dev-data-of-mine", OLD)
    put_snapshot(api, "kept", DISK, 2)
    assert RestorePointProvider().check({}, BEGUN).failures == []


def test_a_new_project_has_nobodys_studio(api: ComputeApi) -> None:
    with api.cloud.open() as data:
        data["resources"].pop(f"projects.Service {PROJECT}/compute.googleapis.com")
    assert RestorePointProvider().check({}, BEGUN).failures == []


def test_credentials_are_never_sent_over_plain_http(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOOGLE_COMPUTE_CUSTOM_ENDPOINT", "http://compute.example.com/compute/v1/")
    with pytest.raises(ComputeError, match="not sent over plain http"):
        Compute(PROJECT).snapshots()
