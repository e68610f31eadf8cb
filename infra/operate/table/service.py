"""What labelers notice of an update, and what becomes of their work.

One remark for each thing that matters to them: the machine, the data disk, the address, the
buckets, the key. What is told of the machine follows from the rules of Google Compute Engine, as
docs/deploying.md lists them.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from infra.operate.table import kinds
from infra.operate.table.changes import Action, Change
from infra.operate.table.events import OpType, Step
from infra.operate.table.preview import inputs
from infra.render.metadata import SCRIPTS
from infra.settings.facts import KEY_ATTRIBUTE

Severity = Literal["good", "note", "warning"]

# Attributes of the machine's metadata, and what an update of one does while the machine runs on.
IN_PLACE = {
    "atelier-images": "containers whose image changed are replaced one after the other",
    "atelier-compose": "containers whose definition changed are replaced",
    "atelier-compose-gpu": "containers whose definition changed are replaced",
    "atelier-compose-tls": "containers whose definition changed are replaced",
    "atelier-env": "containers that read the changed values are restarted",
    # Up to version 0.1; from then on the password is in Secret Manager.
    "atelier-secrets": "containers that use the changed secret are restarted",
    "atelier-caddyfile": "the web server reads its configuration again",
    "atelier-project": "the project in Label Studio is brought up to date",
    "atelier-labeling-config": "the labeling config in Label Studio is brought up to date",
    KEY_ATTRIBUTE: "containers that use the key are restarted",
    **dict.fromkeys(SCRIPTS, "the machine's own scripts are replaced"),
    "startup-script": "the startup script is stored and runs at the next boot",
}
# Google changes these on a stopped machine only, so the provider stops it and starts it again.
# https://registry.terraform.io/providers/hashicorp/google/latest/docs/resources/compute_instance
NEED_A_STOP = frozenset(
    {"machineType", "minCpuPlatform", "serviceAccount", "shieldedInstanceConfig"}
)
JOBS = "atelier:gcp:Batch"
STAGING = "staging"
RUNNERS = {"cloudrun": "Cloud Run", "dataflow": "Dataflow"}
STAYING = (kinds.DISK, kinds.ADDRESS, kinds.KEY, kinds.BUCKET)


@dataclass(frozen=True)
class Remark:
    """One sentence or two, and how grave it is."""

    severity: Severity
    text: str


def remarks(changes: Iterable[Change], steps: Iterable[Step]) -> tuple[Remark, ...]:
    """Return what an update means for those who work on the machine, the gravest first."""
    everything, steps = tuple(changes), tuple(steps)
    changed = tuple(change for change in everything if not change.is_left_over)
    if not everything:
        return (Remark("good", "Nothing changes: labelers notice nothing."),)
    found = [
        *_machine(changed, steps),
        *_disk(changed),
        *_address(changed),
        *_buckets(changed),
        *_key(changed),
        *_jobs(steps),
    ]
    order: tuple[Severity, ...] = ("warning", "note", "good")
    return tuple(sorted(found, key=lambda remark: order.index(remark.severity)))


def _machine(changed: tuple[Change, ...], steps: tuple[Step, ...]) -> list[Remark]:
    machine = _first(changed, kinds.MACHINE)
    if machine is None:
        if any(step.type == kinds.MACHINE for step in steps):
            return [Remark("good", "The machine is not touched: labelers keep working.")]
        return []
    if machine.action in (Action.ADD, Action.ADOPT):
        return [Remark("note", "A new machine: labelers can log in when its first boot is done.")]
    if machine.action is Action.REPLACE:
        return [_replacement(machine), *_staying(changed, steps)]
    if machine.action is Action.CHANGE:
        return _update(machine)
    return [Remark("warning", "The machine is deleted: no one can log in.")]


def _replacement(machine: Change) -> Remark:
    if machine.is_deleted_already:
        return Remark(
            "warning",
            "There is no machine: an update that failed has deleted it, and its replacement is"
            " made now. Labelers can log in when that has booted.",
        )
    because = ", ".join(sorted(name.split(":")[0] for name in machine.forced))
    return Remark(
        "warning",
        f"The machine is replaced ({because or 'asked for'}): labelers are logged out for some"
        " minutes. The old one is deleted first; if the zone has no machine free, there is none"
        " until an update succeeds.",
    )


def _staying(changed: tuple[Change, ...], steps: tuple[Step, ...]) -> list[Remark]:
    """What a replacement of the machine leaves alone, as far as the preview tells."""
    leaving = {c.type for c in changed if c.action in (Action.REPLACE, Action.DELETE)}
    there = {step.type for step in steps}
    names = [kinds.plural(kind) for kind in STAYING if kind in there - leaving]
    return [Remark("good", f"What stays: {', '.join(names)}.")] if names else []


def _update(machine: Change) -> list[Remark]:
    stopping = sorted(machine.properties & NEED_A_STOP)
    if stopping:
        return [
            Remark(
                "warning",
                f"The machine is stopped and started again ({', '.join(stopping)}): labelers are"
                " logged out for some minutes. Disks and address stay.",
            )
        ]
    names = [clause.removeprefix("metadata: ") for clause in machine.others]
    effects = list(dict.fromkeys(IN_PLACE[name] for name in names if name in IN_PLACE))
    text = "The machine is changed in place and runs on"
    return [Remark("good", f"{text}: {'; '.join(effects)}." if effects else f"{text}.")]


def _disk(changed: tuple[Change, ...]) -> list[Remark]:
    disk = _first(changed, kinds.DISK)
    if disk is None or disk.action in (Action.ADD, Action.ADOPT, Action.CHANGE):
        return []
    if disk.action is Action.REPLACE:
        moves = "zone" in disk.properties
        return [
            Remark(
                "note",
                "The data disk moves: the machine is stopped and its disk snapshotted, the new"
                " disk is made from that, and the old one is deleted last."
                if moves
                else f"The data disk is created again ({', '.join(disk.forced)}).",
            )
        ]
    if inputs(disk.step.old).get("createSnapshotBeforeDestroy") is True:
        return [
            Remark("note", "The data disk is snapshotted and deleted; the next up restores it.")
        ]
    return [Remark("warning", "The data disk is deleted WITHOUT a snapshot: its data is lost.")]


def _address(changed: tuple[Change, ...]) -> list[Remark]:
    address = _first(changed, kinds.ADDRESS)
    if address is None or address.action not in (Action.REPLACE, Action.DELETE):
        return []
    return [Remark("warning", "The address is released: the labelers' link stops working.")]


def _buckets(changed: tuple[Change, ...]) -> list[Remark]:
    found: list[Remark] = []
    for bucket in (change for change in changed if change.type == kinds.BUCKET):
        name = inputs(bucket.step.old or bucket.step.new).get("name") or bucket.name
        if bucket.action is Action.LET_GO:
            text = f"Bucket {name} stays with all it holds; the next up takes it up again."
            found.append(Remark("good", text))
        elif bucket.action is Action.ADOPT:
            found.append(Remark("good", f"Bucket {name} is there and is taken up as it is."))
        elif bucket.action is Action.DELETE and bucket.name == STAGING:
            text = f"Bucket {name} goes with what jobs over the archive left in it."
            found.append(Remark("good", text))
        elif bucket.action in (Action.DELETE, Action.REPLACE):
            text = f"Bucket {name} is deleted WITH the images and annotations that it holds."
            found.append(Remark("warning", text))
    return found


def _key(changed: tuple[Change, ...]) -> list[Remark]:
    key = _first(changed, kinds.KEY)
    if key is None or key.action is not Action.REPLACE:
        return []
    return [
        Remark("good", "A new key is made and handed to the machine before the old one is deleted.")
    ]


def _jobs(steps: tuple[Step, ...]) -> list[Remark]:
    """What of jobs over an archive is possible from now on; no preview starts one."""
    step = next((step for step in steps if step.type == JOBS and step.op is not OpType.SAME), None)
    if step is None:
        return []
    if step.op is OpType.DELETE:
        text = "Jobs over the archive can no longer be started; what they wrote stays."
        return [Remark("note", text)]
    place = inputs(step.new)
    runner = RUNNERS.get(str(place.get("runner")), "Google Cloud")
    text = f"Jobs over the archive can be started on {runner} in {place.get('region')}."
    return [Remark("good", f"{text} None is, and nothing of it is billed while none runs.")]


def _first(changed: tuple[Change, ...], kind: str) -> Change | None:
    return next((change for change in changed if change.type == kind), None)
