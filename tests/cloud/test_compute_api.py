"""The REST side of the cloud, asked by Google's own client."""

import hashlib
from collections.abc import Iterator
from typing import Any

import pytest

from tests.cloud.asking import PROJECT, Asking
from tests.cloud.compute_api import ComputeApi
from tests.cloud.gcp.state import Cloud, of_kind

pytestmark = pytest.mark.integration  # Importing the client takes seconds.

DISK = "gcp:compute/disk:Disk"
INSTANCE = "gcp:compute/instance:Instance"
ZONE = "us-central1-a"
WHERE = {"project": PROJECT, "zone": ZONE}


@pytest.fixture
def api(cloud: Cloud) -> Iterator[ComputeApi]:
    server = ComputeApi(cloud)
    yield server
    server.close()


@pytest.fixture
def disk(gcp: Asking) -> dict[str, Any]:
    return gcp.create(DISK, name="data-1", zone=ZONE, size=20)[1]


@pytest.fixture
def machine(gcp: Asking, disk: dict[str, Any]) -> dict[str, Any]:
    return gcp.create(
        INSTANCE,
        name="machine",
        zone=ZONE,
        machineType="e2-small",
        bootDisk={},
        networkInterfaces=[{"network": "default"}],
        attachedDisks=[{"source": disk["selfLink"], "deviceName": "data"}],
    )[1]


def client(api: ComputeApi, name: str) -> Any:
    from google.auth.credentials import AnonymousCredentials
    from google.cloud import compute_v1

    return getattr(compute_v1, name)(
        credentials=AnonymousCredentials(), client_options={"api_endpoint": api.url}
    )


def test_disks_are_listed_over_all_zones(
    api: ComputeApi, disk: dict[str, Any], gcp: Asking
) -> None:
    gcp.create(DISK, name="other", zone="us-east1-b", size=10)
    listed = {
        zone: [found.name for found in scoped.disks]
        for zone, scoped in client(api, "DisksClient").aggregated_list(project=PROJECT)
        if scoped.disks
    }
    assert listed == {f"zones/{ZONE}": ["data-1"], "zones/us-east1-b": ["other"]}


def test_a_filter_is_obeyed_and_an_unknown_one_refused(
    api: ComputeApi, disk: dict[str, Any], gcp: Asking
) -> None:
    from google.api_core.exceptions import BadRequest
    from google.cloud import compute_v1

    gcp.create(DISK, name="other", zone=ZONE, size=10)

    def listed(expression: str) -> list[str]:
        request = compute_v1.AggregatedListDisksRequest(project=PROJECT, filter=expression)
        pages = client(api, "DisksClient").aggregated_list(request)
        return [found.name for _, scoped in pages for found in scoped.disks]

    assert listed("name:data-*") == ["data-1"]
    assert listed('name = "other"') == ["other"]
    with pytest.raises(BadRequest):
        listed("sizeGb > 5")


def finish(api: ComputeApi, operation: Any) -> Any:
    """Wait for an operation. (Its own `result` asks Google's address, whatever the endpoint.)"""
    assert operation.status.name == "RUNNING"
    return client(api, "ZoneOperationsClient").wait(**WHERE, operation=operation.name)


def test_a_disk_moves_by_stop_detach_and_snapshot(
    api: ComputeApi, machine: dict[str, Any], disk: dict[str, Any]
) -> None:
    from google.cloud import compute_v1

    instances, disks = client(api, "InstancesClient"), client(api, "DisksClient")
    own = {**WHERE, "instance": "machine"}
    finish(api, instances.stop_unary(**own))
    assert instances.get(**own).status == "TERMINATED"
    finish(api, instances.detach_disk_unary(**own, device_name="data"))
    assert not disks.get(**WHERE, disk="data-1").users
    snapshot = compute_v1.Snapshot(name="moved", labels={"atelier-stack": "dev"})
    finish(api, disks.create_snapshot_unary(**WHERE, disk="data-1", snapshot_resource=snapshot))
    (found,) = client(api, "SnapshotsClient").list(project=PROJECT)
    assert (found.name, found.status, found.disk_size_gb) == ("moved", "READY", 20)
    assert found.source_disk == disk["selfLink"]
    attached = compute_v1.AttachedDisk(source=disk["selfLink"], device_name="data")
    finish(api, instances.attach_disk_unary(**own, attached_disk_resource=attached))
    finish(api, instances.start_unary(**own))
    again = instances.get(**own)
    assert again.status == "RUNNING"
    assert [it.device_name for it in again.disks if not it.boot] == ["data"]


