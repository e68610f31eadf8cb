"""The calls to Google's Compute API that no Pulumi resource makes: stop, detach, snapshot, look up.

Reference: https://cloud.google.com/compute/docs/reference/rest/v1. The client library takes seconds
to import, so it is imported by the first call.
"""

# Its own types leave the `retry` of every call, and what proto-plus makes of a field, unknown.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, TypeVar

from infra.dynamic.calls import is_not_enabled, worded
from infra.dynamic.compute_clients import Clients
from infra.dynamic.compute_errors import ComputeError, NotEnabledError
from infra.dynamic.credentials import DEFAULT, Access

if TYPE_CHECKING:
    from google.cloud import compute_v1

T = TypeVar("T")

OPERATION_SECONDS = 300
SNAPSHOT_SECONDS = 1800
POLL_SECONDS = 5.0
# Before each call that waits: one to a busy server may return at once.
PAUSE_SECONDS = 0.25


@dataclass(frozen=True)
class Snapshot:
    """A snapshot that can be restored; `disk` is the name of the disk that it was made from."""

    name: str
    link: str
    disk: str
    created: datetime


@dataclass(frozen=True)
class Disk:
    """A persistent disk; `zone` is the zone's short name, `source` the snapshot's link or empty."""

    name: str
    link: str
    zone: str
    created: datetime
    source: str


@dataclass(frozen=True)
class Machine:
    """An instance; `disks` maps the device name to the name of the disk.

    `metadata` holds its attributes, secrets among them, and is never shown.
    """

    status: str
    protected: bool
    disks: Mapping[str, str]
    metadata: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)

    @property
    def stopped(self) -> bool:
        """Whether nothing runs on it."""
        return self.status == "TERMINATED"


