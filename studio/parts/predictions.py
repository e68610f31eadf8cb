"""Predictions for every task that lacks one, in requests short enough for Label Studio.

Label Studio sends all tasks of a request to the backend at once, waits 100 s, and says "Retrieved N
predictions" even when it got none. So the requests are small, sized by how long the earlier ones
took, and what arrived is counted afterwards.
"""

import time
from collections.abc import Callable

from studio.label_studio.client import Studio
from studio.label_studio.records import Task
from studio.plan import current_version, lacking

# Label Studio gives up after 100 s (ML_TIMEOUT_PREDICT); a request aims at a quarter of that.
AIM_SECONDS = 25.0
MAX_TASKS = 50
# A single task that takes longer than this would only be waited for once more.
HOPELESS_SECONDS = 60.0


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
    return lacking(studio.parts.tasks(project), version)
