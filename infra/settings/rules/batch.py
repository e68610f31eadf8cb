"""Jobs over an archive: a region that has the GPUs for them, and a bucket of their own."""

from collections.abc import Iterator

from infra.settings.batch_regions import NAMES, READ_ON, REGIONS
from infra.settings.fields import Settings
from infra.settings.findings import Finding, listed, shown
from infra.settings.regions import ALL_ZONES
from infra.settings.rules.names import bucket_fault
from infra.settings.rules.place import unlisted
from infra.settings.rules.rule import reads


@reads("batch", "zone")
def gpu_in_region(settings: Settings) -> Iterator[Finding]:
    """Who runs the jobs has an L4 in the machine's region, beside the buckets."""
    region, runner = settings.region, settings.batch
    newer = not {settings.zone, region}.isdisjoint(settings.unlisted)
    if runner == "off" or newer or region in REGIONS[runner] or settings.zone not in ALL_ZONES:
        return
    part = region.partition("-")[0]
    # Those of the same part of the world first.
    regions = sorted(REGIONS[runner], key=lambda name: not name.startswith(f"{part}-"))
    others = [name for name in REGIONS if name != runner and region in REGIONS[name]]
    instead = f", or set batch to {listed(others)}, which has them there" if others else ""
    yield Finding(
        "batch",
        f"{NAMES[runner]} has no L4 GPUs in {region} (Google's regions as of {READ_ON[runner]})",
        f"Set zone to one of {listed(regions[:4])}{instead}{unlisted(region)}",
    )


@reads("batch", "project", "stack", "source_bucket", "target_bucket")
def staging_bucket(settings: Settings) -> Iterator[Finding]:
    """A bucket whose objects are deleted after days is none of the others."""
    name = settings.staging_bucket_name
    if settings.batch == "off":
        return
    if name in (settings.source_bucket, settings.target_bucket):
        key = "sourceBucket" if name == settings.source_bucket else "targetBucket"
        yield Finding(
            key,
            f"{shown(name)} is the bucket of the jobs, in which every object is deleted after days",
            "Name another bucket, or set batch to off",
        )
    # Of other faults in project and stack, the buckets that are made of them tell.
    elif (fault := bucket_fault(name)) and settings.source_bucket and settings.target_bucket:
        yield Finding("batch", f"{shown(name)} {fault[0]}", "Choose another name for the stack")
