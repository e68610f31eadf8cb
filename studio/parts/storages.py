"""Label Studio's storages: what a project file asks of them, compared with what is there. Pure.

A project has one source storage for each bucket that its tasks' images are in. Label Studio finds
it by the bucket's name, to sign an image's address or to pass its bytes on; it never imports from
it, since its own import knows nothing of the catalogue, nor of tasks that were imported before. The
target storage is where Label Studio writes a task's JSON whenever an annotation is saved.

None of them holds a key: Label Studio uses the credentials of its own process, so that no key lies
in its database and a new one takes a restart alone.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from studio.buckets.address import StorageAddress
from studio.label_studio.records import Task
from studio.project.project_file import ProjectFile, Source, Target

# How long a signed address is valid; an image that is opened later gets a new one.
PRESIGN_MINUTES = 15
# The target storage is ours by this title; others of the project are left alone.
TARGET_TITLE = "target"
# Label Studio notes a task's change just after it has written the object, on another clock.
TOLERANCE = timedelta(seconds=30)


@dataclass(frozen=True)
class SourceStorage:
    """A source storage. `id` is 0 until Label Studio has it."""

    bucket: str
    presign: bool
    id: int = 0
    presign_minutes: int = PRESIGN_MINUTES
    synchronizable: bool = False
    """Whether people may start Label Studio's own import, which would double the tasks."""

    @property
    def title(self) -> str:
        return f"source {self.bucket}"

    @property
    def media(self) -> str:
        """How its images reach the browser, in the project file's words."""
        return "presigned" if self.presign else "proxy"


@dataclass(frozen=True)
class TargetStorage:
    """A target storage. `id` is 0 until Label Studio has it."""

    address: StorageAddress
    id: int = 0
    title: str = TARGET_TITLE


@dataclass(frozen=True)
class StorageChanges:
    """What has to change.

    Attributes:
        source: to make (`id` is 0) or to change.
        target: to make.
        remove_targets: ours that the project file does not name any more.
        unsaved: tasks whose annotations are not in the target bucket as they are now.
    """

    source: SourceStorage | None = None
    target: TargetStorage | None = None
    remove_targets: tuple[TargetStorage, ...] = ()
    unsaved: tuple[int, ...] = ()

    def lines(self) -> list[str]:
        """Describe each change in a line."""
        lines = []
        if self.source:
            verb = "change how images are opened" if self.source.id else "open images"
            lines.append(f"{verb} from gs://{self.source.bucket} ({self.source.media})")
        if self.target:
            lines.append(f"save annotations to {self.target.address}")
        lines += [f"stop saving annotations to {old.address}" for old in self.remove_targets]
        if self.unsaved:
            lines.append(f"save the annotations of {len(self.unsaved)} tasks to the target")
        return lines


def compare_storages(
    project: ProjectFile,
    sources: Sequence[SourceStorage],
    targets: Sequence[TargetStorage],
    unsaved: Sequence[int],
) -> StorageChanges:
    """Compare the project file with the storages that Label Studio has, oldest first."""
    return StorageChanges(
        source=_source(project.source, sources),
        target=_target(project.target, targets),
        remove_targets=tuple(
            old
            for old in targets
            if old.title == TARGET_TITLE and old.address != target_address(project.target)
        ),
        unsaved=tuple(unsaved),
    )


def target_address(target: Target | None) -> StorageAddress | None:
    """Return where annotations go, in the form in which Label Studio keeps it."""
    if target is None:
        return None
    return StorageAddress(target.bucket.bucket, target.bucket.name.strip("/"))


def unsaved_tasks(
    tasks: Sequence[Task], saved: Mapping[str, datetime], changing: Mapping[int, object]
) -> list[int]:
    """Return the tasks with annotations that the target bucket lacks, or has of an earlier state.

    Label Studio saves while a labeler submits. When that fails the annotation is kept and nothing
    tries again.

    Args:
        saved: when each object of the target was written, by its name below the prefix.
        changing: tasks whose data is about to be changed.
    """
    return [
        task.id
        for task in tasks
        if (task.annotations or task.skipped)
        and (task.id in changing or _is_late(task, saved.get(object_name(task.id))))
    ]


def object_name(task: int) -> str:
    """Return the name that Label Studio gives a task's object, below the target's prefix."""
    return f"{task}.json"


def _is_late(task: Task, saved: datetime | None) -> bool:
    if saved is None:
        return True
    return task.updated is not None and task.updated - saved > TOLERANCE


def _source(wanted: Source, actual: Sequence[SourceStorage]) -> SourceStorage | None:
    if wanted.bucket is None:
        return None
    presign = wanted.media == "presigned"
    # Label Studio takes the first one of a bucket.
    found = next((one for one in actual if one.bucket == wanted.bucket.bucket), None)
    changed = SourceStorage(wanted.bucket.bucket, presign, found.id if found else 0)
    return None if changed == found else changed


def _target(wanted: Target | None, actual: Sequence[TargetStorage]) -> TargetStorage | None:
    address = target_address(wanted)
    if address is None or any(one.address == address for one in actual):
        return None
    return TargetStorage(address)
