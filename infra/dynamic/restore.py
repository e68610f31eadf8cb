"""What a new data disk is made from, and how the data goes along into another zone.

A disk cannot leave its zone. A move stops the machine, takes the disk from it so that nothing can
be written any more, and makes a snapshot, from which the disk in the new zone is made. To go back
to a snapshot in place, the machine only stops, and its disk is kept as a snapshot. Nothing is
deleted here: Pulumi deletes the old machine and disk when the new disk is there.
"""

import re
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from infra.dynamic.compute import Compute, Disk, Machine, Snapshot
from infra.dynamic.compute_errors import ComputeError, NotEnabledError
from infra.settings.facts import DATA_DEVICE

# An API that was enabled in this same run is refused for a while.
ENABLED_SECONDS = 180
ENABLED_POLL_SECONDS = 5.0

Source = Literal["newest", "none"] | str


@dataclass(frozen=True)
class Stack:
    """The names that a stack's data is found by.

    Attributes:
        instance: The machine's name.
        disk_prefix: What its data disks' names begin with; Pulumi adds seven hexadecimal digits.
        labels: The labels of a snapshot that is made here.
    """

    instance: str
    disk_prefix: str
    labels: Mapping[str, str]

    def owns(self, disk: str) -> bool:
        """Whether a data disk of that name is this stack's (and not of one named alike)."""
        return bool(re.fullmatch(re.escape(self.disk_prefix) + "[0-9a-f]{7}", disk))


def source(compute: Compute, stack: Stack, restore_from: Source) -> str:
    """Return the link of the snapshot that a first data disk is made from; empty for an empty disk.

    Args:
        compute: The project's Compute API.
        stack: Whose data.
        restore_from: `newest`, `none`, or a snapshot's name.

    Raises:
        ComputeError: if the API refuses, or there is no such snapshot.
    """
    if restore_from == "none":
        return ""
    snapshots = _patiently(compute)
    if restore_from == "newest":
        return next((found.link for found in snapshots if stack.owns(found.disk)), "")
    for found in snapshots:
        if found.name == restore_from:
            return found.link
    raise ComputeError(
        f"restoreFrom: there is no snapshot {restore_from} in {compute.project} that is READY."
        f" {_known(found.name for found in snapshots if stack.owns(found.disk))}"
    )


def own_snapshots(compute: Compute, stack: Stack) -> list[Snapshot]:
    """Return the snapshots of the stack's data disks that can be restored, the newest first.

    Raises:
        ComputeError: if the API refuses.
    """
    return [found for found in compute.snapshots() if stack.owns(found.disk)]


def refused(compute: Compute, stack: Stack, name: str) -> str:
    """Return why the stack cannot go back to that snapshot; empty where it can."""
    try:
        own = own_snapshots(compute, stack)
    except ComputeError as fault:
        return f"whether there is a snapshot {name} is not known. {fault}"
    if any(found.name == name for found in own):
        return ""
    return (
        f"there is no snapshot {name} of this stack's data in {compute.project} that is READY."
        f" {_known(found.name for found in own)}"
    )


def replace(compute: Compute, stack: Stack, zone: str, name: str) -> str:
    """Stop the machine, keep its data disk as a snapshot, and return the link of snapshot `name`.

    The machine keeps the disk until Pulumi gives it the new one: where it ends in between, a start
    is all that is needed to go on as before.

    Raises:
        ComputeError: if that failed. The machine then runs as before, or the message says that it
            is stopped.
    """
    link = next((found.link for found in own_snapshots(compute, stack) if found.name == name), "")
    if not link:
        raise ComputeError(refused(compute, stack, name))
    machine = compute.machine(stack.instance, zone)
    disk = _data_disk(compute, stack, zone, machine)
    try:
        if machine is not None and not machine.stopped:
            compute.stop(stack.instance, zone)
        if disk is not None:
            kept = f"{stack.instance}-before-{time.strftime('%Y%m%d-%H%M%S', time.gmtime())}"
            compute.take_snapshot(disk, kept, stack.labels)
    except ComputeError as fault:
        if machine is None or machine.stopped:
            raise
        raise _started(compute, stack, zone, fault) from fault
    return link


def _started(compute: Compute, stack: Stack, zone: str, fault: ComputeError) -> ComputeError:
    """Start the machine with the disk that it has; the error to raise."""
    try:
        now = compute.machine(stack.instance, zone)
        if now is not None and now.stopped:
            compute.start(stack.instance, zone)
    except ComputeError as second:
        return ComputeError(
            f"The data was not replaced: {fault} The machine is stopped, and could not be started"
            f" again: {second} Run make start."
        )
    return ComputeError(f"The data was not replaced: {fault} The machine works as before.")


