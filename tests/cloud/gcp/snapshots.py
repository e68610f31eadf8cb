"""Snapshots of disks: taken by the API or by the provider before it deletes a disk.

`content` in a disk's record stands for what is written on it: a test puts words there, a snapshot
and the disks that are made of it have them too.
"""

from datetime import UTC, datetime
from typing import Any

from tests.cloud.gcp.facts import COMPUTE
from tests.cloud.gcp.outputs import number
from tests.cloud.gcp.state import Data, named
from tests.cloud.rpc import Refused

KIND = "compute.Snapshot"
LONGEST_PREFIX = 48


def take(data: Data, disk: Data, name: str, labels: dict[str, str] | None = None) -> Data:
    """Add a snapshot of a disk's record to the cloud and return its record.

    Raises:
        Refused: when the name is taken.
    """
    has = disk["outputs"]
    identity = f"projects/{has['project']}/global/snapshots/{name}"
    if f"{KIND} {identity}" in data["resources"]:
        message = f"googleapi: Error 409: The resource '{identity}' already exists, alreadyExists"
        raise Refused(message)
    data["count"] += 1
    now = datetime.now(UTC)
    outputs: dict[str, Any] = {
        "creationTimestamp": now.isoformat(timespec="milliseconds"),
        "diskSizeGb": has.get("size", 10),
        "labels": labels or {},
        "name": name,
        "project": has["project"],
        "selfLink": COMPUTE + identity,
        "snapshotId": number(f"{name}-{data['count']}"),
        "sourceDisk": has["selfLink"],
        "sourceDiskId": has["diskId"],
        "status": "READY",
        "storageLocations": [has["zone"].rsplit("-", 1)[0]],
    }
    record = {"inputs": {"name": name, "sourceDisk": has["selfLink"]}, "outputs": outputs}
    data["resources"][f"{KIND} {identity}"] = {
        **record,
        "seed": identity,
        "content": disk.get("content", []),
    }
    return data["resources"][f"{KIND} {identity}"]


def before_destroy(data: Data, disk: Data) -> None:
    """Take the snapshot that `createSnapshotBeforeDestroy` asks for.

    Name and limit as in the provider's resource_compute_disk.go.

    Raises:
        Refused: when the name that it begins with is too long.
    """
    has = disk["outputs"]
    prefix, origin = has.get("createSnapshotBeforeDestroyPrefix"), "createSnapshotBeforeDestroy"
    if not prefix:
        prefix, origin = has["name"], "disk"
    if len(prefix) > LONGEST_PREFIX:
        raise Refused(
            f"Your {origin} name is too long to perform this action. The max is "
            f'{LONGEST_PREFIX} characters. Please use "create_snapshot_before_destroy_prefix" to '
            "set a custom name for the snapshot."
        )
    take(data, disk, f"{prefix}-{datetime.now(UTC):%Y%m%d-%H%M%S}")


def content(data: Data, link: str | None) -> list[str]:
    """Return what is on a new disk: its snapshot's content."""
    record = named(data, KIND, link) if link else None
    return record.get("content", []) if record else []


def require(data: Data, link: str, size: int) -> None:
    """Refuse a disk that is made from a snapshot that is missing, or larger than the disk.

    Raises:
        Refused: in the compute API's words.
    """
    record = named(data, KIND, link)
    if record is None:
        raise Refused(
            f"Error creating Disk: googleapi: Error 404: The resource '{link}' was not found, "
            "notFound"
        )
    least = record["outputs"]["diskSizeGb"]
    if size < least:
        raise Refused(
            "Error creating Disk: googleapi: Error 400: Invalid value for field "
            f"'resource.sizeGb': '{size}'. Requested disk size cannot be smaller than the "
            f"snapshot size ({least} GB)., invalid"
        )
