"""Where the stack is: a zone, a region and a machine type that exist, and buckets beside them.

The lists are those of a day. A name in `unlisted` is taken as it is, and Google decides. No rule
waits for a usable `unlisted`: until it is one, nothing is in it.
"""

import re
from collections.abc import Iterable, Iterator

from infra.settings.fields import Settings
from infra.settings.findings import Finding, listed, nearest, shown
from infra.settings.gpu_zones import GPU_ZONES, READ_ON, near
from infra.settings.machines import GPU_OF
from infra.settings.regions import ALL_ZONES, ZONES, zones_of_type
from infra.settings.regions import READ_ON as ZONES_READ_ON
from infra.settings.rules.rule import reads

_REGION = re.compile(r"[a-z]+-[a-z]+[0-9]+")
_ZONE = re.compile(rf"{_REGION.pattern}-(?:[a-z]|ai[0-9][a-z])")
# Of the places that span several regions, those that Cloud Storage has, and their part of the
# world: cloud.google.com/storage/docs/locations.
MULTI_REGIONS = {"ASIA": "asia", "EU": "europe", "US": "us"}
DUAL_REGIONS = {
    "ASIA1": "asia",
    "EUR4": "europe",
    "EUR5": "europe",
    "EUR7": "europe",
    "EUR8": "europe",
    "NAM4": "us",
}
# Parts of the world between which every image would cross an ocean; others are not judged.
_OCEANS = {"asia": "asia", "europe": "europe", "us": "us", "northamerica": "us"}
_ANOTHER = "Remove it, or write another of the region"


def unlisted(name: str) -> str:
    """Return the end of a remedy: the way for a name that is newer than the list."""
    return f". If Google has it by now, add it to unlisted: [{name}]"


@reads("zone")
def zone(settings: Settings) -> Iterator[Finding]:
    """A zone that Google has.

    Those offered instead have the preset's GPU, or the default preset's where the preset is wrong:
    the zone is then named all the same.
    """
    name = settings.zone
    if not _ZONE.fullmatch(name):
        region = name.strip().lower()
        if region in ZONES:
            near_it = (*near(f"{region}-", "T4", most=1), ZONES[region][0])
            letter = next(other for other in near_it if other.startswith(f"{region}-"))
            remedy = f"Add the zone's letter: {letter}"
        else:
            known = nearest(name, ALL_ZONES)
            remedy = f"Write a region and a letter, as in {known or 'us-central1-a'}"
        yield Finding("zone", f"{shown(name)} is not a zone", remedy)
    elif name not in ALL_ZONES and name not in settings.unlisted:
        region = settings.region
        if region in ZONES:
            message = f"region {region} has no zone {name}"
            gpu = GPU_OF[settings.preset]
            remedy = f"Write {listed(near(name, gpu) if gpu else ZONES[region])}"
        else:
            close = nearest(region, ZONES)
            message = f"there is no region {region}"
            remedy = f"Write {listed(ZONES[close])}" if close else "Write one as in us-central1-a"
        yield Finding(
            "zone",
            f"{message} (Google's list as of {ZONES_READ_ON})",
            f"{remedy}{unlisted(name)}",
        )


@reads("zone", "preset")
def gpu_in_zone(settings: Settings) -> Iterator[Finding]:
    """The preset's GPU is there."""
    gpu = GPU_OF[settings.preset]
    if gpu and _stands(settings) and settings.zone not in GPU_ZONES[gpu]:
        others = [
            name
            for name, other in GPU_OF.items()
            if other not in (None, gpu) and settings.zone in GPU_ZONES[other]
        ]
        instead = f", or set preset to {listed(others)}, which this zone has" if others else ""
        yield Finding(
            "zone",
            f"{settings.zone} has no {gpu} GPU, which preset {settings.preset} needs"
            f" (Google's zones as of {READ_ON})",
            f"Write {listed(near(settings.zone, gpu))}{instead}",
        )


