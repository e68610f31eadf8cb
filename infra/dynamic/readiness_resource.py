"""The end of `pulumi up`: it returns when a labeler could log in.

A dynamic resource that is made, and updated whenever the machine is, by waiting, which
`infra.dynamic.readiness` does. A wait that fails fails the update, and as the engine then keeps the
old state or none, the next one waits again; a hook on the machine would run only when that changes
again. Previews do not call it, nor does a stack in which nothing changed; `pulumi destroy` only
forgets it.

The state keeps the provider's name and no code (`infra.dynamic.credentials`). No secret is among
its inputs. What it prints is shown by the engine, beside the stack, as it comes.
"""

from typing import Any

import pulumi
from pulumi.dynamic import (
    CreateResult,
    DiffResult,
    Resource,
    UpdateResult,
)

from infra.dynamic.calls import short
from infra.dynamic.compute import Compute
from infra.dynamic.compute_errors import ComputeError
from infra.dynamic.credentials import DEFAULT, Access, GoogleProvider
from infra.dynamic.readiness import Clock, Progress, Target, Wait
from infra.dynamic.readiness_errors import NotReadyError, Place
from infra.dynamic.readiness_web import Web, check
from infra.settings.facts import EVERYWHERE
from infra.settings.fields import Settings
from infra.settings.schedule import OFF, WorkingHours, parse_days, parse_hours

State = dict[str, Any]
# What means that the machine boots or changes what runs on it. All else it is found by.
WAITED_FOR = ("instance_id", "machine_type", "images", "attributes", "key_version", "url")


class ReadinessProvider(GoogleProvider):
    """Waits for the machine. Makes and deletes nothing."""

    def create(self, props: State) -> CreateResult:
        """Wait for a machine that this state knows nothing of."""
        return CreateResult(props["name"], wait(props, self.access, is_proof=True))

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
            wait(
                _news,
                self.access,
                is_proof=bool(changed & {"instance_id", "images"}),
                boots=boots,
            )
        )


def wait(props: State, access: Access = DEFAULT, *, is_proof: bool, boots: bool = False) -> State:
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
    with short(NotReadyError, ComputeError):
        compute = Compute(place.project, access=access)
        ready = Wait(compute, target, limit, progress, clock).run()
        if ready:
            check(Web(props["url"], props["reach"], props["address"]), limit, progress, clock)
    return {**props, "checked": ready}


def _hours(props: State) -> tuple[WorkingHours, str] | None:
    if props["work_hours"] == OFF:
        return None
    start, stop = parse_hours(props["work_hours"])
    return WorkingHours(parse_days(props["work_days"]), start, stop), props["time_zone"]


class Readiness(Resource, module="atelier", name="Readiness"):
    """That labelers can log in.

    Args:
        instance_id: Google's number for the machine.
        images: The SHA-256 of the attribute that names its images.
        attributes: A SHA-256 of the attributes that its containers are made from.
        url: The web origin that labelers open.
        address: The machine's static IPv4 address.
    """

    def __init__(
        self,
        name: str,
        settings: Settings,
        *,
        instance_id: pulumi.Input[str],
        images: pulumi.Input[str],
        attributes: pulumi.Input[str],
        url: pulumi.Input[str],
        address: pulumi.Input[str],
        opts: pulumi.ResourceOptions,
    ) -> None:
        if settings.access == "iap":
            reach = "tunnel"
        else:
            reach = "everybody" if EVERYWHERE in settings.allowed_ranges else "few"
        props: dict[str, pulumi.Input[Any]] = {
            "project": settings.project,
            "zone": settings.zone,
            "name": settings.name,
            "instance_id": instance_id,
            "machine_type": settings.machine.machine_type,
            "images": images,
            "attributes": attributes,
            "key_version": settings.key_version,
            "url": url,
            "address": address if settings.tls == "domain" else "",
            "reach": reach,
            "minutes": settings.ready_minutes,
            "work_days": settings.work_days,
            "work_hours": settings.work_hours,
            "time_zone": settings.time_zone,
            "checked": None,
        }
        super().__init__(ReadinessProvider(), name, props, opts)
