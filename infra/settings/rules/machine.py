"""The machine: its type and boot image, and when it runs. `place` has where it is."""

import functools
import re
import zoneinfo
from collections.abc import Iterator

from infra.settings import schedule
from infra.settings.fields import Settings
from infra.settings.findings import Finding, listed, nearest, shown
from infra.settings.machines import (
    CPU_IMAGE,
    FITTING,
    GPU_OF,
    MACHINE_TYPES,
    MIN_MEMORY_GB,
    PRESETS,
)
from infra.settings.rules.place import unlisted
from infra.settings.rules.rule import reads

# What the images of 6 GB and, with a GPU, the driver's own image need beside the system.
MIN_GPU_BOOT_DISK_GB = 50
# A shorter day ends before the machine has booted and anybody has labeled.
MIN_WORKING_HOURS = 1.0
# Label Studio saves a draft while somebody draws, but not while somebody thinks.
MIN_IDLE_MINUTES = 15
# From one evening's stop to the next: a machine that somebody starts at night runs so long.
MIN_RUN_HOURS = 24

_ARM = re.compile(r"(?:^|[-_])(?:arm64|aarch64)(?:[-_]|$)")
_ARM_FAMILIES = ("t2a", "c4a", "n4a")
_HYPERDISK_FAMILIES = ("n4", "n4d", "c4", "c4d")
# Projects of Google's public images (cloud.google.com/compute/docs/images/os-details) whose
# systems have no apt, which the startup script installs Docker with, or are Windows.
_NO_APT = (
    "almalinux-cloud",
    "centos-cloud",
    "cos-cloud",
    "fedora-coreos-cloud",
    "freebsd-org-cloud-dev",
    "opensuse-cloud",
    "oracle-linux-cloud",
    "rhel-cloud",
    "rhel-sap-cloud",
    "rocky-linux-accelerator-cloud",
    "rocky-linux-cloud",
    "suse-cloud",
    "suse-sap-cloud",
)
_WINDOWS = ("windows-cloud", "windows-sql-cloud")
_NO_DRIVER = ("debian-cloud", "ubuntu-os-cloud", "ubuntu-os-pro-cloud")
# Names of the time zone database that are no place: what a computer is set to, and a placeholder.
_NO_PLACE = ("Factory", "localtime", "posixrules")
_IMAGE = re.compile(
    r"projects/[a-z][a-z0-9.:-]*/global/images/(?:family/)?[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?"
)


@reads("machine_type")
def machine_type(settings: Settings) -> Iterator[Finding]:
    """A type that some preset takes."""
    name = settings.machine_type
    if name and name not in MACHINE_TYPES:
        close = nearest(name, sorted(MACHINE_TYPES))
        family = name.partition("-")[0]
        why = (
            f"is not an x86 machine type with {MIN_MEMORY_GB} GiB of memory or more and at most"
            " one GPU"
        )
        if family in _ARM_FAMILIES:
            why = "is an Arm machine, and the images are built for x86"
        elif family in _HYPERDISK_FAMILIES:
            why = "takes Hyperdisks alone, and the studio's disks are Persistent Disks"
        yield Finding(
            "machineType",
            f"{shown(name)} {why}",
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


@reads("boot_image", "preset")
def boot_image_fits(settings: Settings) -> Iterator[Finding]:
    """A public image that boots the machine, as far as its name tells."""
    image = settings.boot_image
    if not _IMAGE.fullmatch(image) or image in settings.unlisted:
        return
    project, name = image.split("/")[1], image.rpartition("/")[2]
    usual = f"Write {PRESETS[settings.preset].boot_image}, or remove bootImage"
    if project in _WINDOWS or name.startswith("windows-"):
        why = "is Windows, which cannot run the startup script"
    elif _ARM.search(name):
        why = "is for Arm machines, and the machine is x86"
    elif project in _NO_APT:
        why = "has no apt, which the startup script installs Docker with"
    elif GPU_OF[settings.preset] and project in _NO_DRIVER:
        why = f"has no GPU driver, which preset {settings.preset} needs"
    else:
        return
    yield Finding("bootImage", f"{shown(image)} {why}", f"{usual}{unlisted(image)}")


@reads("boot_disk_gb", "preset")
def boot_disk_of_gpu(settings: Settings) -> Iterator[Finding]:
    """Room for the driver's image and ours."""
    if GPU_OF[settings.preset] and settings.boot_disk_gb < MIN_GPU_BOOT_DISK_GB:
        yield Finding(
            "bootDiskGb",
            f"{settings.boot_disk_gb} GB have no room for the images and the GPU driver of preset"
            f" {settings.preset}",
            f"Write {MIN_GPU_BOOT_DISK_GB} or more",
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


@reads("work_hours")
def long_enough(settings: Settings) -> Iterator[Finding]:
    """Longer than a boot."""
    hours = _hours(settings)
    if hours is not None and hours < MIN_WORKING_HOURS:
        yield Finding(
            "workHours",
            f"{shown(settings.work_hours)} is {hours * 60:g} minutes: the machine would be off"
            " again before it has booted",
            f"Write an hour or more, as in 08:00-20:00, or {schedule.OFF} for no schedule",
        )


@reads("work_hours", "max_run_hours")
def run_limit(settings: Settings) -> Iterator[Finding]:
    """The limit ends no working day.

    Google counts from the start, whoever starts it, and a machine that runs is not started anew
    in the morning.
    """
    limit = settings.max_run_hours
    hours = _hours(settings)
    if hours is None or not 0 < limit < MIN_RUN_HOURS:
        return
    ends = (
        f"the machine stops {limit} h after its start, and workHours {settings.work_hours} are"
        f" {hours:g} h"
        if limit < hours
        else f"a machine that somebody starts in the evening stops {limit} h later, in the middle"
        " of the next working day"
    )
    yield Finding(
        "maxRunHours",
        ends,
        f"Remove maxRunHours: the schedule stops the machine. Or write {MIN_RUN_HOURS} or more, or"
        f" set workHours to {schedule.OFF}",
    )


@reads("idle_minutes")
def idle_minutes(settings: Settings) -> Iterator[Finding]:
    """Longer than a labeler looks at one image."""
    if 0 < settings.idle_minutes < MIN_IDLE_MINUTES:
        yield Finding(
            "idleMinutes",
            f"{settings.idle_minutes} minutes are less than a break: the machine would turn itself"
            " off while somebody looks at an image",
            f"Write {MIN_IDLE_MINUTES} or more, or 0 for never",
        )


def _hours(settings: Settings) -> float | None:
    """Return how long a working day is; None without a schedule, or with one that is not read."""
    if settings.work_hours == schedule.OFF:
        return None
    try:
        start, stop = schedule.parse_hours(settings.work_hours)
    except schedule.ScheduleError:
        return None
    return schedule.WorkingHours((), start, stop).hours_a_day


@functools.cache
def _time_zones() -> tuple[str, ...]:
    """All names; finding them reads a folder tree."""
    return tuple(sorted(zoneinfo.available_timezones() - {*_NO_PLACE}))


@reads("time_zone")
def time_zone(settings: Settings) -> Iterator[Finding]:
    """A name of the time zone database."""
    known = _time_zones()
    if settings.time_zone not in (*known, *settings.unlisted):
        close = nearest(settings.time_zone, known)
        yield Finding(
            "timeZone",
            f"{shown(settings.time_zone)} is not a time zone",
            f"Write {close or 'a name such as Europe/Rome, America/New_York or UTC'}",
        )
