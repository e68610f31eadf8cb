"""The predictions: every task has one of the first backend's current model.

Label Studio sends all tasks of a request to the backend at once, waits 100 s, and says "Retrieved N
predictions" even when it got none. So the requests are small, sized by how long the earlier ones
took, and what arrived is counted afterwards.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from studio.label_studio.client import Studio
from studio.label_studio.records import RegisteredBackend, Task
from studio.output import counted
from studio.part import Context, Step
from studio.project.project_file import ProjectFile

OF_DATA = True
# Label Studio gives up after 100 s (ML_TIMEOUT_PREDICT); a request aims at a quarter of that.
AIM_SECONDS = 25.0
MAX_TASKS = 50
# A single task that takes longer than this would only be waited for once more.
HOPELESS_SECONDS = 60.0
MAX_NAMED = 20


@dataclass(frozen=True)
class Seen:
    """What is there.

    Attributes:
        new_tasks: how many more tasks are about to be imported.
        may_change_model: whether the model may be another one by then.
    """

    tasks: Sequence[Task] = ()
    backends: Sequence[RegisteredBackend] = ()
    new_tasks: int = 0
    may_change_model: bool = False


@dataclass(frozen=True)
class RetrievePredictions(Step):
    """Retrieve the predictions that are missing by then, and name the tasks that stay without.

    Attributes:
        count: how many are missing as far as is known; 0 where that depends on the model.
    """

    backend: str
    count: int

    def describe(self) -> str:
        if self.count:
            return f"retrieve predictions of {counted(self.count, 'task')}"
        return f"retrieve predictions from {self.backend!r} where they are missing"

    def carry_out(self, context: Context) -> None:
        with context.output.progress("retrieving predictions") as tell:
            missing = retrieve_missing(context.studio, context.project_id, self.backend, tell)
        for task in missing[:MAX_NAMED]:
            context.output.say(f"no prediction for task {task.id} ({task.source or 'not ours'})")
        if len(missing) > MAX_NAMED:
            context.output.say(f"and for {counted(len(missing) - MAX_NAMED, 'more task')}")
        if missing:
            context.output.say("the first backend's log says why; the next run asks again")


def look(context: Context) -> Seen:
    present, planned = context.present, context.planned
    return Seen(
        present.tasks,
        present.backends,
        sum(step.new_tasks for step in planned),
        any(step.may_change_model for step in planned),
    )


def compare(project: ProjectFile, seen: Seen) -> list[Step]:
    if not project.backends:
        return []
    first = project.backends[0].title
    count = seen.new_tasks + len(lacking(seen.tasks, current_version(seen.backends, first)))
    if count or (seen.tasks and seen.may_change_model):
        return [RetrievePredictions(first, count)]
    return []


def current_version(backends: Sequence[RegisteredBackend], title: str) -> str:
    """Return the model version that the backend called ``title`` told last; "" when unknown."""
    return next((item.model_version for item in backends if item.title == title), "")


def lacking(tasks: Sequence[Task], version: str) -> list[Task]:
    """Return the tasks without a prediction of ``version`` (of any, when it is unknown)."""
    if not version:
        return [task for task in tasks if not task.model_versions]
    return [task for task in tasks if not task.has_prediction_of(version)]


def retrieve_missing(
    studio: Studio, project: int, first_backend: str, tell: Callable[[int, int], None]
) -> list[Task]:
    """Retrieve predictions of the current model for all tasks without one.

    Args:
        first_backend: title of the backend that makes them.
        tell: called with the number of tasks asked for so far, and of all.

    Returns:
        The tasks that still have none: their request failed, and the backend's log says why.
    """
    missing = _missing(studio, project, first_backend)
    if not missing:
        return []
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
    for task in _missing(studio, project, first_backend):
        started = time.monotonic()
        studio.retrieve_predictions(project, [task.id])
        if time.monotonic() - started > HOPELESS_SECONDS:
            break
    return _missing(studio, project, first_backend)


def next_size(tasks: int, seconds: float) -> int:
    """Return how many tasks the next request takes, after ``tasks`` took ``seconds``.

    At most four times as many: the first request may have been quick by chance.
    """
    fitting = int(AIM_SECONDS * tasks / max(seconds, 0.001))
    return max(1, min(fitting, 4 * tasks, MAX_TASKS))


def _missing(studio: Studio, project: int, first_backend: str) -> list[Task]:
    version = current_version(studio.backends(project), first_backend)
    return lacking(studio.tasks(project), version)
