"""Models of other people, as label_studio_ml's documentation shows them: nothing of ours inside."""

import time
from typing import Any

from label_studio_ml.model import LabelStudioMLBase


class Plain(LabelStudioMLBase):
    """Answers each task with one region that names it; misbehaves where the task says so."""

    model_version = "plain-1"
    made = 0

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        type(self).made += 1

    def predict(self, tasks: list[dict], **kwargs: Any) -> Any:
        if any(task["data"].get("image") == "one too few" for task in tasks):
            return []
        return [self._answer(task, kwargs) for task in tasks]

    def _answer(self, task: dict, kwargs: dict) -> dict:
        if task["data"].get("image") == "bad":
            raise ValueError("secret-of-the-model")
        value = {"choices": [str(task["data"].get("image"))], "context": kwargs.get("context")}
        region = {"from_name": "c", "to_name": "i", "type": "choices", "value": value}
        return {"result": [region], "score": 0.5}


class Slow(Plain):
    """Takes its time to load, as real weights do."""

    def __init__(self, **kwargs: Any) -> None:
        time.sleep(1.5)
        super().__init__(**kwargs)


class Broken(Plain):
    """Cannot be loaded."""

    def __init__(self, **kwargs: Any) -> None:
        raise RuntimeError("no such weights")


class NeedsConfig(Plain):
    """Reads the labeling config when it is made, as many published backends do."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.from_name = next(iter(self.parsed_label_config))


class NotAModel:
    """No LabelStudioMLBase at all."""
