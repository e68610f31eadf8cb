"""Label Studio's request bodies -> typed values, with one clear sentence for what is wrong.

The shapes are those that Label Studio 1.23.2 sends to an ML backend (POST /predict, POST /setup).
"""

from dataclasses import dataclass
from typing import Any

import orjson

from backends.serving.errors import BadRequest

Json = dict[str, Any]


@dataclass(frozen=True)
class PredictRequest:
    """A request for predictions.

    Attributes:
        tasks: the tasks as Label Studio sends them, each with its `data` object.
        label_config: the project's labeling config, if sent.
        params: the arguments for the model's `predict`, `context` among them.
    """

    tasks: list[Json]
    label_config: str | None
    params: Json


def json_object(body: bytes) -> Json:
    """Return the JSON object of a request body."""
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise BadRequest(f"the body is not JSON: {error}") from error
    if not isinstance(value, dict):
        raise BadRequest(f"the body must be a JSON object, not {_kind(value)}")
    return value


def predict_request(payload: Json, default_config: str | None = None) -> PredictRequest:
    """Return the checked request of a /predict body.

    Args:
        payload: the body.
        default_config: the labeling config where the body has none.
    """
    if "tasks" not in payload:
        raise BadRequest("tasks is missing: send a list of tasks")
    tasks = payload["tasks"]
    if not isinstance(tasks, list):
        raise BadRequest(f"tasks must be a list of tasks, not {_kind(tasks)}")
    for number, task in enumerate(tasks):
        if not isinstance(task, dict):
            raise BadRequest(f"tasks[{number}] must be an object, not {_kind(task)}")
        if not isinstance(task.get("data"), dict):
            raise BadRequest(f"tasks[{number}].data must be an object with the task's data")
    params = _optional_object(payload, "params")
    context = _optional_object(params, "context") if params.get("context") is not None else None
    if context is not None:
        _check_context(context)
    config = _optional_text(payload, "label_config") or default_config
    return PredictRequest(tasks, config, params)


def created_tasks(payload: Json) -> PredictRequest:
    """Return the tasks and the labeling config of a webhook's TASKS_CREATED.

    The tasks come with their data, the project with its `label_config`
    (webhooks/serializers_for_hooks.py in Label Studio 1.23.2).
    """
    config = _optional_text(_optional_object(payload, "project"), "label_config")
    return predict_request({"tasks": payload.get("tasks"), "label_config": config})


def setup_schema(payload: Json) -> str | None:
    """Return the labeling config of a /setup body, if sent."""
    return _optional_text(payload, "schema")


def _check_context(context: Json) -> None:
    result = context.get("result")
    if result is None:
        return
    if not isinstance(result, list):
        raise BadRequest(f"params.context.result must be a list of regions, not {_kind(result)}")
    for number, region in enumerate(result):
        if not isinstance(region, dict) or not isinstance(region.get("value"), dict):
            raise BadRequest(f"params.context.result[{number}] must be a region with a value")


def _optional_object(payload: Json, key: str) -> Json:
    value = payload.get(key)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise BadRequest(f"{key} must be an object, not {_kind(value)}")
    return value


def _optional_text(payload: Json, key: str) -> str | None:
    value = payload.get(key)
    if value is not None and not isinstance(value, str):
        raise BadRequest(f"{key} must be text, not {_kind(value)}")
    return value or None


def _kind(value: object) -> str:
    names = {dict: "an object", list: "a list", str: "text", bool: "a boolean", type(None): "null"}
    return names.get(type(value), "a number")
