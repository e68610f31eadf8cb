"""What the cloud double says of itself to who asks before an update: the other APIs' read side.

Forms: the REST references of cloudresourcemanager v1, cloudbilling v1, serviceusage v1, storage v1,
and of Compute Engine v1 for zones, machine types, accelerators, images and quotas.

`answers.json` in the cloud's folder holds other answers, the first that fits:
[{"path": "regular expression", "body": "one of the request's, or empty", "status": 403,
"answer": {...}}]. With the status 0 nothing is answered.
"""

import json
import re
from collections.abc import Callable

from infra.settings.gpu_zones import GPU_ZONES
from infra.settings.regions import ALL_ZONES, zones_of_type
from tests.cloud.gcp.facts import COMPUTE, NUMBER
from tests.cloud.gcp.rules import refuse_disabled_api
from tests.cloud.gcp.state import Cloud, Data, of_kind
from tests.cloud.other_apis import BUCKET, bucket_json
from tests.cloud.rpc import Refused

# The variables by which the Google provider, and the doctor, are led here.
ENDPOINTS = {
    "GOOGLE_ARTIFACT_REGISTRY_CUSTOM_ENDPOINT": "artifactregistry/v1/",
    "GOOGLE_BILLING_CUSTOM_ENDPOINT": "billing/v1/",
    "GOOGLE_CLOUD_BILLING_CUSTOM_ENDPOINT": "cloudbilling/v1/",
    "GOOGLE_MONITORING_CUSTOM_ENDPOINT": "monitoring/",
    "GOOGLE_RESOURCE_MANAGER_CUSTOM_ENDPOINT": "cloudresourcemanager/v1/",
    "GOOGLE_SERVICE_USAGE_CUSTOM_ENDPOINT": "serviceusage/v1/",
    "GOOGLE_STORAGE_CUSTOM_ENDPOINT": "storage/v1/",
}
# A project that somebody has asked a GPU for: pastebin.com/9MY1rdpX shows the rest of the form.
GLOBAL_QUOTAS = {"CPUS_ALL_REGIONS": 32, "GPUS_ALL_REGIONS": 1, "NETWORKS": 5}
_CPUS = ("N2_CPUS", "N2D_CPUS", "C2_CPUS", "C2D_CPUS", "T2D_CPUS", "C3_CPUS")
_GPUS = ("NVIDIA_L4_GPUS", "NVIDIA_T4_GPUS")
REGION_QUOTAS = {
    "CPUS": 72,
    "STATIC_ADDRESSES": 8,
    "IN_USE_ADDRESSES": 8,
    "SSD_TOTAL_GB": 500,
    **dict.fromkeys(_CPUS, 24),
    **dict.fromkeys((*_GPUS, *(f"PREEMPTIBLE_{name}" for name in _GPUS)), 1),
}
CARDS = {"nvidia-l4": "L4", "nvidia-tesla-t4": "T4"}
PROJECT = r"projects/(?P<project>[-a-z0-9.]+)"

Said = tuple[int, Data]
Call = Callable[[Data, Data, Data], Said]


def environment(url: str) -> dict[str, str]:
    """Return the variables that lead here, at a server's address."""
    return {name: f"{url}/{path}" for name, path in ENDPOINTS.items()}


def answer(cloud: Cloud, verb: str, path: str, query: Data, body: Data) -> Said | None:
    """Return status and JSON, or None for a path that is somebody else's to answer.

    Compute Engine's paths come without their `/compute/v1/`, the others' as they are.
    """
    for other in cloud.listed("answers.json", []):
        if re.search(other["path"], path) and other.get("body", "") in json.dumps(body):
            return other.get("status", 200), other.get("answer", {})
    for method, pattern, call in ROUTES:
        match = re.fullmatch(pattern, path)
        if verb == method and match:
            data = cloud.read()
            if not path.startswith("/"):
                try:
                    refuse_disabled_api(data, "compute.Disk", {})
                except Refused as refused:
                    return refuse(403, str(refused))
            return call(data, match.groupdict(), query | body)
    return None


def refuse(status: int, message: str) -> Said:
    return status, {"error": {"code": status, "message": message}}


def missing(what: str) -> Said:
    return refuse(404, f"The resource '{what}' was not found")


def project(data: Data, named: Data, asked: Data) -> Said:
    has = {"projectId": named["project"], "projectNumber": NUMBER, "lifecycleState": "ACTIVE"}
    return 200, has


def granted(data: Data, named: Data, asked: Data) -> Said:
    """The double's operator owns the project."""
    return 200, {"permissions": asked["permissions"]}


def policy(data: Data, named: Data, asked: Data) -> Said:
    """A project in no organization: a policy is there, with nothing in it."""
    return 200, {"constraint": asked["constraint"]}


def billing(data: Data, named: Data, asked: Data) -> Said:
    account = {"billingAccountName": "billingAccounts/012345-6789AB-CDEF01", "billingEnabled": True}
    return 200, {"name": f"projects/{named['project']}/billingInfo", **account}


