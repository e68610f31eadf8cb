"""The machine: its zone, type and boot image, and when it runs."""

from __future__ import annotations

import re
import zoneinfo
from collections.abc import Iterator
from typing import TYPE_CHECKING

from infra import machines, schedule
from infra.findings import Finding, listed, nearest, shown
from infra.gpu_zones import GPU_ZONES, READ_ON, near
from infra.machines import GPU_OF, PRESETS
from infra.rules.rule import reads

if TYPE_CHECKING:
    from infra.settings import Settings

_REGION = re.compile(r"[a-z]+-[a-z]+[0-9]+")
_ZONE = re.compile(rf"{_REGION.pattern}-(?:[a-z]|ai[0-9][a-z])")
_IMAGE = re.compile(
    r"projects/[a-z][a-z0-9.:-]*/global/images/(?:family/)?[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?"
)


@reads("zone", "preset")
def zone(settings: Settings) -> Iterator[Finding]:
    """A zone by its form, that has the preset's GPU."""
    gpu = GPU_OF[settings.preset]
    if not _ZONE.fullmatch(settings.zone):
        region = settings.zone.strip().lower()
        if _REGION.fullmatch(region):
            with_gpu = near(f"{region}-", gpu, most=1) if gpu else ()
            remedy = f"Add the zone's letter: {(*with_gpu, f'{region}-a')[0]}"
        else:
            known = nearest(settings.zone, GPU_ZONES[gpu or "T4"]) or "us-central1-a"
            remedy = f"Write a region and a letter, as in {known}"
        yield Finding("zone", f"{shown(settings.zone)} is no zone", remedy)
    elif gpu and settings.zone not in GPU_ZONES[gpu]:
        others = [
            name
            for name, other in GPU_OF.items()
            if other and other != gpu and settings.zone in GPU_ZONES[other]
        ]
        instead = f", or set preset to {others[0]}, which this zone has" if others else ""
        yield Finding(
            "zone",
            f"{settings.zone} has no {gpu} GPU, which preset {settings.preset} needs"
            f" (Google's zones as of {READ_ON})",
            f"Write {listed(near(settings.zone, gpu))}{instead}",
        )


@reads("machine_type", "preset")
def machine_type(settings: Settings) -> Iterator[Finding]:
    """An own machine type goes with the preset's GPU and has the memory."""
    try:
        machines.machine(settings.preset, settings.machine_type)
    except machines.MachineTypeError as error:
        types = machines.machine_types(settings.preset)
        close = nearest(settings.machine_type, types) or PRESETS[settings.preset].machine_type
        choice = listed(types) if len(types) <= 12 else f"for instance {close}"
        others = [name for name in PRESETS if settings.machine_type in machines.machine_types(name)]
        instead = f", or set preset to {listed(others)}" if others else ""
        yield Finding(
            "machineType",
            f"preset {settings.preset} cannot use {shown(settings.machine_type)}: it {error}",
            f"Write {choice}{instead}",
        )


@reads("boot_image")
def boot_image(settings: Settings) -> Iterator[Finding]:
    """The long form only: a short name may mean an image of the stack's own project."""
    if settings.boot_image and not _IMAGE.fullmatch(settings.boot_image):
        yield Finding(
            "bootImage",
            f"{shown(settings.boot_image)} is no image or family in its long form",
            f"Write it as in {machines.CPU_IMAGE}",
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


@reads("time_zone")
def time_zone(settings: Settings) -> Iterator[Finding]:
    """A name of the time zone database."""
    known = zoneinfo.available_timezones()
    if settings.time_zone not in known:
        close = nearest(settings.time_zone, sorted(known))
        yield Finding(
            "timeZone",
            f"{shown(settings.time_zone)} is no time zone",
            f"Write {close or 'a name such as Europe/Rome, America/New_York or UTC'}",
        )


RULES = (zone, machine_type, boot_image, work_days, work_hours, time_zone)
