"""Asks a model for predictions and keeps the promise of one per task, in order."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, cast

from backends.serving.errors import BadRequest, ModelUnavailable
from backends.serving.metrics import FAILED_TASKS
from backends.serving.payloads import Json, PredictRequest

if TYPE_CHECKING:  # Importing it imports torch, for seconds in which /health has to answer.
    from label_studio_ml.model import LabelStudioMLBase

log = logging.getLogger(__name__)

Prediction = dict[str, Any]


def predict(
    model: LabelStudioMLBase, request: PredictRequest, model_version: str
) -> list[Prediction]:
    """Return exactly one prediction per task, in order.

    The model gets all tasks at once. If it fails, or does not answer with one prediction per task,
    it gets them one by one, so that a bad task costs only itself.

    Raises:
        BadRequest: the model refuses the request as a whole.
        ModelUnavailable: something that the model needs for every task is not there.
    """
    arguments = {**request.params, "label_config": request.label_config}
    if len(request.tasks) > 1:
        try:
            answers = _ask(model, request.tasks, arguments)
        except (BadRequest, ModelUnavailable):
            raise
        # A foreign model may raise anything; its traceback belongs in the log alone.
        except Exception:
            log.exception("%d tasks failed together, asking one by one", len(request.tasks))
        else:
            return [_complete(answer, model_version) for answer in answers]
    return [_one(model, task, arguments, model_version) for task in request.tasks]


def _one(model: LabelStudioMLBase, task: Json, arguments: Json, model_version: str) -> Prediction:
    try:
        return _complete(_ask(model, [task], arguments)[0], model_version)
    except (BadRequest, ModelUnavailable):
        raise
    except Exception:
        log.exception("task %s failed and gets an empty result", task.get("id"))
        FAILED_TASKS.inc()
        return empty(model_version)


def empty(model_version: str) -> Prediction:
    """Return the prediction of a task that has none."""
    return {"result": [], "score": 0.0, "model_version": model_version}


def _ask(model: LabelStudioMLBase, tasks: list[Json], arguments: Json) -> list[Prediction]:
    answers = cast(Any, model).predict(tasks, **arguments)
    if not isinstance(answers, list) or len(answers) != len(tasks):
        count = len(answers) if isinstance(answers, list) else type(answers).__name__
        raise TypeError(
            f"predict() answered {count} for {len(tasks)} tasks, want one list item each"
        )
    for answer in answers:
        if not isinstance(answer, dict) or not isinstance(answer.get("result"), list):
            raise TypeError("predict() must answer objects with a list named result")
    return answers


def _complete(answer: Prediction, model_version: str) -> Prediction:
    return {"model_version": model_version, **answer}
