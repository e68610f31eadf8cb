"""What becomes of a task: a prediction or a failure. One policy for both models, batch and click.

What makes the whole request unanswerable (`UNANSWERABLE`) reaches the server, which answers 400 or
503. What spoils one task gives that task an empty result and the log the reason; its neighbours get
theirs.
"""

import logging
from collections.abc import Callable
from typing import Any, TypeVar

from backends.serving.errors import BadRequest, ImageError, ModelUnavailable
from backends.serving.metrics import FAILED_TASKS
from backends.serving.payloads import Json
from masks.errors import LabelingConfigError, RegionError, TaskError

log = logging.getLogger(__name__)

Prediction = dict[str, Any]
T = TypeVar("T")

UNANSWERABLE = (BadRequest, LabelingConfigError, ModelUnavailable)


def attempt(task: Json, work: Callable[[], T]) -> T | None:
    """Return what `work` does for a task, or None when it failed and was logged and counted.

    Raises:
        BadRequest, LabelingConfigError, ModelUnavailable: the whole request cannot be answered.
    """
    try:
        return work()
    except UNANSWERABLE:
        raise
    except (ImageError, RegionError, TaskError) as error:
        log.warning("task %s gets an empty result: %s", task.get("id"), error)
    # A model may raise anything; its traceback belongs in the log alone.
    except Exception:
        log.exception("task %s failed and gets an empty result", task.get("id"))
    FAILED_TASKS.inc()
    return None


def empty(model_version: str) -> Prediction:
    """Return the prediction of a task that has none."""
    return {"result": [], "score": 0.0, "model_version": model_version}
