"""The machine: its zone, type and boot image, and when it runs."""

import functools
import re
import zoneinfo
from collections.abc import Iterator

from infra.settings import schedule
from infra.settings.fields import Settings
from infra.settings.findings import Finding, listed, nearest, shown
from infra.settings.gpu_zones import GPU_ZONES, READ_ON, near
from infra.settings.machines import CPU_IMAGE, FITTING, GPU_OF, MACHINE_TYPES, MIN_MEMORY_GB
from infra.settings.rules.rule import reads

_REGION = re.compile(r"[a-z]+-[a-z]+[0-9]+")
_ZONE = re.compile(rf"{_REGION.pattern}-(?:[a-z]|ai[0-9][a-z])")
_IMAGE = re.compile(
    r"projects/[a-z][a-z0-9.:-]*/global/images/(?:family/)?[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?"
)


@reads("zone")
def zone(settings: Settings) -> Iterator[Finding]:
    """A zone by its form: Google opens new ones."""
    if _ZONE.fullmatch(settings.zone):
        return
    region = settings.zone.strip().lower()
    if _REGION.fullmatch(region):
        remedy = f"Add the zone's letter: {near(f'{region}-', 'T4', most=1)[0]}"
    else:
        known = nearest(settings.zone, (*GPU_ZONES["T4"], *GPU_ZONES["L4"]))
        remedy = f"Write a region and a letter, as in {known or 'us-central1-a'}"
    yield Finding("zone", f"{shown(settings.zone)} is not a zone", remedy)


@reads("zone", "preset")
def gpu_in_zone(settings: Settings) -> Iterator[Finding]:
    """The preset's GPU is there."""
    gpu = GPU_OF[settings.preset]
    if gpu and _ZONE.fullmatch(settings.zone) and settings.zone not in GPU_ZONES[gpu]:
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


@reads("machine_type")
def machine_type(settings: Settings) -> Iterator[Finding]:
    """A type that some preset takes."""
    if settings.machine_type and settings.machine_type not in MACHINE_TYPES:
        close = nearest(settings.machine_type, sorted(MACHINE_TYPES))
        yield Finding(
            "machineType",
            f"{shown(settings.machine_type)} is not an x86 machine type with {MIN_MEMORY_GB} GiB of"
            " memory or more and at most one GPU",
            f"Write {close or 'one such as e2-standard-8'}, or remove machineType for the preset's",
        )


@reads("machine_type", "preset")
def machine_type_of_preset(settings: Settings) -> Iterator[Finding]:
    """A type that takes the preset's GPU."""
    fitting = FITTING[settings.preset]
    if settings.machine_type in MACHINE_TYPES and settings.machine_type not in fitting:
        others = [name for name, types in FITTING.items() if settings.machine_type in types]
        families = dict.fromkeys(f"{name.partition('-')[0]}-*" for name in fitting)
        gpu = GPU_OF[settings.preset]
        yield Finding(
            "machineType",
            f"{settings.machine_type} does not fit preset {settings.preset}"
            f" ({f'one {gpu} GPU' if gpu else 'no GPU'})",
            f"Write one of {listed(families)}, or set preset to {listed(others)}",
        )


@reads("boot_image")
def boot_image(settings: Settings) -> Iterator[Finding]:
    """The long form only: a short name may mean an image of the stack's own project."""
    if settings.boot_image and not _IMAGE.fullmatch(settings.boot_image):
        yield Finding(
            "bootImage",
            f"{shown(settings.boot_image)} is not an image or image family in its long form",
            f"Write it as in {CPU_IMAGE}",
        )


@reads("work_days")
def work_days(settings: Settings) -> Iterator[Finding]:
    """Days in words."""
    try:
        schedule.parse_days(settings.work_days)
    except schedule.ScheduleError as error:
        yield Finding(
            "workDays",
            f"{shown(settings.work_days)} cannot be read: {error}",
            f"Write days as in Mon-Fri or Mon,Wed,Sat, of {listed(schedule.DAYS, 'and')}",
        )


@reads("work_hours")
def work_hours(settings: Settings) -> Iterator[Finding]:
    """Two times, or off."""
    if settings.work_hours == schedule.OFF:
        return
    try:
        schedule.parse_hours(settings.work_hours)
    except schedule.ScheduleError as error:
        yield Finding(
            "workHours",
            f"{shown(settings.work_hours)} {error}",
            f"Write start and stop as in 08:00-20:00, or {schedule.OFF} for no schedule",
        )


@functools.cache
def _time_zones() -> tuple[str, ...]:
    """All names; finding them reads a folder tree."""
    return tuple(sorted(zoneinfo.available_timezones()))


@reads("time_zone")
def time_zone(settings: Settings) -> Iterator[Finding]:
    """A name of the time zone database."""
    known = _time_zones()
    if settings.time_zone not in known:
        close = nearest(settings.time_zone, known)
        yield Finding(
            "timeZone",
            f"{shown(settings.time_zone)} is not a time zone",
            f"Write {close or 'a name such as Europe/Rome, America/New_York or UTC'}",
        )


RULES = (
    zone,
    gpu_in_zone,
    machine_type,
    machine_type_of_preset,
    boot_image,
    work_days,
    work_hours,
    time_zone,
)