class Compute:
    """One project's disks, snapshots and machines.

    Args:
        project: The project's id.
        access: Whose credentials are used.

    Raises:
        ComputeError: by every method, when the API refuses or does not answer in time.
    """

    def __init__(self, project: str, access: Access = DEFAULT) -> None:
        self.project = project
        self._clients = Clients(access)

    def snapshots(self) -> list[Snapshot]:
        """Return the project's snapshots that are READY, the newest first."""
        listed = self._call(
            "list the snapshots", lambda: list(self._clients.snapshots.list(project=self.project))
        )
        ready = [_snapshot(item) for item in listed if item.status == "READY"]
        return sorted(ready, key=lambda item: item.created, reverse=True)

    def disks(self) -> list[Disk]:
        """Return the project's disks of all zones, the newest first."""
        listed = self._call(
            "list the disks",
            lambda: list(self._clients.disks.aggregated_list(project=self.project)),
        )
        found = [_disk(item) for _, scope in listed for item in scope.disks]
        return sorted(found, key=lambda item: item.created, reverse=True)

    def machine(self, name: str, zone: str) -> Machine | None:
        """Return the machine, or None where there is none of that name."""
        from google.api_core.exceptions import NotFound

        def get() -> "compute_v1.Instance | None":
            try:
                return self._clients.instances.get(project=self.project, zone=zone, instance=name)
            except NotFound:
                return None

        found = self._call(f"look up machine {name} in {zone}", get)
        if found is None:
            return None
        disks = {disk.device_name: _last(disk.source) for disk in found.disks}
        attributes = found.metadata.items
        metadata: dict[str, str] = {item.key: item.value for item in attributes}
        return Machine(found.status, found.deletion_protection, disks, metadata)

    def guest_attributes(self, name: str, zone: str, namespace: str) -> dict[str, str]:
        """Return what the machine itself wrote under the namespace; empty before it wrote."""
        from google.api_core.exceptions import NotFound
        from google.cloud import compute_v1

        request = compute_v1.GetGuestAttributesInstanceRequest(
            project=self.project, zone=zone, instance=name, query_path=f"{namespace}/"
        )

        def get() -> dict[str, str]:
            try:
                found = self._clients.instances.get_guest_attributes(request)
            except NotFound:
                return {}
            return {item.key: item.value for item in found.query_value.items}

        return self._call(f"read the guest attributes of machine {name} in {zone}", get)

    def serial_output(self, name: str, zone: str) -> str:
        """Return what the machine wrote to its first serial port, at most the last MB of it."""
        found = self._call(
            f"read the serial port of machine {name} in {zone}",
            lambda: self._clients.instances.get_serial_port_output(
                project=self.project, zone=zone, instance=name
            ),
        )
        return found.contents

    def stop(self, name: str, zone: str) -> None:
        """Stop the machine as its power button would, and wait until it has stopped."""
        self._change(
            f"stop machine {name} in {zone}",
            zone,
            lambda: self._clients.instances.stop_unary(
                project=self.project, zone=zone, instance=name
            ),
        )

    def start(self, name: str, zone: str) -> None:
        """Start the machine, and wait until Google has."""
        self._change(
            f"start machine {name} in {zone}",
            zone,
            lambda: self._clients.instances.start_unary(
                project=self.project, zone=zone, instance=name
            ),
        )

    def detach(self, name: str, zone: str, device_name: str) -> None:
        """Take the disk of that device name from the machine."""
        self._change(
            f"detach {device_name} from machine {name} in {zone}",
            zone,
            lambda: self._clients.instances.detach_disk_unary(
                project=self.project, zone=zone, instance=name, device_name=device_name
            ),
        )

    def attach(self, name: str, zone: str, device_name: str, disk: Disk) -> None:
        """Give the disk to the machine under that device name."""
        from google.cloud import compute_v1

        attached = compute_v1.AttachedDisk(source=disk.link, device_name=device_name)
        self._change(
            f"attach disk {disk.name} to machine {name} in {zone}",
            zone,
            lambda: self._clients.instances.attach_disk_unary(
                project=self.project,
                zone=zone,
                instance=name,
                attached_disk_resource=attached,
            ),
        )

    def take_snapshot(self, disk: Disk, name: str, labels: Mapping[str, str]) -> Snapshot:
        """Make a snapshot of the disk, and return it when it can be restored."""
        from google.cloud import compute_v1

        deadline = time.monotonic() + SNAPSHOT_SECONDS
        wanted = compute_v1.Snapshot(name=name, labels=dict(labels))
        self._change(
            f"make snapshot {name} of disk {disk.name}",
            disk.zone,
            lambda: self._clients.disks.create_snapshot_unary(
                project=self.project, zone=disk.zone, disk=disk.name, snapshot_resource=wanted
            ),
            seconds=SNAPSHOT_SECONDS,
        )
        while True:
            found = self._call(
                f"look up snapshot {name}",
                lambda: self._clients.snapshots.get(project=self.project, snapshot=name),
            )
            if found.status == "READY":
                return _snapshot(found)
            if found.status == "FAILED" or time.monotonic() > deadline:
                raise ComputeError(
                    f"Snapshot {name} of disk {disk.name} is {found.status}, not READY."
                    " Nothing was deleted; run the same command again."
                )
            time.sleep(POLL_SECONDS)

    def _change(
        self,
        what: str,
        zone: str,
        start: Callable[[], "compute_v1.Operation"],
        seconds: float = OPERATION_SECONDS,
    ) -> None:
        from google.api_core.retry import Retry

        deadline = time.monotonic() + seconds
        operation = self._call(what, start)

        def wait() -> "compute_v1.Operation":
            # Google answers when it is done, and after two minutes at the latest.
            return self._clients.operations.wait(
                project=self.project, zone=zone, operation=operation.name, retry=Retry()
            )

        while operation.status.name != "DONE":
            if time.monotonic() > deadline:
                raise ComputeError(
                    f"Google did not {what} within {seconds:.0f} s (operation {operation.name})."
                    " Look at it in the console, then run the same command again."
                )
            time.sleep(PAUSE_SECONDS)
            operation = self._call(what, wait)
        faults = [f"{fault.message} ({fault.code})" for fault in operation.error.errors]
        if faults:
            raise ComputeError(f"Google could not {what}: {'; '.join(faults)}")

    def _call(self, what: str, call: Callable[[], T]) -> T:
        from google.api_core.exceptions import Forbidden

        with worded(what, "the Compute API", ComputeError):
            try:
                return call()
            except Forbidden as fault:
                if is_not_enabled(str(fault)):
                    raise NotEnabledError(
                        f"Could not {what}: the Compute API is not enabled in {self.project}."
                        " Run: gcloud services enable compute.googleapis.com"
                        f" --project {self.project}"
                    ) from fault
                raise


def _last(link: str) -> str:
    return link.rpartition("/")[2]


def _snapshot(found: "compute_v1.Snapshot") -> Snapshot:
    created = datetime.fromisoformat(found.creation_timestamp)
    return Snapshot(found.name, found.self_link, _last(found.source_disk), created)


def _disk(found: "compute_v1.Disk") -> Disk:
    created = datetime.fromisoformat(found.creation_timestamp)
    return Disk(found.name, found.self_link, _last(found.zone), created, found.source_snapshot)
