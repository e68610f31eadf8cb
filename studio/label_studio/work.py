"""What people did in a project: who annotated or skipped which task, and when."""

import json
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from label_studio_sdk import LabelStudio

from studio.label_studio.answers import explained
from studio.label_studio.connection import Connection
from studio.label_studio.records import instant, number_of
from studio.project.project_file import SOURCE_KEY

# Their ids travel in the address, and the database reads all their masks to answer.
PAGE_SIZE = 50
# Where the masks themselves are sent: a task may have megabytes of them.
WITH_MASKS_SIZE = 10


@dataclass(frozen=True)
class Act:
    """One annotation, or one skip.

    Attributes:
        user: id of whoever made it; 0 when the account is gone.
        at: when it was first submitted.
        seconds: how long the task was open until then, None when nobody counted.
    """

    task: int
    user: int
    at: datetime
    is_skip: bool
    seconds: float | None = None


@dataclass(frozen=True)
class Judged:
    """A task with its annotations and predictions, as Label Studio writes them."""

    id: int
    data: dict[str, Any]
    annotations: tuple[dict[str, Any], ...]
    predictions: tuple[dict[str, Any], ...]

    @property
    def name(self) -> str:
        """What people know its image by."""
        return str(self.data.get(SOURCE_KEY) or f"task {self.id}")


@dataclass(frozen=True)
class Work:
    """The annotations of projects, without their masks.

    Every method raises NotReachableError, WrongTokenError or RefusedError.
    """

    connection: Connection
    sdk: LabelStudio

    def acts(self, project: int, tasks: Sequence[int]) -> Iterator[Act]:
        """Yield what was done on some tasks."""
        wanted = ("completed_by", "created_at", "was_cancelled", "lead_time")
        for task, annotations in self._annotations(project, tasks, wanted):
            yield from (to_act(task, annotation) for annotation in annotations)

    def holding(
        self, project: int, controls: Collection[str], tasks: Sequence[int], count: int
    ) -> list[int]:
        """Return which of some tasks have an annotation with a result of one of ``controls``.

        Label Studio's own filter for that joins the masks of the whole project, several times over:
        it took ten times as long as reading them (1,500 annotated tasks of 15 kB a mask).

        Args:
            tasks: in the order in which to look.
            count: how many such results the project has; once they are found, no more are read.
        """
        found: list[int] = []
        for task, annotations in self._annotations(project, tasks, ("result",)) if count else ():
            results = [result for item in annotations for result in item.get("result") or ()]
            held = sum(result.get("from_name") in controls for result in results)
            if held:
                found.append(task)
                count -= held
            if count <= 0:
                break
        return found

    def judged(self, project: int, tasks: Sequence[int]) -> Iterator[Judged]:
        """Yield tasks with all their annotations and predictions, masks included."""
        wanted = (
            *("data", "predictions", "completed_by", "created_at", "was_cancelled", "lead_time"),
            *("parent_prediction", "result"),
        )
        for task in self._tasks(project, tasks, wanted, WITH_MASKS_SIZE):
            yield Judged(
                number_of(task),
                dict(task.data or {}),
                tuple(task.annotations or ()),
                tuple(dict(item) for item in task.predictions or ()),
            )

    def _annotations(
        self, project: int, tasks: Sequence[int], wanted: Sequence[str]
    ) -> Iterator[tuple[int, Sequence[dict[str, Any]]]]:
        """Each task with its annotations."""
        for task in self._tasks(project, tasks, wanted, PAGE_SIZE):
            yield number_of(task), task.annotations or ()

    def _tasks(
        self, project: int, tasks: Sequence[int], wanted: Sequence[str], size: int
    ) -> Iterator[Any]:
        """Each task in the given order, one call for every ``size`` of them."""
        for start in range(0, len(tasks), size):
            chosen = list(tasks[start : start + size])
            query = json.dumps({"selectedItems": {"all": False, "included": chosen}})
            with explained(self.connection, "reading who annotated what"):
                found = self.sdk.tasks.list(
                    project=project,
                    query=query,
                    # It chooses the fields of the tasks and of their annotations alike.
                    include=",".join(("id", "annotations", *wanted)),
                    resolve_uri=False,
                    page_size=size,
                )
                read = {number_of(task): task for task in found}
            yield from (read[task] for task in chosen if task in read)


def to_act(task: int, item: Any) -> Act:
    """Take from the SDK's annotation, which a task list leaves as a mapping, what was done."""
    at = instant(item["created_at"])
    assert at is not None
    user = item.get("completed_by")
    return Act(
        task=task,
        user=int((user.get("id") if isinstance(user, dict) else user) or 0),
        at=at,
        is_skip=bool(item.get("was_cancelled")),
        seconds=item.get("lead_time"),
    )
