"""Asks a model for predictions and keeps the promise of one answer per task, in order."""

from __future__ import annotations

import logging
from functools import partial
from typing import TYPE_CHECKING, Any, cast

from backends.serving import failures
from backends.serving.errors import ModelUnavailable, Unanswered
from backends.serving.faults import explained
from backends.serving.outcomes import UNANSWERABLE, Answer, attempt, told
from backends.serving.payloads import Json, PredictRequest

if TYPE_CHECKING:  # Importing it imports torch, for seconds in which /health has to answer.
    from label_studio_ml.model import LabelStudioMLBase

log = logging.getLogger(__name__)


def predict(model: LabelStudioMLBase, request: PredictRequest, model_version: str) -> list[Answer]:
    """Return exactly one answer per task, in order: see `backends.serving.outcomes`.

    The model gets all tasks at once. If it fails, or does not answer with one prediction per task,
    it gets them one by one, so that a bad task costs only itself.

    Raises:
        BadRequest, LabelingConfigError, ModelUnavailable: the whole request cannot be answered.
        Unanswered: a click cannot be answered.
    """
    context = request.params.get("context")
    failures.forget(task.get("id") for task in request.tasks)
    try:
        outcomes = _outcomes(model, request)
    except ModelUnavailable as error:
        for task in request.tasks:
            failures.note(task.get("id"), error)
        raise
    answers = told(request.tasks, outcomes, model_version, context)
    return [_with_version(answer, model_version) for answer in answers]


def _outcomes(model: LabelStudioMLBase, request: PredictRequest) -> list[Answer | Unanswered]:
    arguments = {**request.params, "label_config": request.label_config}
    tasks = request.tasks
    if len(tasks) > 1:
        try:
            return [*_ask(model, tasks, arguments)]
        except UNANSWERABLE:
            raise
        # A foreign model may raise anything; its traceback belongs in the log alone.
        except Exception as error:
            if explained(error) is None:
                log.exception("%d tasks failed together, asking one by one", len(tasks))
    return [attempt(task, partial(_ask_one, model, task, arguments)) for task in tasks]


def _ask_one(model: LabelStudioMLBase, task: Json, arguments: Json) -> Answer:
    return _ask(model, [task], arguments)[0]


def _ask(model: LabelStudioMLBase, tasks: list[Json], arguments: Json) -> list[Answer]:
    given = cast(Any, model).predict(tasks, **arguments)
    # label-studio-ml 2, which is not on PyPI, answers with a ModelResponse.
    version = getattr(given, "model_version", None)
    answers = getattr(given, "predictions", given)
    if not isinstance(answers, list) or len(answers) != len(tasks):
        count = len(answers) if isinstance(answers, list) else type(answers).__name__
        raise TypeError(
            f"predict() returned {count} for {len(tasks)} tasks; it must return a list with one "
            "item for each"
        )
    plain = [_plain(answer) for answer in answers]
    return [_with_version(answer, str(version)) for answer in plain] if version else plain


def _plain(answer: Any) -> Answer:
    """One task's answer as Label Studio takes it: a prediction, or a list of them."""
    if isinstance(answer, list):
        return [_prediction(item) for item in answer]
    return _prediction(answer)


def _prediction(item: Any) -> Json:
    # The SDK's PredictionValue, and whatever else is a pydantic model of a prediction.
    if not isinstance(item, dict) and hasattr(item, "model_dump"):
        item = item.model_dump(exclude_none=True)
    if not isinstance(item, dict) or not isinstance(item.get("result"), list):
        raise TypeError("each item that predict() returns must be a dict with a list `result`")
    item["result"] = [
        region.model_dump(exclude_none=True) if hasattr(region, "model_dump") else region
        for region in item["result"]
    ]
    return item


def _with_version(answer: Answer, version: str) -> Answer:
    if isinstance(answer, list):
        return [{**item, "model_version": item.get("model_version") or version} for item in answer]
    return {**answer, "model_version": answer.get("model_version") or version}
