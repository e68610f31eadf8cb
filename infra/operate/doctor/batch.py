"""What jobs over an archive will find: GPUs that they may have, and their bucket's name.

Nothing of it stops an update, which starts no job; only a name that is somebody's does.

Answers: serviceusage v1beta1 (services.consumerQuotaMetrics.get) and Compute Engine v1
(regions.get).
"""

from collections.abc import Iterator, Mapping
from typing import Any, cast

from infra.operate.causes.capacity import quota_request
from infra.operate.doctor.finding import Finding, bad, doubtful, good
from infra.operate.doctor.subject import Subject, not_looked_at
from infra.settings.machines import GPU_OF

# Jobs have no GPUs that are kept in two zones: docs.cloud.google.com/run/docs/configuring/jobs/gpu.
_METRIC = "run.googleapis.com/nvidia_l4_gpu_allocation_no_zonal_redundancy"
_QUOTA = "NvidiaL4GpuAllocNoZonalRedundancyPerProjectRegion"
_L4 = "NVIDIA_L4_GPUS"


def jobs(subject: Subject) -> Iterator[Finding]:
    """The bucket's name is free or the stack's, and there is a GPU for a job."""
    runner = subject.settings.batch
    if runner == "off":
        yield good("batch is off")
        return
    yield _staging(subject)
    yield _on_cloud_run(subject) if runner == "cloudrun" else _on_dataflow(subject)


def _staging(subject: Subject) -> Finding:
    settings = subject.settings
    name = settings.staging_bucket_name
    found = subject.google.ask("storage", f"b/{name}")
    if found.missing:
        return good(f"{name} is free")
    if found.ok and settings.own_labels.items() <= dict(found.body.get("labels", {})).items():
        return good(f"{name} is this stack's")
    if found.ok or (found.status == 403 and not found.api_is_off):
        return bad(
            f"there is a bucket {name} that this stack did not make",
            "Its name is made of project and stack. Take a stack of another name, or do without"
            " jobs:",
            "pulumi config set atelier:batch off",
        )
    return not_looked_at(f"bucket {name}", found)


def _on_cloud_run(subject: Subject) -> Finding:
    region = subject.settings.region
    found = subject.google.ask(
        "quotas",
        f"projects/{subject.project}/services/run.googleapis.com/consumerQuotaMetrics/"
        f"{_METRIC.replace('/', '%2F')}",
    )
    if not found.ok:
        return not_looked_at("Cloud Run's GPUs", found)
    limit = _limit(found.body, region)
    if limit is None:
        return doubtful("Cloud Run's GPUs: not looked at, as Google tells no quota")
    if limit:
        at_once = "any number of tasks" if limit < 0 else f"{limit} at once"
        return good(f"Cloud Run has L4 GPUs in {region}: {at_once}")
    return doubtful(
        f"Cloud Run may use no L4 GPU in {region}, so that no job can run there",
        "Ask for more, which takes minutes to days:",
        quota_request("", region, subject.project, "1", _QUOTA, "run"),
    )


def _limit(metric: Mapping[str, Any], region: str) -> int | None:
    """Return a region's limit, else that of all regions; -1 is none, and None is not known."""
    limits = cast("list[Mapping[str, Any]]", metric.get("consumerQuotaLimits", []))
    by_region: dict[str, int] = {}
    for limit in limits:
        for bucket in cast("list[Mapping[str, Any]]", limit.get("quotaBuckets", [])):
            where = cast("Mapping[str, str]", bucket.get("dimensions", {}))
            # A number of 64 bits is text in Google's JSON, and one that is 0 may be left out.
            by_region[where.get("region", "")] = int(str(bucket.get("effectiveLimit", 0)))
    return by_region.get(region, by_region.get(""))


def _on_dataflow(subject: Subject) -> Finding:
    region = subject.settings.region
    found = subject.google.ask("compute", f"projects/{subject.project}/regions/{region}")
    if not found.ok:
        return not_looked_at("Dataflow's GPUs", found)
    quotas = cast("list[Mapping[str, Any]]", found.body.get("quotas", []))
    none: Mapping[str, Any] = {}
    has = next((it for it in quotas if it.get("metric") == _L4), none)
    limit, used = float(has.get("limit", 0)), float(has.get("usage", 0))
    # The studio's own machine takes one of them, which it does not yet before it is there.
    own = int(GPU_OF[subject.settings.preset] == "L4" and not subject.is_up)
    left = limit - used - own
    if left >= 1:
        return good(f"Dataflow has {left:g} L4 in {region}")
    beside = " beside the studio's own machine" if own else ""
    return doubtful(
        f"quota {_L4} in {region} is {limit:g}, {used:g} in use: it leaves a job on Dataflow no"
        f" GPU{beside}",
        "Ask for more, which takes minutes to days:",
        quota_request(_L4, region, subject.project, f"{used + own + 1:g}"),
    )