def anothers(compute: Compute, stack: Stack) -> str:
    """Return why a state that knows nothing of the stack may not begin it; empty where it may.

    The data disk tells: it is there from the first `pulumi up` to `pulumi destroy`, which leaves a
    snapshot of it. It is listed, and not the machine, as who may see that reads its metadata too.
    """
    try:
        disk = next((found for found in compute.disks() if stack.owns(found.name)), None)
    except NotEnabledError:
        return ""
    except ComputeError as fault:
        return f"whether another state has this studio is not known. {fault}"
    if disk is None:
        return ""
    project, machine = compute.project, stack.instance
    return (
        f"another state has this studio: its data disk {disk.name} has been in {disk.zone} of"
        f" project {project} since {disk.created:%Y-%m-%d %H:%M %Z}, and this state knows nothing"
        " of it. Nothing was changed. Who made it, as Google recorded:"
        # Admin activity is kept for 400 days; gcloud reads the last day where nothing is said.
        f" gcloud logging read 'protoPayload.methodName:disks.insert AND {disk.name}'"
        f" --project {project} --freshness 400d --limit 1"
        " --format 'value(protoPayload.authenticationInfo.principalEmail)'."
        " To work on that studio, ask them where its state is, and use that."
        " For a studio of your own beside it: pulumi stack init NAME."
        f" If its state is lost, take a snapshot of the disk, delete the machine {machine} and the"
        " disk, and run this again: the new studio is made from the snapshot."
    )


def move(compute: Compute, stack: Stack, old_zone: str, new_zone: str, restore_from: Source) -> str:
    """Stop the machine, snapshot its data disk, and return the snapshot's link.

    A move that was interrupted can be repeated, and can be turned back: see `_resume`. The stack's
    own data is taken along whatever `restore_from` says, which is for stacks that have none.

    Raises:
        ComputeError: if that failed. The machine then runs in the old zone as before, or the
            message says what it needs.
    """
    machine = compute.machine(stack.instance, old_zone)
    disk = _data_disk(compute, stack, old_zone, machine)
    if disk is None:
        return _resume(compute, stack, new_zone, restore_from)
    if machine is not None and machine.protected:
        raise ComputeError(
            f"Machine {stack.instance} is protected from deletion, so it stays in {old_zone};"
            f" nothing was changed. To move it: set atelier:zone back to {old_zone} and"
            " atelier:deletionProtection to false, run pulumi up, then set the new zone."
        )
    name = f"{stack.instance}-move-{time.strftime('%Y%m%d-%H%M%S', time.gmtime())}"
    try:
        if machine is not None:
            _release(compute, stack, old_zone, machine)
        return compute.take_snapshot(disk, name, stack.labels).link
    except ComputeError as fault:
        if machine is None:
            raise
        raise _returned(compute, stack, old_zone, machine, disk, fault) from fault


def _release(compute: Compute, stack: Stack, zone: str, machine: Machine) -> None:
    if not machine.stopped:
        compute.stop(stack.instance, zone)
    if DATA_DEVICE in machine.disks:
        compute.detach(stack.instance, zone, DATA_DEVICE)


def _returned(
    compute: Compute, stack: Stack, zone: str, before: Machine, disk: Disk, fault: ComputeError
) -> ComputeError:
    """Put the machine back to work after a move that failed; the error to raise."""
    try:
        _restore(
            compute, stack, zone, disk, run=not before.stopped or DATA_DEVICE not in before.disks
        )
    except ComputeError as second:
        return ComputeError(
            f"The data could not be moved out of {zone}: {fault} The machine is stopped and its"
            f" disk {disk.name} is whole, but it could not be started again: {second}"
            f" Run the same command again, or set atelier:zone back to {zone}."
        )
    return ComputeError(
        f"The data could not be moved out of {zone}: {fault} The machine works there as before."
        f" Run the same command again, or set atelier:zone back to {zone}."
    )


def _resume(compute: Compute, stack: Stack, zone: str, restore_from: Source) -> str:
    """Undo what a move left behind that is turned back before its new disk was made.

    The machine is still in the zone that is gone back to, stopped and without its disk. The answer
    is what that disk was made from: any other would have Pulumi make a new disk in its place.
    """
    machine = compute.machine(stack.instance, zone)
    disk = _data_disk(compute, stack, zone, machine)
    if disk is None:
        return source(compute, stack, restore_from)
    if machine is not None and DATA_DEVICE not in machine.disks:
        _restore(compute, stack, zone, disk, run=True)
    return disk.source


def _restore(compute: Compute, stack: Stack, zone: str, disk: Disk, *, run: bool) -> None:
    now = compute.machine(stack.instance, zone)
    if now is None:
        raise ComputeError(f"Machine {stack.instance} is no longer in {zone}.")
    if DATA_DEVICE not in now.disks:
        compute.attach(stack.instance, zone, DATA_DEVICE, disk)
    if run and now.stopped:
        compute.start(stack.instance, zone)


def _data_disk(compute: Compute, stack: Stack, zone: str, machine: Machine | None) -> Disk | None:
    """Return the disk that the machine writes to; without one, the stack's newest in the zone."""
    attached = machine.disks.get(DATA_DEVICE) if machine is not None else None
    for disk in compute.disks():
        wanted = disk.name == attached if attached else stack.owns(disk.name)
        if wanted and disk.zone == zone:
            return disk
    return None


def _patiently(compute: Compute) -> list[Snapshot]:
    deadline = time.monotonic() + ENABLED_SECONDS
    while True:
        try:
            return compute.snapshots()
        except NotEnabledError:
            if time.monotonic() > deadline:
                raise
            time.sleep(ENABLED_POLL_SECONDS)


def _known(names: Iterable[str]) -> str:
    listed = ", ".join(names)
    return f"This stack has: {listed}." if listed else "This stack has none; write none or newest."
