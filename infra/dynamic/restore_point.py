"""The restore point: which snapshot the data disk of this zone is made from.

A dynamic resource, because only the engine knows the order: in a zone change the machine has to
stop and the snapshot has to be there after the old machine's zone is known and before the new disk
is made. The steps themselves are `infra.dynamic.restore`'s.

`make restore` names a snapshot in the environment, for one update: in the config it would be
restored again whenever the disk comes from another one, as after a change of the zone.

It is also where a stack begins: a state that has no restore point yet has nothing of the stack. So
where the stack's data disk is there all the same, another state has the studio, and the preview
fails. Everything else waits for it.
"""

import os
from typing import Any

import pulumi
from pulumi.dynamic import (
    CheckFailure,
    CheckResult,
    CreateResult,
    DiffResult,
    Resource,
    UpdateResult,
)

from infra.dynamic import restore
from infra.dynamic.calls import short
from infra.dynamic.compute import Compute
from infra.dynamic.compute_errors import ComputeError
from infra.dynamic.credentials import GoogleProvider

State = dict[str, Any]
# The name of the snapshot that this update goes back to.
ASKED = "ATELIER_RESTORE"


class RestorePointProvider(GoogleProvider):
    """Finds the snapshot at first, and makes it in a zone change. Deletes nothing, ever."""

    def check(self, _olds: State, news: State) -> CheckResult:
        """Refuse another state's studio and a smaller disk, in a preview already.

        The smaller disk would be a new one, made from the snapshot that the present one was made
        from: all that was written since would be gone from it.
        """
        if not _olds:
            compute = Compute(news["project"], access=self.access)
            told = restore.anothers(compute, _stack(news))
            return CheckResult(news, [CheckFailure("instance", told)] if told else [])
        if asked := _asked(_olds, _olds.get("zone") == news.get("zone")):
            compute = Compute(news["project"], access=self.access)
            if told := restore.refused(compute, _stack(news), asked):
                return CheckResult(news, [CheckFailure("restore_from", told)])
        has, wanted = _olds.get("disk_gb", 0), news["disk_gb"]
        if wanted >= has:
            return CheckResult(news, [])
        reason = (
            f"dataDiskGb is {wanted:g}, but the data disk has {has:g} GB and cannot shrink."
            f" Set atelier:dataDiskGb back to {has:g}."
        )
        return CheckResult(news, [CheckFailure("disk_gb", reason)])

    def create(self, props: State) -> CreateResult:
        """Look up the snapshot; the engine calls this in an update only, never in a preview."""
        compute = Compute(props["project"], access=self.access)
        with short(ComputeError):
            link = restore.source(compute, _stack(props), props["restore_from"])
        return CreateResult(props["instance"], {**props, "snapshot": link})

    def diff(self, _id: str, _olds: State, _news: State) -> DiffResult:
        """Only the zone matters: `restore_from` is for a new disk, and labels for new snapshots.

        And the snapshot that is asked for, unless the disk is made from it.
        """
        stays = _olds["zone"] == _news["zone"]
        return DiffResult(changes=not stays or bool(_asked(_olds, stays)))

    def update(self, _id: str, _olds: State, _news: State) -> UpdateResult:
        """Take the data along into another zone, or go back to a snapshot."""
        compute = Compute(_news["project"], access=self.access)
        stack, zone = _stack(_news), _news["zone"]
        with short(ComputeError):
            if asked := _asked(_olds, _olds["zone"] == zone):
                link = restore.replace(compute, stack, zone, asked)
            else:
                link = restore.move(compute, stack, _olds["zone"], zone, _news["restore_from"])
        return UpdateResult({**_news, "snapshot": link})


def _asked(olds: State, stays: bool) -> str:
    """Return the snapshot to go back to; empty without one, where it is there, and in a move."""
    asked = os.environ.get(ASKED, "")
    made_from = (olds.get("snapshot") or "").rpartition("/")[2]
    return asked if stays and asked != made_from else ""


def _stack(props: State) -> restore.Stack:
    return restore.Stack(props["instance"], props["disk_prefix"], props["labels"])


class RestorePoint(Resource, module="atelier", name="RestorePoint"):
    """The snapshot that the zone's data disk is made from.

    Attributes:
        snapshot: The snapshot's link; empty where the disk begins empty.
    """

    snapshot: pulumi.Output[str]

    def __init__(
        self,
        name: str,
        *,
        project: str,
        zone: str,
        stack: restore.Stack,
        disk_gb: int,
        restore_from: restore.Source,
        opts: pulumi.ResourceOptions,
    ) -> None:
        props = {
            "project": project,
            "zone": zone,
            "instance": stack.instance,
            "disk_prefix": stack.disk_prefix,
            "labels": dict(stack.labels),
            "disk_gb": disk_gb,
            "restore_from": restore_from,
            "snapshot": None,
        }
        super().__init__(RestorePointProvider(), name, props, opts)
