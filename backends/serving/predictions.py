"""Asks a model for predictions and keeps the promise of one per task, in order."""

from __future__ import annotations

import logging
from functools import partial
from typing import TYPE_CHECKING, Any, cast

from backends.serving.outcomes import UNANSWERABLE, Prediction, attempt, empty
from backends.serving.payloads import Json, PredictRequest

if TYPE_CHECKING:  # Importing it imports torch, for seconds in which /health has to answer.
    from label_studio_ml.model import LabelStudioMLBase

log = logging.getLogger(__name__)


def predict(
    model: LabelStudioMLBase, request: PredictRequest, model_version: str
) -> list[Prediction]:
    """Return exactly one prediction per task, in order.

    The model gets all tasks at once. If it fails, or does not answer with one prediction per task,
    it gets them one by one, so that a bad task costs only itself.

    Raises:
        BadRequest, LabelingConfigError, ModelUnavailable: the whole request cannot be answered.
    """
    arguments = {**request.params, "label_config": request.label_config}
    tasks = request.tasks
    answers: list[Prediction | None] | None = None
    if len(tasks) > 1:
        try:
            answers = [*_ask(model, tasks, arguments)]
        except UNANSWERABLE:
            raise
        # A foreign model may raise anything; its traceback belongs in the log alone.
        except Exception:
            log.exception("%d tasks failed together, asking one by one", len(tasks))
    if answers is None:
        answers = [attempt(task, partial(_ask_one, model, task, arguments)) for task in tasks]
    return [
        empty(model_version) if answer is None else {"model_version": model_version, **answer}
        for answer in answers
    ]


def _ask_one(model: LabelStudioMLBase, task: Json, arguments: Json) -> Prediction:
    return _ask(model, [task], arguments)[0]


def _ask(model: LabelStudioMLBase, tasks: list[Json], arguments: Json) -> list[Prediction]:
    answers = cast(Any, model).predict(tasks, **arguments)
    if not isinstance(answers, list) or len(answers) != len(tasks):
        count = len(answers) if isinstance(answers, list) else type(answers).__name__
        raise TypeError(
            f"predict() returned {count} for {len(tasks)} tasks; it must return a list with one "
            "item for each"
        )
    for answer in answers:
        if not isinstance(answer, dict) or not isinstance(answer.get("result"), list):
            raise TypeError("each item that predict() returns must be a dict with a list `result`")
    return answers
