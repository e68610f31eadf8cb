"""The annotations in the target bucket: those that it lacks are saved again.

Label Studio saves when a labeler submits. When that fails, the annotation stays in its database and
nothing else tries again.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from studio.buckets.address import StorageAddress
from studio.buckets.cloud_storage import CloudStorage
from studio.errors import StorageAccessError
from studio.label_studio.records import Task
from studio.label_studio.saved import name_of
from studio.output import counted
from studio.part import Context, Step
from studio.project.project_file import ProjectFile

OF_DATA = True
# Label Studio notes a task's change just after it has written the object, on another clock.
TOLERANCE = timedelta(seconds=30)


@dataclass(frozen=True)
class Seen:
    """What is there.

    Attributes:
        saved: when each object of the target was written, by its name below the prefix.
        changing: ids of tasks whose data is about to be changed.
    """

    tasks: Sequence[Task] = ()
    saved: Mapping[str, datetime] = field(default_factory=dict)
    changing: frozenset[int] = frozenset()


@dataclass(frozen=True)
class SaveAnnotations(Step):
    """Have Label Studio write the target's tasks, and look whether it did."""

    address: StorageAddress
    tasks: tuple[Task, ...]
    changing: frozenset[int]

    def describe(self) -> str:
        return f"save the annotations of {counted(len(self.tasks), 'task')} to the target"

    def carry_out(self, context: Context) -> None:
        """Raises StorageAccessError if some are still not there."""
        # A target that was opened by this run has been filled already.
        if late := unsaved(self.tasks, _read_saved(context.cloud, self.address), self.changing):
            for storage in context.studio.storages.targets(context.project_id):
                if storage.address == self.address:
                    context.studio.storages.save(storage, [task.id for task in late])
        saved = _read_saved(context.cloud, self.address)
        lost = [task for task in self.tasks if name_of(task.id) not in saved]
        if lost:
            raise StorageAccessError(
                f"Label Studio could not save the annotations of {counted(len(lost), 'task')} to "
                f"{self.address}. They are safe in its database, and the next run tries again. "
                "Its account needs the role Storage Object User on the bucket"
            )


def look(context: Context) -> Seen:
    address = _address(context.project)
    if address is None or not context.project_id:
        return Seen()
    return Seen(
        context.present.tasks,
        _read_saved(context.cloud, address),
        frozenset().union(*(step.changed_tasks for step in context.planned)),
    )


def compare(project: ProjectFile, seen: Seen) -> list[Step]:
    address = _address(project)
    if address is None:
        return []
    tasks = unsaved(seen.tasks, seen.saved, seen.changing)
    return [SaveAnnotations(address, tasks, seen.changing)] if tasks else []


def unsaved(
    tasks: Sequence[Task], saved: Mapping[str, datetime], changing: Collection[int]
) -> tuple[Task, ...]:
    """Return the annotated or skipped tasks that the target lacks, or has in an earlier state."""
    return tuple(
        task
        for task in tasks
        if (task.annotations or task.skipped)
        and (task.id in changing or _is_late(task, saved.get(name_of(task.id))))
    )


def _address(project: ProjectFile) -> StorageAddress | None:
    return project.target.address if project.target else None


def _is_late(task: Task, saved: datetime | None) -> bool:
    if saved is None:
        return True
    return task.updated is not None and task.updated - saved > TOLERANCE


def _read_saved(cloud: CloudStorage, address: StorageAddress) -> dict[str, datetime]:
    return {
        found.name.removeprefix(address.prefix): found.updated for found in cloud.objects(address)
    }
