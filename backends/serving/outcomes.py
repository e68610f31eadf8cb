"""What becomes of a task. One policy for both models and for other people's, batch and click.

There are four outcomes. A *result* and *nothing here* (looked, found none) are predictions like any
other, the second one without regions. *Cannot* is an image that no later try will make readable.
*Cannot now* may be answered differently in a minute.

Batch: Label Studio 1.23.2 stores nothing for a task that is answered with `[]`, stores its
neighbours, and asks again (ml/models.py, `_get_predictions_from_ml_backend`): so *cannot now* is
never taken for done. *Cannot* is stored once, as a prediction without regions whose model version
says why, for the Data Manager shows and filters model versions. Click: both are errors.
"""

import logging
import re
from collections.abc import Callable
from typing import Any, TypeVar

from backends.serving import failures
from backends.serving.errors import BadRequest, Cannot, CannotNow, ModelUnavailable, Unanswered
from backends.serving.faults import explained
from backends.serving.metrics import FAILED_TASKS
from backends.serving.payloads import Json
from masks.errors import LabelingConfigError, RegionError, TaskError

log = logging.getLogger(__name__)

Prediction = dict[str, Any]
# What Label Studio takes for one task: a prediction, or several, or none to be stored.
Answer = Prediction | list[Prediction]
T = TypeVar("T")

# What makes the whole request unanswerable; the server answers 400 or 503.
UNANSWERABLE = (BadRequest, LabelingConfigError, ModelUnavailable)
MAX_REASON = 160


def attempt(task: Json, work: Callable[[], T]) -> T | Unanswered:
    """Return what `work` does for a task, or why it failed, which is logged, counted and kept.

    Raises:
        BadRequest, LabelingConfigError, ModelUnavailable: the whole request cannot be answered.
    """
    try:
        return work()
    except UNANSWERABLE:
        raise
    except Unanswered as error:
        outcome = error
    except (RegionError, TaskError) as error:
        outcome = Cannot(str(error))
    # A model may raise anything; its traceback belongs in the log alone.
    except Exception as error:
        outcome = explained(error)
        if outcome is None:
            log.exception("task %s failed", task.get("id"))
            outcome = CannotNow("the model failed on it; the backend's log says how")
    if not outcome.noted:
        outcome.noted = True
        log.warning("task %s: %s: %s", task.get("id"), outcome.kind, outcome)
        failures.note(task.get("id"), outcome)
        FAILED_TASKS.labels(outcome.kind).inc()
    return outcome


def told(
    tasks: list[Json], outcomes: list[Any], model_version: str, context: Json | None
) -> list[Any]:
    """Return what Label Studio is told of each task, in order.

    Args:
        tasks: as Label Studio sent them, with the predictions that it has already.
        outcomes: for each task its prediction, or what `attempt` returned.
        context: the prompts of the unfinished region; None for a batch.

    Raises:
        Unanswered: a click cannot be answered.
    """
    if context is not None:
        for outcome in outcomes:
            if isinstance(outcome, Unanswered):
                raise outcome
    return [
        _stored(task, outcome, model_version) if isinstance(outcome, Unanswered) else outcome
        for task, outcome in zip(tasks, outcomes, strict=True)
    ]


def refused_version(model_version: str, reason: str) -> str:
    """Return the model version that says why a model cannot have a task's image.

    Label Studio joins a task's model versions with commas and drops quotes: there are none here.
    """
    plain = re.sub(r"\s+", " ", reason.replace(",", ";").replace('"', "'")).strip()
    short = plain if len(plain) <= MAX_REASON else plain[: MAX_REASON - 1] + "…"
    return f"{model_version} cannot: {short}"


def empty(model_version: str) -> Prediction:
    """Return the prediction of a task on which nothing was found."""
    return {"result": [], "score": 0.0, "model_version": model_version}


def _stored(task: Json, outcome: Unanswered, model_version: str) -> Answer:
    if outcome.kind == "cannot now":
        return []
    version = refused_version(model_version, outcome.reason)
    # Label Studio asks again for tasks that lack the model's own version, and would store it twice.
    known = task.get("predictions")
    if isinstance(known, list) and any(
        isinstance(item, dict) and item.get("model_version") == version for item in known
    ):
        return []
    return {"result": [], "score": None, "model_version": version}
