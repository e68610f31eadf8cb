"""The predictions: every task has one of the first backend's current model, or a reason why not.

Label Studio sends all tasks of a request to the backend at once, waits 100 s, and says "Retrieved N
predictions" even when it got none. So the requests are small, sized by how long the earlier ones
took, and what arrived is counted afterwards. A task whose image the model cannot use has a
prediction that says so, and is not asked for again; one that could not be answered now has none.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from studio.label_studio.client import Studio
from studio.label_studio.records import RegisteredBackend, Task
from studio.left import Left, left_of
from studio.output import counted
from studio.part import Context, Remark, Step
from studio.project.project_file import ProjectFile
from studio.readiness import reasons_of

OF_DATA = True
# Label Studio gives up after 100 s (ML_TIMEOUT_PREDICT); a request aims at a quarter of that.
AIM_SECONDS = 25.0
MAX_TASKS = 50
# A single task that takes longer than this would only be waited for once more.
HOPELESS_SECONDS = 60.0


@dataclass(frozen=True)
class Seen:
    """What is there.

    Attributes:
        new_tasks: how many more tasks are about to be imported.
        may_change_model: whether the model may be another one by then.
        again: whether tasks are asked for again whose images the model could not use.
    """

    tasks: Sequence[Task] = ()
    backends: Sequence[RegisteredBackend] = ()
    new_tasks: int = 0
    may_change_model: bool = False
    again: bool = False


@dataclass(frozen=True)
class RetrievePredictions(Step):
    """Retrieve the predictions that are missing by then, and name the tasks that stay without.

    Attributes:
        count: how many are missing as far as is known; 0 where that depends on the model.
    """

    backend: str
    count: int
    again: bool = False

    def describe(self) -> str:
        if self.count:
            return f"retrieve predictions of {counted(self.count, 'task')}"
        return f"retrieve predictions from {self.backend!r} where they are missing"

    def carry_out(self, context: Context) -> None:
        with context.output.progress("retrieving predictions") as tell:
            tasks, version = retrieve_missing(
                context.studio, context.project_id, self.backend, tell, self.again
            )
        waiting = lacking(tasks, version)
        first = next(item for item in context.project.backends if item.title == self.backend)
        context.left = left_of(tasks, version, waiting, reasons_of(first) if waiting else {})
        for line in context.left.lines():
            context.output.say(line)


def look(context: Context) -> Seen:
    present, planned = context.present, context.planned
    return Seen(
        present.tasks,
        present.backends,
        sum(step.new_tasks for step in planned),
        any(step.may_change_model for step in planned),
        context.again,
    )


def compare(project: ProjectFile, seen: Seen) -> list[Step | Remark]:
    if not project.backends:
        return []
    first = project.backends[0].title
    version = current_version(seen.backends, first)
    count = seen.new_tasks + len(lacking(seen.tasks, version, seen.again))
    if count or (seen.tasks and seen.may_change_model):
        return [RetrievePredictions(first, count, seen.again)]
    return [Remark(line) for line in left_of(seen.tasks, version).lines()]


def left_unasked(project: ProjectFile, seen: Seen) -> Left:
    """Return what stays open when nothing is retrieved."""
    if not project.backends:
        return Left()
    return left_of(seen.tasks, current_version(seen.backends, project.backends[0].title))


def current_version(backends: Sequence[RegisteredBackend], title: str) -> str:
    """Return the model version that the backend called ``title`` told last; "" when unknown."""
    return next((item.model_version for item in backends if item.title == title), "")


def lacking(tasks: Sequence[Task], version: str, again: bool = False) -> list[Task]:
    """Return the tasks without a prediction of ``version`` (of any, when it is unknown).

    Args:
        again: also those whose images the model could not use.
    """
    if not version:
        return [task for task in tasks if not task.model_versions]
    return [
        task
        for task in tasks
        if not task.has_prediction_of(version) and (again or task.refusal_of(version) is None)
    ]


def retrieve_missing(
    studio: Studio,
    project: int,
    first_backend: str,
    tell: Callable[[int, int], None],
    again: bool = False,
) -> tuple[list[Task], str]:
    """Retrieve predictions of the current model for all tasks without one.

    Args:
        first_backend: title of the backend that makes them.
        tell: called with the number of tasks asked for so far, and of all.
        again: ask also for tasks whose images the model could not use.

    Returns:
        All tasks as they are then, and the model's version.
    """
    tasks, version = _read(studio, project, first_backend)
    missing = lacking(tasks, version, again)
    if not missing:
        return tasks, version
    done, size = 0, 1
    tell(0, len(missing))
    while done < len(missing):
        chunk = missing[done : done + size]
        started = time.monotonic()
        studio.retrieve_predictions(project, [task.id for task in chunk])
        size = next_size(len(chunk), time.monotonic() - started)
        done += len(chunk)
        tell(done, len(missing))
    # One bad task may have cost its neighbours theirs.
    for task in lacking(*_read(studio, project, first_backend)):
        started = time.monotonic()
        studio.retrieve_predictions(project, [task.id])
        if time.monotonic() - started > HOPELESS_SECONDS:
            break
    return _read(studio, project, first_backend)


def next_size(tasks: int, seconds: float) -> int:
    """Return how many tasks the next request takes, after ``tasks`` took ``seconds``.

    At most four times as many: the first request may have been quick by chance.
    """
    fitting = int(AIM_SECONDS * tasks / max(seconds, 0.001))
    return max(1, min(fitting, 4 * tasks, MAX_TASKS))


def _read(studio: Studio, project: int, first_backend: str) -> tuple[list[Task], str]:
    version = current_version(studio.backends(project), first_backend)
    return studio.tasks(project), version
