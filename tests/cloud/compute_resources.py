"""Disks, machines and snapshots as the compute API shows them, and lists of them as it filters.

Fields: https://cloud.google.com/compute/docs/reference/rest/v1.
"""

import re

from tests.cloud.gcp.facts import COMPUTE
from tests.cloud.gcp.outputs import number
from tests.cloud.gcp.state import Data, of_kind
from tests.cloud.rpc import Refused


def disk_json(data: Data, record: Data) -> Data:
    has = record["outputs"]
    users = [
        other["outputs"]["selfLink"]
        for other in of_kind(data, "compute.Instance").values()
        if any(disk["source"] == has["selfLink"] for disk in other["outputs"]["attachedDisks"])
    ]
    place = f"{COMPUTE}projects/{has['project']}/zones/{has['zone']}"
    return {
        "kind": "compute#disk",
        "id": number(record["seed"]),
        "name": has["name"],
        "creationTimestamp": has["creationTimestamp"],
        "labels": has.get("effectiveLabels") or {},
        "selfLink": has["selfLink"],
        "sizeGb": str(has["size"]),
        "sourceSnapshot": has.get("snapshot") or "",
        "status": "READY",
        "type": f"{place}/diskTypes/{has['type']}",
        "users": users,
        "zone": place,
    }


def machine_json(data: Data, record: Data) -> Data:
    has = record["outputs"]
    place = f"{COMPUTE}projects/{has['project']}/zones/{has['zone']}"
    boot = {"boot": True, **{key: has["bootDisk"][key] for key in ("deviceName", "source")}}
    disks = [{"autoDelete": False, "boot": False, **disk} for disk in has["attachedDisks"]]
    metadata = has.get("metadata") or {}
    items = [{"key": key, "value": str(value)} for key, value in metadata.items()]
    return {
        "kind": "compute#instance",
        "id": has["instanceId"],
        "name": has["name"],
        "deletionProtection": bool(has.get("deletionProtection")),
        "disks": [boot, *disks],
        "labels": has.get("effectiveLabels") or {},
        "machineType": f"{place}/machineTypes/{has['machineType']}",
        "metadata": {"kind": "compute#metadata", "items": items},
        "selfLink": has["selfLink"],
        "status": has["currentStatus"],
        "zone": place,
    }


def snapshot_json(record: Data) -> Data:
    has = record["outputs"]
    keys = ("creationTimestamp", "labels", "name", "selfLink", "sourceDisk", "status")
    sizes = {"diskSizeGb": str(has.get("diskSizeGb", 0)), "id": number(has["selfLink"])}
    return {"kind": "compute#snapshot", **sizes, **{key: has.get(key) for key in keys}}


def matching(items: list[Data], query: Data) -> list[Data]:
    """Return the items that a `filter` lets through, in the `orderBy` that is asked for.

    Raises:
        Refused: for an expression that is not one of: name = x, name eq regex, name:x*,
            labels.key = x, joined by AND.
    """
    for term in filter(None, re.split(r"\s+AND\s+|(?<=\))\s+(?=\()", query.get("filter", ""))):
        parsed = re.fullmatch(r"\(?([\w.-]+)\s*(=|eq\b|:)\s*\"?([^\"]*?)\"?\)?", term.strip())
        if parsed is None:
            raise Refused(f"Error 400: Invalid value for field 'filter': '{term}'")
        field, operator, wanted = parsed.groups()
        pattern = wanted if operator == "eq" else re.escape(wanted).replace(r"\*", ".*")
        items = [item for item in items if re.fullmatch(pattern, value_of(item, field))]
    order = query.get("orderBy", "name")
    key = "creationTimestamp" if order.startswith("creationTimestamp") else "name"
    return sorted(items, key=lambda item: item[key], reverse=order.endswith(" desc"))


def value_of(item: Data, field: str) -> str:
    first, _, rest = field.partition(".")
    return str((item.get(first) or {}).get(rest, "") if rest else item.get(first, ""))
