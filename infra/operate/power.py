"""Whether the machine runs: a part of `up`, and the verbs `start` and `stop`.

Spot, the run limit, an hour without labelers, a morning's start for which the zone had no machine,
or somebody's hand may have stopped it. Pulumi sees no change in that, so that `pulumi up` alone
leaves it off.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast
from zoneinfo import ZoneInfo

from infra.dynamic.compute import Compute
from infra.dynamic.compute_errors import ComputeError
from infra.dynamic.credentials import DEFAULT, Access
from infra.dynamic.readiness import Clock, Progress, Target, Wait
from infra.dynamic.readiness_errors import NotReadyError, Place
from infra.dynamic.readiness_web import Reach, Web, check
from infra.operate.doctor.google import Google
from infra.operate.errors import PowerError
from infra.settings.fields import Settings

# Google's word for a machine that is off.
OFF = "TERMINATED"
Say = Callable[[str], None]


@dataclass(frozen=True)
class Machine:
    """A stack's machine, and what is to be awaited when it starts.

    Attributes:
        readiness: The state's record of the wait; empty where `readyMinutes` is 0.
        access: Whose credentials are used.
    """

    settings: Settings
    readiness: Mapping[str, Any]
    access: Access = DEFAULT

    @property
    def place(self) -> Place:
        """Where it is."""
        return Place(self.settings.project, self.settings.zone, self.settings.name)


def status(google: Google, settings: Settings) -> str | None:
    """Return Google's word for what the machine does.

    Empty where there is no machine; None where Google cannot be reached or does not tell.
    """
    found = google.ask("compute", _path(settings))
    if found.missing:
        return ""
    return str(found.body.get("status", "")) if found.ok else None


def why_off(google: Google, settings: Settings) -> str:
    """Return why the machine turned itself off (templates/vm/idle.sh), as a sentence.

    Empty where it did not, and where Google does not tell: whether guest attributes outlive a stop
    is documented nowhere. They may outlive the next start, too, and are then an old story.
    """
    place = _path(settings)
    params = {"queryPath": "atelier/stopped"}
    told = google.ask("compute", f"{place}/getGuestAttributes", params=params)
    values = cast("Mapping[str, Any]", told.body.get("queryValue") or {})
    items = cast("Sequence[Mapping[str, str]]", values.get("items") or ())
    moment, _, words = (items[0].get("value", "") if told.ok and items else "").partition(" ")
    started = google.ask("compute", place).body.get("lastStartTimestamp")
    try:
        stopped = datetime.fromisoformat(moment)
        if started and stopped < datetime.fromisoformat(str(started)):
            return ""
    except ValueError:
        return ""
    return f"It turned itself off at {stopped:%Y-%m-%d %H:%M %Z}: {words}."


def _path(settings: Settings) -> str:
    return f"projects/{settings.project}/zones/{settings.zone}/instances/{settings.name}"


def is_time(settings: Settings, now: Callable[[ZoneInfo], datetime] = datetime.now) -> bool:
    """Return whether the machine is to run now: within its working hours, or without any."""
    hours = settings.working_hours
    return hours is None or hours.includes(now(ZoneInfo(settings.time_zone)))


def off(settings: Settings, start: str) -> str:
    """Return what a preview or an update says of a machine that is off, and stays so."""
    hours = f"{settings.work_days} {settings.work_hours} {settings.time_zone}"
    return (
        f"The machine is off, as it is outside its working hours ({hours}), and stays so."
        f" To start it now: {start}"
    )


def start(machine: Machine, say: Say) -> None:
    """Start the machine, and return when labelers can log in.

    Raises:
        PowerError: Google refuses, or it does not become ready.
    """
    place, known = machine.place, machine.readiness
    clock = Clock()
    progress = Progress(place.name, say, clock)
    compute = Compute(place.project, access=machine.access)
    try:
        progress.tell("starting")
        compute.start(place.name, place.zone)
        if not known:
            return
        limit = machine.settings.ready_minutes * 60.0
        # Somebody asks for it: the working hours are no reason to leave it off.
        target = Target(place, str(known["images"]), is_proof=False, boots=True, hours=None)
        Wait(compute, target, limit, progress, clock).run()
        reach: Reach = known["reach"]
        check(Web(str(known["url"]), reach, str(known["address"])), limit, progress, clock)
    except (ComputeError, NotReadyError) as fault:
        raise PowerError(str(fault)) from fault


def stop(machine: Machine, say: Say) -> None:
    """Stop the machine: disks, address and buckets stay, and cost cents a day.

    Raises:
        PowerError: Google refuses.
    """
    place = machine.place
    say(f"{place.name}: stopping")
    try:
        Compute(place.project, access=machine.access).stop(place.name, place.zone)
    except ComputeError as fault:
        raise PowerError(str(fault)) from fault
