"""The one base of our models' engines: what lives as long as the process, and how it answers.

An engine knows nothing of HTTP or of label_studio_ml: tasks and a labeling config in, predictions
out. `backends.serving.backend` puts one behind Label Studio's interface.
"""

import os
from abc import ABC, abstractmethod
from functools import cache
from typing import Any, ClassVar, Generic, TypeVar

from backends.serving.errors import Unanswered
from backends.serving.images import ImageAccess
from backends.serving.limits import PixelGate
from backends.serving.outcomes import Answer, Prediction, told
from backends.serving.payloads import Json
from backends.serving.precision import Precision
from backends.serving.settings import ModelSettings
from masks.labeling_config import LabelingConfig, labeling_config

Settings = TypeVar("Settings", bound=ModelSettings)


class Engine(ABC, Generic[Settings]):
    """A model with its settings and its way to images; shared by all threads.

    Attributes:
        settings_class: what a subclass reads from the environment.
        version: names weights and everything else that changes the predictions.
        device_name: what the model runs on, for people.
        precision: the numbers that its network works in.
    """

    settings_class: ClassVar[type[ModelSettings]]
    version: str
    device_name: str
    precision: Precision

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        # One image of the largest size at a time, or many small ones.
        self.gate = PixelGate(settings.max_pixels)
        self.images = ImageAccess(settings, gate=self.gate)

    def answer(
        self, tasks: list[Json], label_config: str | None, context: Json | None = None
    ) -> list[Answer]:
        """Return one answer per task, in order: see `backends.serving.outcomes`.

        Args:
            tasks: tasks as Label Studio sends them.
            label_config: the project's labeling config.
            context: the prompts of the unfinished region; None for a batch.

        Raises:
            BadRequest, LabelingConfigError, ModelUnavailable: the whole request cannot be answered.
            Unanswered: a click cannot be answered.
        """
        found = self.predict(tasks, labeling_config(label_config), context)
        return told(tasks, found, self.version, context)

    @abstractmethod
    def predict(
        self, tasks: list[Json], config: LabelingConfig, context: Json | None
    ) -> list[Answer | Unanswered]:
        """Return the prediction of each task, or what `attempt` returned where it failed."""

    def check(self, config: LabelingConfig) -> None:
        """Log what a labeling config lacks.

        Raises:
            LabelingConfigError: it asks for something that this engine does not do.
        """

    def address_of(self, task: Json, url: str) -> str:
        """Return the address by which an image of a task is read: see `ImageAccess.address`."""
        return self.images.address(url, task.get("id"))

    def prediction(self, regions: list[Json], score: float) -> Prediction:
        """Return a task's prediction with this engine's version."""
        return {"result": regions, "score": round(score, 4), "model_version": self.version}


@cache
def shared(engine_class: type[Engine[Any]]) -> Engine[Any]:
    """Return the process's one engine of a class, made from the environment on first use.

    label-studio-ml's own server makes a backend for each request.
    """
    return engine_class(engine_class.settings_class.from_environment(os.environ))