@reads("zone", "machine_type")
def type_in_zone(settings: Settings) -> Iterator[Finding]:
    """The machine type is there, as far as that is known here."""
    name = settings.machine_type
    zones = zones_of_type(name)
    if zones and _stands(settings) and settings.zone not in zones and name not in settings.unlisted:
        yield Finding(
            "machineType",
            f"zone {settings.zone} has no {name.partition('-')[0]} machines"
            f" (Google's zones as of {READ_ON})",
            f"Set zone to {listed(_nearby(settings, zones))}, or remove machineType for the"
            f" preset's{unlisted(name)}",
        )


@reads("zones")
def zones(settings: Settings) -> Iterator[Finding]:
    """Each is a zone that Google has, wherever the machine itself is."""
    for name in settings.zones:
        for found in zone.check(settings.model_copy(update={"zone": name})):
            yield Finding("zones", found.message, _ANOTHER)


@reads("zones", "zone", "preset", "machine_type")
def other_zones(settings: Settings) -> Iterator[Finding]:
    """Each may take the zone's place: the address and the subnetwork are the region's."""
    fit = (gpu_in_zone, type_in_zone)
    if any(True for rule in (zone, *fit) for _ in rule.check(settings)):
        return  # Which region is meant, or which machine, is not known.
    for name in settings.zones:
        there = settings.model_copy(update={"zone": name})
        if any(True for _ in zone.check(there)):
            continue
        if not name.startswith(f"{settings.region}-"):
            yield Finding(
                "zones",
                f"{shown(name)} is not in {settings.region}, where the studio's address is",
                "Write zones of that region; to move to another one, set zone",
            )
            continue
        for rule in fit:
            for found in rule.check(there):
                yield Finding("zones", found.message, _ANOTHER)


@reads("bucket_location")
def bucket_location(settings: Settings) -> Iterator[Finding]:
    """A region, or a place that spans several, where Cloud Storage is."""
    place = settings.bucket_location
    several = (*MULTI_REGIONS, *DUAL_REGIONS)
    taken = (*(name.lower() for name in several), *ZONES, settings.region, *settings.unlisted)
    if not place or place.lower() in taken:
        return
    close = nearest(place, ZONES)
    if _REGION.fullmatch(place.lower()):
        remedy = f"Write {close or settings.region}{unlisted(place)}"
    else:
        remedy = (
            f"Write a region such as us-central1, or {listed(several)}, or nothing for the"
            " machine's region"
        )
    yield Finding("bucketLocation", f"{shown(place)} is not a location of Cloud Storage", remedy)


@reads("bucket_location", "zone")
def buckets_beside_the_machine(settings: Settings) -> Iterator[Finding]:
    """Both on one continent: every image is read by the machine, some of them many times."""
    place = settings.bucket_location
    spans = {**MULTI_REGIONS, **DUAL_REGIONS}.get(place.upper())
    region = place.lower() if place.lower() in ZONES else ""
    there = _OCEANS.get(spans or region.partition("-")[0])
    here = _OCEANS.get(settings.zone.partition("-")[0])
    if here and there and here != there:
        yield Finding(
            "bucketLocation",
            f"the buckets would be in {place}, and the machine in {settings.zone}: every image"
            " would cross an ocean, which is slow and is billed",
            f"Write {settings.region}, or move the machine's zone; where the images must be there,"
            " create the bucket yourself and name it in sourceBucket",
        )


def _stands(settings: Settings) -> bool:
    """Whether the zone is one of the list, so that the lists of what it has are about it."""
    return settings.zone in ALL_ZONES and settings.zone not in settings.unlisted


def _nearby(settings: Settings, zones: Iterable[str]) -> list[str]:
    """Return at most four zones, those of the same region and part of the world first."""
    region, part = settings.region, settings.zone.partition("-")[0]

    def distance(name: str) -> tuple[bool, bool]:
        return not name.startswith(f"{region}-"), not name.startswith(f"{part}-")

    return sorted(zones, key=distance)[:4]
