"""The target storage, by which Label Studio writes each saved annotation to the target bucket."""

from collections.abc import Sequence
from dataclasses import dataclass

from studio.buckets.cloud_storage import WRITE
from studio.label_studio.storages import TargetStorage
from studio.part import Context, Step
from studio.project.project_file import ProjectFile

OF_DATA = False
# The target storage is ours by this title; others of the project are left alone.
TITLE = "target"


@dataclass(frozen=True)
class OpenTarget(Step):
    """Create a target storage; Label Studio fills it with the annotations that are there."""

    storage: TargetStorage

    def describe(self) -> str:
        return f"save annotations to {self.storage.address}"

    def carry_out(self, context: Context) -> None:
        context.studio.storages.make_target(context.project_id, self.storage)


@dataclass(frozen=True)
class CloseTarget(Step):
    """Remove a target storage; what was saved there stays."""

    storage: TargetStorage

    def describe(self) -> str:
        return f"stop saving annotations to {self.storage.address}"

    def carry_out(self, context: Context) -> None:
        context.studio.storages.remove_target(self.storage)


def look(context: Context) -> Sequence[TargetStorage]:
    """Return the target storages, oldest first.

    Label Studio checks no more than that a target bucket is there. Without the right to write,
    annotations would stay in its database alone.

    Raises:
        StorageError: this account cannot write to the bucket; the message names what is missing.
    """
    if context.project.target and context.project.target.bucket:
        context.cloud.demand(context.project.target.bucket, WRITE)
    return context.studio.storages.targets(context.project_id) if context.project_id else ()


def compare(project: ProjectFile, seen: Sequence[TargetStorage]) -> list[Step]:
    address = project.target.address if project.target else None
    steps: list[Step] = []
    # The new one is there before the old one goes: no annotation falls between them.
    if address and all(storage.address != address for storage in seen):
        steps.append(OpenTarget(TargetStorage(address, TITLE)))
    return steps + [
        CloseTarget(storage)
        for storage in seen
        if storage.title == TITLE and storage.address != address
    ]
