"""Quotas, and zones that have no machine left.

The codes are those that SkyPilot sorts failures by (FailoverCloudErrorHandlerV2._gcp_handler in
sky/backends/cloud_vm_ray_backend.py).
"""

import re

from infra.operate.causes.wording import ZONE
from infra.operate.explanation import Cause, Context, Explanation, Failure

_QUOTA = re.compile(r"Quota '(?P<name>[A-Z0-9_]+)' exceeded\.? *(?:Limit: (?P<limit>[\d.]+))?")
_QUOTA_LIMIT_NAME = re.compile(r"limit name = ([A-Z0-9-]+-per-project(?:-region)?)")
_QUOTA_REGION = re.compile(r"in region ([a-z]+-[a-z]+\d+)")
_STOCKOUT = re.compile(
    r"ZONE_RESOURCE_POOL_EXHAUSTED|does not have enough resources available|insufficientCapacity"
    r"|is currently unavailable in the|RESOURCE_NOT_READY"
)
_TRIED = re.compile(rf"zones/({ZONE})'|unavailable in the ({ZONE}) zone|\bzone: ({ZONE})")
_HINTS = (
    re.compile(rf"zonesAvailable\W+({ZONE}(?:, ?{ZONE})*)"),
    re.compile(rf"request in the ({ZONE}(?:, ?{ZONE})*) zone"),
)


def quota(failure: Failure, context: Context) -> Explanation | None:
    """A quota is used up, or 0 as those for GPUs are in a new project."""
    match = _QUOTA.search(failure.text)
    if not match:
        return None
    name, limit = match["name"], match["limit"]
    found = _QUOTA_REGION.search(failure.text)
    region = found[1] if found else ""
    where = f" in {region}" if region else ""
    identity = _QUOTA_LIMIT_NAME.search(failure.text)
    is_gpu = "GPU" in name
    told = f" is {float(limit):g}" if limit else " is used up"
    todo = [
        f"Ask for {'1' if is_gpu else 'more'}, at https://console.cloud.google.com/iam-admin/quotas"
        f"?project={context.project_or_blank} (filter: {name}), or with",
        quota_request(name, region, context.project_or_blank, "1", identity[1] if identity else ""),
    ]
    if is_gpu:
        todo += [
            "A GPU needs two quotas: GPUS_ALL_REGIONS, and the model's in the region"
            " (NVIDIA_L4_GPUS; Spot takes of PREEMPTIBLE_NVIDIA_L4_GPUS where that is more than 0)."
            " Free-trial accounts get none: upgrade the billing account first. The answer takes"
            " minutes to days. Until then without a GPU:",
            context.set("preset", "cpu"),
        ]
    return Explanation(
        "quota",
        f"The quota {name}{where} of project {context.project_or_blank}{told}.",
        (*todo, context.up()),
    )


def quota_request(
    name: str, region: str, project: str, value: str, identity: str = "", service: str = "compute"
) -> str:
    """Return the command that asks for a quota.

    Args:
        name: As Compute Engine's own lists have it, such as GPUS_ALL_REGIONS.
        region: Empty for a quota of all regions together.
        value: How much is asked for.
        identity: The quota's name among all of Google's, where it is known.
        service: Whose quota it is.
    """
    usual = name.replace("_", "-") + ("-per-project-region" if region else "-per-project")
    dimensions = f" --dimensions=region={region}" if region else ""
    return (
        f"gcloud beta quotas preferences create --service={service}.googleapis.com"
        f" --project={project} --quota-id={identity or usual}{dimensions} --preferred-value={value}"
    )


def stockout(failure: Failure, context: Context) -> Explanation | None:
    """The zone has no such machine left."""
    if not _STOCKOUT.search(failure.text):
        return None
    tried = next((zone for zone in _zones(_TRIED.findall(failure.text))), "the zone")
    hinted = [zone for zone in zones_available(failure.text) if zone != tried]
    if hinted:
        todo = [f"Google names {_listed(hinted)} as having one now:"]
        todo += [context.set("zone", zone) for zone in hinted]
    else:
        todo = [
            "Another zone of the region often has one right away (a zone without the GPU is refused"
            " with a list of those that have it):",
            context.set("zone", "ZONE"),
        ]
    todo += [context.up(), "The same zone may have one again in minutes to hours: the same `up`."]
    if context.old_zone and context.old_zone != tried:
        todo += ["Back to where it was:", context.set("zone", context.old_zone), context.up()]
    return Explanation(
        "stockout", f"Google has no such machine free in {tried} at the moment.", tuple(todo)
    )


def zones_available(text: str) -> list[str]:
    """Return the zones that Google's error itself names as having capacity, in its order."""
    found: dict[str, None] = {}
    for hint in _HINTS:
        for names in hint.findall(text):
            found.update(dict.fromkeys(re.findall(ZONE, names)))
    return list(found)


def _zones(matches: list[tuple[str, ...]]) -> list[str]:
    return [group for groups in matches for group in groups if group]


def _listed(names: list[str]) -> str:
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last


CAUSES: tuple[Cause, ...] = (quota, stockout)
