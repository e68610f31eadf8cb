"""Models of other people, as label_studio_ml's documentation shows them: nothing of ours inside."""

import time
from typing import Any

import torch
from label_studio_ml.model import LabelStudioMLBase
from label_studio_sdk.label_interface.objects import PredictionValue
from pydantic import BaseModel

from backends.serving.errors import Cannot, CannotNow


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


class Stuck(Plain):
    """Is at each image for a while; says that it is there, and what it met."""

    def _answer(self, task: dict, kwargs: dict) -> dict:
        image = task["data"]["image"]
        if image == "stuck":
            time.sleep(5)
        if image == "lost":
            raise torch.AcceleratorError("CUDA error: device-side assert triggered\nCompile with")
        if image == "damaged":
            raise Cannot("damaged.jpg: is damaged", "is damaged")
        if image == "later":
            raise CannotNow("later.jpg: its server sleeps", "its server sleeps")
        return super()._answer(task, kwargs)


class OnGpu(Plain):
    """Works on the GPU, and breaks it on one image: a kernel indexes past the end of its table."""

    device_name = "cuda"

    def _answer(self, task: dict, kwargs: dict) -> dict:
        index = 5 if task["data"]["image"] == "assert" else 0
        table = torch.zeros(1, device="cuda")
        table[torch.tensor([index], device="cuda")].sum().item()
        return super()._answer(task, kwargs)


class ModelResponse(BaseModel):
    """That of label-studio-ml 2 (label_studio_ml/response.py), which is not on PyPI."""

    model_version: str | None = None
    predictions: list[list[PredictionValue] | PredictionValue]


class Version2(LabelStudioMLBase):
    """Written as HumanSignal's examples for label-studio-ml 2 are."""

    def predict(  # pyright: ignore[reportIncompatibleMethodOverride] (the base is untyped)
        self, tasks: list[dict], context: dict | None = None, **kwargs: Any
    ) -> ModelResponse:
        several = tasks[0]["data"]["image"] == "several"
        answers: list[Any] = [
            PredictionValue(
                score=0.5,
                result=[
                    {
                        "from_name": "c",
                        "to_name": "i",
                        "type": "choices",
                        "value": {"choices": [task["data"]["image"]]},
                    }
                ],
            )
            for task in tasks
        ]
        return ModelResponse(
            model_version="response-7", predictions=[[*answers, *answers]] if several else answers
        )


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
