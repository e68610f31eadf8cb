"""Failures on demand, in the words that Google and the provider use.

faults.json is a list; each entry is used up to `times` times (without it: always):

    {"type": "compute.Instance", "operation": "create", "where": {"zone": "us-central1-a"},
     "times": 1, "code": "ZONE_RESOURCE_POOL_EXHAUSTED", "zones": ["us-central1-f"]}

`operation`: create (where nothing is said), update, delete, invoke (of a lookup, whose type is
such as storage.getBuckets), or a method of the compute API such as createSnapshot.
`code`: one of `WORDS`; `message` instead of it is given as it is.
`zones`: where Google says that machines are left.
"""

import json
import re
from collections.abc import Callable

from tests.cloud.gcp.facts import APIS, NUMBER
from tests.cloud.gcp.state import Cloud, Data, last
from tests.cloud.rpc import Refused


def stockout(kind: str, values: Data, fault: Data) -> str:
    """An operation's error and its localized message, as the provider joins them.

    Words: kubernetes/k8s.io#9834; form: the provider's compute_operation.go.
    """
    zone, project = last(values.get("zone", "")), values.get("project", "")
    machine = values.get("machineType", "n1-standard-4")
    card = next(iter(values.get("guestAccelerators") or []), None)
    family_gpus = {"g2": "nvidia-l4", "a2": "nvidia-tesla-a100", "a3": "nvidia-h100-80gb"}
    gpu = last(card["type"]) if card else family_gpus.get(machine.split("-")[0])
    count = card.get("count", 1) if card else 1
    what = f"A {machine} VM instance" + (f" with {count} {gpu} accelerator(s)" if gpu else "")
    elsewhere = ", ".join(fault.get("zones", ()))
    advice = (
        f"Consider trying your request in the {elsewhere} zone(s), which currently has capacity "
        "to accommodate your request. Alternatively, you can try your request again with a "
        "different VM hardware configuration or at a later time."
        if elsewhere
        else "Alternatively, you can try your request again with a different VM hardware "
        "configuration or at a later time."
    )
    return (
        f"Error waiting for instance to create: The zone 'projects/{project}/zones/{zone}' does "
        "not have enough resources available to fulfill the request.  'NULL:0/NULL:0/NULL:0 "
        "(state:STOCKOUT, sub-state:STOCKOUT)'.\n\n\n"
        f"{what} is currently unavailable in the {zone} zone. {advice} For more information, see "
        "the troubleshooting documentation.\n\n\n"
        "Troubleshooting documentation\nhttps://cloud.google.com/compute/docs/resource-error\n"
    )


def plain_stockout(kind: str, values: Data, fault: Data) -> str:
    """The older, shorter form: it names no other zone."""
    zone, project = last(values.get("zone", "")), values.get("project", "")
    return (
        f"Error waiting for instance to create: The zone 'projects/{project}/zones/{zone}' does "
        "not have enough resources available to fulfill the request.  Try a different zone, or "
        "try again later.\n"
    )


def quota(kind: str, values: Data, fault: Data) -> str:
    return (
        "Error waiting for instance to create: Quota 'GPUS_ALL_REGIONS' exceeded.  Limit: 0.0 "
        "globally.\n\tmetric name = compute.googleapis.com/gpus_all_regions\n"
        "\tlimit name = GPUS-ALL-REGIONS-per-project\n\tdimensions = map[global:global]\n"
    )


def disabled(kind: str, values: Data, fault: Data) -> str:
    """An API that is not enabled; the reason at the end is the older clients' word for it."""
    service, title = APIS.get(kind.split(".")[0], ("storage.googleapis.com", "Cloud Storage API"))
    page = f"https://console.developers.google.com/apis/api/{service}/overview?project={NUMBER}"
    detail = {
        "@type": "type.googleapis.com/google.rpc.ErrorInfo",
        "domain": "googleapis.com",
        "metadata": {
            "activationUrl": page,
            "consumer": f"projects/{NUMBER}",
            "containerInfo": NUMBER,
            "service": service,
            "serviceTitle": title,
        },
        "reason": "SERVICE_DISABLED",
    }
    name = kind.split(".")[1]
    act = "retrieving" if name.startswith("get") else "creating"
    return (
        f"Error {act} {name.removeprefix('get')}: googleapi: Error 403: {title} has not been used "
        f"in project {NUMBER} before or it is disabled. Enable it by visiting {page} then retry. "
        "If you enabled this API recently, wait a few minutes for the action to propagate to our "
        f"systems and retry.\nDetails:\n{json.dumps([detail], indent=2)}\n, accessNotConfigured"
    )


def forbidden(kind: str, values: Data, fault: Data) -> str:
    name = values.get("name", "")
    collection = re.sub(r"(?<=[a-z])y$|$", "ies" if kind.endswith("y") else "s", kind.split(".")[1])
    collection = collection[0].lower() + collection[1:]
    return (
        f"Error creating {kind.split('.')[1]}: googleapi: Error 403: Required "
        f"'{kind.split('.')[0]}.{collection}.create' permission for "
        f"'projects/{values.get('project', '')}/{collection}/{name}', forbidden"
    )


def keys_forbidden(kind: str, values: Data, fault: Data) -> str:
    """The organization's policy, on by default in newer ones (GaloyMoney/galoy-infra#242)."""
    account = values.get("serviceAccountId", "")
    email = last(account)
    violation = {
        "description": "Key creation is not allowed on this service account.",
        "subject": f"{account}?configvalue={email.replace('@', '%40')}",
        "type": "constraints/iam.disableServiceAccountKeyCreation",
    }
    failure = {"@type": "type.googleapis.com/google.rpc.PreconditionFailure"}
    details = json.dumps([{**failure, "violations": [violation]}], indent=2)
    return (
        "Error creating service account key: googleapi: Error 400: Key creation is not allowed "
        f"on this service account.\nDetails:\n{details}\n, failedPrecondition"
    )


WORDS: dict[str, Callable[[str, Data, Data], str]] = {
    "FORBIDDEN": forbidden,
    "KEY_CREATION_FORBIDDEN": keys_forbidden,
    "QUOTA_EXCEEDED": quota,
    "SERVICE_DISABLED": disabled,
    "ZONE_RESOURCE_POOL_EXHAUSTED": plain_stockout,
    "ZONE_RESOURCE_POOL_EXHAUSTED_WITH_DETAILS": stockout,
}


def fail_if_told(cloud: Cloud, data: Data, operation: str, kind: str, values: Data) -> None:
    """Count and raise the first fault that is asked for here.

    Raises:
        Refused: in the cloud's words.
    """
    for i, fault in enumerate(cloud.listed("faults.json", [])):
        spent = data["faults"].get(str(i), 0)
        where = fault.get("where", {}).items()
        if (
            fault["type"] == kind
            and fault.get("operation", "create") == operation
            and spent < fault.get("times", spent + 1)
            and all(values.get(key) == value for key, value in where)
        ):
            data["faults"][str(i)] = spent + 1
            if "message" in fault:
                raise Refused(fault["message"])
            raise Refused(WORDS[fault["code"]](kind, values, fault))
