"""The annotations in a target folder: those that it lacks are written, and each state is kept.

Label Studio's own target for local files is not used. It keeps one state alone, takes only folders
below one that its whole server is given (LOCAL_FILES_DOCUMENT_ROOT), and with it any user can have
that read (io_storages/localfiles/models.py). So a folder has what was there at the last `apply`.
"""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from studio.buckets.place import FolderPlace
from studio.label_studio.records import Task
from studio.label_studio.saved import name_of, to_saved
from studio.output import counted
from studio.part import Context, Step
from studio.project.project_file import ProjectFile

OF_DATA = True


@dataclass(frozen=True)
class Seen:
    """What is there.

    Attributes:
        saved: the time of each task's file, by its name: that of the task's last change.
        changing: ids of tasks whose data is about to be changed.
    """

    tasks: Sequence[Task] = ()
    saved: Mapping[str, float] = field(default_factory=dict)
    changing: frozenset[int] = frozenset()


@dataclass(frozen=True)
class WriteAnnotations(Step):
    """Write the files of some tasks."""

    folder: Path
    tasks: frozenset[int]

    def describe(self) -> str:
        return f"write the annotations of {counted(len(self.tasks), 'task')} to {self.folder}"

    def carry_out(self, context: Context) -> None:
        place = FolderPlace(self.folder)
        users = context.studio.users()
        # As they are after the steps before this one.
        tasks = [one for one in context.studio.tasks(context.project_id) if one.id in self.tasks]
        with context.output.progress("writing annotations") as tell:
            for done, task in enumerate(tasks, start=1):
                content = to_saved(task, context.studio.annotations(task.id), users)
                place.keep(name_of(task.id), content, datetime.now(UTC))
                # Last: cut off before, the next run writes it again.
                if task.updated is not None:
                    seconds = task.updated.timestamp()
                    os.utime(place.path(name_of(task.id)), (seconds, seconds))
                tell(done, len(tasks))


def look(context: Context) -> Seen:
    folder = _folder(context.project)
    if folder is None or not context.project_id:
        return Seen()
    files = folder.iterdir() if folder.is_dir() else ()
    return Seen(
        context.present.tasks,
        {path.name: path.stat().st_mtime for path in files if path.suffix == ".json"},
        frozenset().union(*(step.changed_tasks for step in context.planned)),
    )


def compare(project: ProjectFile, seen: Seen) -> list[Step]:
    folder = _folder(project)
    late = frozenset(one.id for one in seen.tasks if _is_late(one, seen))
    return [WriteAnnotations(folder, late)] if folder and late else []


def _is_late(task: Task, seen: Seen) -> bool:
    saved = seen.saved.get(name_of(task.id))
    if saved is None:
        return bool(task.annotations or task.skipped)
    # A copy of a folder has times of its own: it is written again, and has no state twice.
    is_other = task.updated is None or abs(task.updated.timestamp() - saved) > 1e-3
    return is_other or task.id in seen.changing


def _folder(project: ProjectFile) -> Path | None:
    return project.target.folder if project.target else None
