"""The end of `pulumi up`: it returns when a labeler could log in.

A dynamic resource that is made, and updated whenever the machine is, by waiting; `infra.readiness`
does. A wait that fails fails the update, and as the engine then keeps the old state or none, the
next one waits again; a hook on the machine would run only when that changes again. Previews do not
call it, nor does a stack in which nothing changed; `pulumi destroy` only forgets it.

As with the restore point, the state keeps the provider's name and no code: see there. No secret is
among its inputs. What it prints is shown by the engine, beside the stack, as it comes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pulumi
from pulumi.dynamic import (
    CreateResult,
    DiffResult,
    Resource,
    ResourceProvider,
    UpdateResult,
)

from infra.compute import Compute
from infra.compute_errors import ComputeError
from infra.readiness import Clock, Progress, Target, Wait
from infra.readiness_errors import NotReadyError, Place
from infra.readiness_web import Web, check
from infra.rules.network import EVERYWHERE
from infra.schedule import OFF, WorkingHours, parse_days, parse_hours

if TYPE_CHECKING:
    # Not for the plugin that runs the provider: importing pulumi_gcp takes seconds.
    from infra.components.machine import Machine
    from infra.components.network import Network
    from infra.settings import Settings

State = dict[str, Any]
# What means that the machine boots or changes what runs on it. All else it is found by.
WAITED_FOR = ("instance_id", "machine_type", "images", "attributes", "key_version", "url")


class ReadinessProvider(ResourceProvider):
    """Waits for the machine. Makes and deletes nothing."""

    serialize_as_secret_always = False

    def create(self, props: State) -> CreateResult:
        """Wait for a machine that this state knows nothing of."""
        return CreateResult(props["name"], wait(props, is_proof=True))

    def diff(self, _id: str, _olds: State, _news: State) -> DiffResult:
        """Wait when what the machine runs changes, or was left unchecked."""
        changed = any(_olds.get(key) != _news.get(key) for key in WAITED_FOR)
        return DiffResult(changes=changed or not _olds["checked"])

    def update(self, _id: str, _olds: State, _news: State) -> UpdateResult:
        """Wait until the machine runs what it is told now."""
        changed = {key for key in WAITED_FOR if _olds[key] != _news[key]}
        # For another machine type Google stops and starts it.
        boots = "machine_type" in changed and "instance_id" not in changed
        return UpdateResult(
            wait(_news, is_proof=bool(changed & {"instance_id", "images"}), boots=boots)
        )


def wait(props: State, *, is_proof: bool, boots: bool = False) -> State:
    """Return the new state when the machine is ready, or is off as it should be.

    Raises:
        NotReadyError: if it does not become ready.
        ComputeError: if the Compute API refuses.
    """
    clock = Clock()
    place = Place(props["project"], props["zone"], props["name"])
    progress = Progress(place.name, lambda line: print(line, flush=True), clock)
    target = Target(place, props["images"], is_proof, boots, _hours(props))
    limit = props["minutes"] * 60.0
    try:
        ready = Wait(Compute(place.project), target, limit, progress, clock).run()
        if ready:
            check(Web(props["url"], props["reach"], props["address"]), limit, progress, clock)
    except (NotReadyError, ComputeError) as fault:
        # The engine shows whole tracebacks; the words come last.
        raise type(fault)(str(fault)) from None
    return {**props, "checked": ready}


def _hours(props: State) -> tuple[WorkingHours, str] | None:
    if props["work_hours"] == OFF:
        return None
    start, stop = parse_hours(props["work_hours"])
    return WorkingHours(parse_days(props["work_days"]), start, stop), props["time_zone"]


@dataclass(frozen=True)
class ReadinessArgs:
    """The machine, and where it answers."""

    settings: Settings
    machine: Machine
    network: Network


class Readiness(Resource, module="atelier", name="Readiness"):
    """That labelers can log in."""

    def __init__(self, name: str, args: ReadinessArgs) -> None:
        settings, machine = args.settings, args.machine
        if settings.access == "iap":
            reach = "tunnel"
        else:
            reach = "everybody" if EVERYWHERE in settings.allowed_ranges else "few"
        props: dict[str, pulumi.Input[Any]] = {
            "project": settings.project,
            "zone": settings.zone,
            "name": settings.name,
            "instance_id": machine.id,
            "machine_type": settings.machine.machine_type,
            "images": machine.images,
            "attributes": machine.attributes,
            "key_version": settings.key_version,
            "url": args.network.url,
            "address": args.network.address if settings.tls == "domain" else "",
            "reach": reach,
            "minutes": settings.ready_minutes,
            "work_days": settings.work_days,
            "work_hours": settings.work_hours,
            "time_zone": settings.time_zone,
            "checked": None,
        }
        options = pulumi.ResourceOptions(parent=machine)
        super().__init__(ReadinessProvider(), name, props, options)