def test_what_is_not_there_is_not_found(api: ComputeApi, gcp: Asking) -> None:
    from google.api_core.exceptions import NotFound

    with pytest.raises(NotFound):
        client(api, "InstancesClient").get(**WHERE, instance="gone")
    with pytest.raises(NotFound):
        client(api, "SnapshotsClient").get(project=PROJECT, snapshot="gone")


def test_an_api_that_is_not_enabled_refuses(api: ComputeApi) -> None:
    from google.api_core.exceptions import Forbidden

    with pytest.raises(Forbidden, match="has not been used in project"):
        list(client(api, "SnapshotsClient").list(project=PROJECT))


def test_a_fault_shows_in_the_operation(
    api: ComputeApi, machine: dict[str, Any], cloud: Cloud
) -> None:
    fault = '[{"type": "compute.Instance", "operation": "stop", "message": "not now"}]'
    (cloud.folder / "faults.json").write_text(fault)
    operation = client(api, "InstancesClient").stop_unary(**WHERE, instance="machine")
    done = finish(api, operation)
    assert [it.message for it in done.error.errors] == ["not now"]
    assert client(api, "InstancesClient").get(**WHERE, instance="machine").status == "RUNNING"


def test_who_follows_hears_of_what_is_done_and_of_nothing_that_is_refused(
    api: ComputeApi, machine: dict[str, Any], cloud: Cloud
) -> None:
    heard: list[tuple[str, str]] = []
    api.told = lambda event, outputs: heard.append((event, outputs["name"]))
    machines, disks = client(api, "InstancesClient"), client(api, "DisksClient")
    snapshot = {"name": "kept"}
    finish(
        api,
        disks.create_snapshot_unary(**WHERE, disk="data-1", snapshot_resource=snapshot),
    )
    finish(api, machines.stop_unary(**WHERE, instance="machine"))
    finish(api, machines.start_unary(**WHERE, instance="machine"))
    fault = '[{"type": "compute.Instance", "operation": "stop", "message": "not now"}]'
    (cloud.folder / "faults.json").write_text(fault)
    finish(api, machines.stop_unary(**WHERE, instance="machine"))
    assert heard == [("snapshot", "kept"), ("stop", "machine"), ("start", "machine")]


def guest(api: ComputeApi, path: str = "atelier/") -> dict[str, str]:
    from google.cloud import compute_v1

    request = compute_v1.GetGuestAttributesInstanceRequest(
        **WHERE, instance="machine", query_path=path
    )
    found = client(api, "InstancesClient").get_guest_attributes(request)
    return {item.key: item.value for item in found.query_value.items}


def test_a_machine_with_nobody_in_it_becomes_ready_after_each_change(
    api: ComputeApi, machine: dict[str, Any], cloud: Cloud
) -> None:
    from google.api_core.exceptions import NotFound

    with pytest.raises(NotFound):
        guest(api)  # Guest attributes are off.
    for images in ("A=1", "A=2"):
        with cloud.open() as data:
            (record,) = of_kind(data, "compute.Instance").values()
            told = {"enable-guest-attributes": "TRUE", "atelier-images": images}
            record["outputs"]["metadata"] = told
        assert guest(api)["phase"] == "models"
        assert guest(api)["running"] == hashlib.sha256(images.encode()).hexdigest()
    finish(api, client(api, "InstancesClient").start_unary(**WHERE, instance="machine"))
    assert guest(api, "atelier/phase") == {"phase": "models"}


def test_what_a_machine_writes_is_what_it_says(
    api: ComputeApi, machine: dict[str, Any], cloud: Cloud
) -> None:
    from google.api_core.exceptions import NotFound

    with cloud.open() as data:
        (record,) = of_kind(data, "compute.Instance").values()
        record["outputs"]["metadata"] = {"enable-guest-attributes": "TRUE"}
    for name in ("guest-attributes", "serial-port"):
        (cloud.folder / name).mkdir()
    with pytest.raises(NotFound):
        guest(api)
    written = '{"atelier": {"phase": "pull"}, "other": {"phase": "none"}}'
    (cloud.folder / "guest-attributes" / "machine.json").write_text(written)
    (cloud.folder / "serial-port" / "machine.log").write_text("Booting\n")
    assert guest(api) == {"phase": "pull"}
    port = client(api, "InstancesClient").get_serial_port_output(**WHERE, instance="machine")
    assert (port.contents, port.next) == ("Booting\n", 8)