def services(data: Data, named: Data, asked: Data) -> Said:
    enabled = {identity.rpartition("/")[2] for identity in of_kind(data, "projects.Service")}
    enabled |= {"serviceusage.googleapis.com", "storage.googleapis.com"}
    said = [
        {
            "name": f"projects/{NUMBER}/services/{name}",
            "state": "ENABLED" if name in enabled else "DISABLED",
        }
        for name in (asked_for.rpartition("/")[2] for asked_for in asked["names"])
    ]
    return 200, {"services": said}


def quota(data: Data, named: Data, asked: Data) -> Said:
    """Of Cloud Run's GPUs three, as in a project that has asked for nothing."""
    has = {"effectiveLimit": "3", "defaultLimit": "3"}
    limit = {"unit": "1/{project}/{region}", "quotaBuckets": [has]}
    return 200, {"metric": named["metric"], "consumerQuotaLimits": [limit]}


def bucket(data: Data, named: Data, asked: Data) -> Said:
    record = of_kind(data, "storage.Bucket").get(named["name"])
    if record is None:
        return refuse(404, "The specified bucket does not exist.")
    return 200, bucket_json(record)


def quotas(limits: dict[str, int]) -> list[Data]:
    return [{"metric": name, "limit": float(count), "usage": 0.0} for name, count in limits.items()]


def compute_project(data: Data, named: Data, asked: Data) -> Said:
    about = {"kind": "compute#project", "id": NUMBER, "name": named["project"]}
    return 200, {**about, "quotas": quotas(GLOBAL_QUOTAS)}


def region(data: Data, named: Data, asked: Data) -> Said:
    return 200, {"name": named["region"], "status": "UP", "quotas": quotas(REGION_QUOTAS)}


def zone(data: Data, named: Data, asked: Data) -> Said:
    if named["zone"] not in ALL_ZONES:
        return missing(f"projects/{named['project']}/zones/{named['zone']}")
    return 200, {"name": named["zone"], "status": "UP"}


def machine_type(data: Data, named: Data, asked: Data) -> Said:
    zones = zones_of_type(named["type"])
    if named["zone"] not in ALL_ZONES or (zones and named["zone"] not in zones):
        return missing(f"projects/{named['project']}/zones/{named['zone']}/{named['type']}")
    return 200, {"name": named["type"], "architecture": "X86_64"}


def card(data: Data, named: Data, asked: Data) -> Said:
    if named["zone"] not in GPU_ZONES.get(CARDS.get(named["card"], ""), ()):
        return missing(f"projects/{named['project']}/zones/{named['zone']}/{named['card']}")
    return 200, {"name": named["card"]}


def image(data: Data, named: Data, asked: Data) -> Said:
    name = named["image"].rpartition("/")[2]
    size = "50" if "accelerator" in name else "10"
    return 200, {"name": f"{name}-v20261101", "diskSizeGb": size, "architecture": "X86_64"}


def machines(data: Data, named: Data, asked: Data) -> Said:
    """Those that carry the label of the filter, by zone."""
    key, _, value = str(asked.get("filter", "")).removeprefix("labels.").partition("=")
    scopes: dict[str, Data] = {}
    for record in of_kind(data, "compute.Instance").values():
        has = record["outputs"]
        labels = has.get("effectiveLabels") or has.get("labels") or {}
        if has["project"] == named["project"] and labels.get(key) == value:
            place = f"zones/{has['zone']}"
            found = {"name": has["name"], "zone": f"{COMPUTE}projects/{has['project']}/{place}"}
            scopes.setdefault(place, {"instances": []})["instances"].append(found)
    return 200, {"kind": "compute#instanceAggregatedList", "items": scopes}


ROUTES: list[tuple[str, str, Call]] = [
    ("GET", rf"/cloudresourcemanager/v1/{PROJECT}", project),
    ("POST", rf"/cloudresourcemanager/v1/{PROJECT}:testIamPermissions", granted),
    ("POST", rf"/cloudresourcemanager/v1/{PROJECT}:getEffectiveOrgPolicy", policy),
    ("GET", rf"/cloudbilling/v1/{PROJECT}/billingInfo", billing),
    ("GET", rf"/serviceusage/v1/{PROJECT}/services:batchGet", services),
    (
        "GET",
        rf"/serviceusage/v1/{PROJECT}/services/[a-z.]+/consumerQuotaMetrics/(?P<metric>\S+)",
        quota,
    ),
    ("GET", BUCKET, bucket),
    ("GET", PROJECT, compute_project),
    ("GET", rf"{PROJECT}/regions/(?P<region>[-a-z0-9]+)", region),
    ("GET", rf"{PROJECT}/zones/(?P<zone>[-a-z0-9]+)", zone),
    (
        "GET",
        rf"{PROJECT}/zones/(?P<zone>[-a-z0-9]+)/machineTypes/(?P<type>[-a-z0-9]+)",
        machine_type,
    ),
    ("GET", rf"{PROJECT}/zones/(?P<zone>[-a-z0-9]+)/acceleratorTypes/(?P<card>[-a-z0-9]+)", card),
    ("GET", rf"{PROJECT}/global/images/(?P<image>.+)", image),
    ("GET", rf"{PROJECT}/aggregated/instances", machines),
]
