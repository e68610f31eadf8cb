"""What the compute API refuses of a machine and of a firewall rule."""

import re
from typing import Any

from tests.cloud.gcp.facts import STOPPED
from tests.cloud.gcp.state import Data, last, named, of_kind
from tests.cloud.rpc import Refused

VALUE_BYTES = 262144
TOTAL_BYTES = 524288
METADATA_KEY = re.compile(r"[a-zA-Z0-9_-]{1,127}")
GPU_FAMILIES = ("a2-", "a3-", "a4-", "g2-", "g4-")
INVALID = "Error creating instance: googleapi: Error 400:"


def refuse_machine(data: Data, values: Data, own: str = "") -> None:
    """Refuse a machine as the compute API does; `own` is its id when it is there already.

    Raises:
        Refused: for the first thing that is wrong.
    """
    refuse_metadata(values.get("metadata") or {})
    refuse_scheduling(values)
    zone = last(values.get("zone", ""))
    for disk in values.get("attachedDisks") or []:
        place = re.search("zones/([^/]+)/", disk["source"])
        if place and place[1] != zone:
            raise Refused(
                f"{INVALID} Disk '{disk['source']}' must be in the same zone as the instance, "
                "invalid"
            )
        must_exist(data, "compute.Disk", disk["source"])
    for card in values.get("networkInterfaces") or []:
        for kind, link in (
            ("compute.Network", card.get("network")),
            ("compute.Subnetwork", card.get("subnetwork")),
        ):
            if link and last(link) != "default":
                must_exist(data, kind, link)
    for identity, other in of_kind(data, "compute.Instance").items():
        if identity != own:
            refuse_shared(held(values) & held(other["outputs"]), identity)


def refuse_metadata(metadata: dict[str, Any]) -> None:
    """Google's limits: key, one value, all of them together."""
    for key, value in metadata.items():
        size = len(str(value).encode())
        if not METADATA_KEY.fullmatch(key):
            raise Refused(
                f"{INVALID} Invalid value for field 'resource.metadata.items[0].key': '{key}'. "
                f"Must be a match of regex '{METADATA_KEY.pattern}', invalid"
            )
        if size > VALUE_BYTES:
            raise Refused(
                f"{INVALID} Value for field 'metadata.{key}' is too large: maximum size "
                f"{VALUE_BYTES} character(s); actual size {size}., invalid"
            )
    total = sum(len(key) + len(str(value).encode()) for key, value in metadata.items())
    if total > TOTAL_BYTES:
        raise Refused(
            f"{INVALID} Metadata size is too large: maximum {TOTAL_BYTES} bytes; actual {total}., "
            "invalid"
        )


def refuse_scheduling(values: Data) -> None:
    """Combinations that Google refuses of GPUs, Spot and a limited run time."""
    scheduling = values.get("scheduling") or {}
    gpu = bool(values.get("guestAccelerators")) or values["machineType"].startswith(GPU_FAMILIES)
    if gpu and scheduling.get("onHostMaintenance") != "TERMINATE":
        raise Refused(
            f"{INVALID} Instances with guest accelerators do not support live migration., "
            "badRequest"
        )
    spot = scheduling.get("provisioningModel") == "SPOT"
    if spot and not scheduling.get("preemptible"):
        raise Refused(
            f"{INVALID} Invalid value for field 'resource.scheduling.preemptible': 'false'. "
            "Scheduling preemptible must be true when provisioning model is SPOT., invalid"
        )
    if scheduling.get("preemptible") and scheduling.get("automaticRestart", True):
        raise Refused(
            f"{INVALID} Scheduling must have preemptible be false when AutomaticRestart is true., "
            "badRequest"
        )
    if scheduling.get("maxRunDuration") and not scheduling.get("instanceTerminationAction"):
        raise Refused(
            f"{INVALID} Invalid value for field 'resource.scheduling.instanceTerminationAction': "
            "''. You must specify an instance termination action for VMs with a limited run "
            "time., invalid"
        )


def must_exist(data: Data, kind: str, link: str) -> None:
    if named(data, kind, link) is None:
        where = re.sub(r"^https?://[^/]+/compute/[^/]+/", "", link)
        raise Refused(f"{INVALID} The resource '{where}' was not found, notFound")


def held(machine: Data) -> set[str]:
    """Return what a machine holds alone: addresses and the links of writable disks."""
    cards = machine.get("networkInterfaces") or []
    access = [config for card in cards for config in card.get("accessConfigs") or []]
    disks = machine.get("attachedDisks") or []
    writable = {disk["source"] for disk in disks if disk.get("mode", "READ_WRITE") == "READ_WRITE"}
    return writable | {config["natIp"] for config in access if config.get("natIp")}


def refuse_shared(things: set[str], holder: str) -> None:
    """What a replacement meets that is created before the old machine is deleted."""
    for thing in sorted(things):
        if "/" in thing:
            raise Refused(
                f"{INVALID} The disk resource '{thing}' is already being used by '{holder}', "
                "resourceInUseByAnotherResource"
            )
        raise Refused(
            f"{INVALID} Invalid resource usage: 'External IP address: {thing} is already "
            "in-use.'., invalidResourceUsage"
        )


def refuse_while_running(changed: set[str], before: Data, new: Data) -> None:
    """Refuse a change that stops the machine, unless the program allows it."""
    stopping = ", ".join(sorted(changed & set(STOPPED)))
    allowed = new.get("allowStoppingForUpdate") or new.get("desiredStatus") == "TERMINATED"
    if stopping and before.get("currentStatus") == "RUNNING" and not allowed:
        raise Refused(
            f"Error updating instance: Changing the {stopping} on a started instance requires "
            "stopping it. To acknowledge this, please set allow_stopping_for_update = true"
        )


def refuse_smaller_boot_disk(before: Data, new: Data) -> None:
    """A disk grows in place; it never shrinks."""
    old, wanted = (
        ((values.get("bootDisk") or {}).get("initializeParams") or {}).get("size", 0)
        for values in (before, new)
    )
    if 0 < wanted < old:
        raise Refused(
            "Error resizing disk: googleapi: Error 400: Invalid value for field 'sizeGb': "
            f"'{wanted}'. New disk size '{wanted}' GB must be larger than existing size '{old}' "
            "GB., invalid"
        )


def refuse_firewall(values: Data) -> None:
    """Refuse a rule that selects machines, or sources, in two ways that exclude each other."""
    for side in ("target", "source"):
        if values.get(f"{side}Tags") and values.get("targetServiceAccounts"):
            raise Refused(
                "Error creating Firewall: googleapi: Error 400: Invalid value for field "
                f"'resource.{side}Tags': ''. {side.capitalize()} tags and target service accounts "
                "cannot be used together in one firewall rule., invalid"
            )
    if not values.get("allows") and not values.get("denies"):
        raise Refused(
            "Error creating Firewall: googleapi: Error 400: Invalid value for field "
            "'resource': ''. Either allowed or denied must be specified., invalid"
        )
