"""One image of the source bucket, opened as a browser does: if it does not come, no other would."""

from collections.abc import Iterable
from dataclasses import dataclass

from studio.buckets.address import StorageAddress
from studio.label_studio.records import Task
from studio.part import Context, Step
from studio.project.project_file import ProjectFile

OF_DATA = True


@dataclass(frozen=True)
class OpenImage(Step):
    """Check that an image of the bucket can be seen, on every run: keys get revoked."""

    bucket: StorageAddress

    def describe(self) -> str:
        return ""

    def carry_out(self, context: Context) -> None:
        """Raises MediaError if the image does not come."""
        task = self.task_of(context.present.tasks)
        if task is None:
            task = self.task_of(context.studio.tasks(context.project_id))
        if task is not None and task.source is not None:
            context.studio.storages.check_image(task.id, task.source)

    def task_of(self, tasks: Iterable[Task]) -> Task | None:
        """Return the first task whose image is in the bucket."""
        start = str(StorageAddress(self.bucket.bucket)) + "/"
        return next((task for task in tasks if (task.source or "").startswith(start)), None)


def look(context: Context) -> None:
    """There is nothing to look at before the tasks are imported."""


def compare(project: ProjectFile, seen: None) -> list[Step]:
    return [OpenImage(project.source.bucket)] if project.source.bucket else []
