"""An engine behind Label Studio's ML-backend interface; MODEL_CLASS names a subclass."""

from typing import Any, ClassVar

from label_studio_ml.model import LabelStudioMLBase

from backends.serving.engine import Engine, shared
from backends.serving.outcomes import Answer
from backends.serving.payloads import Json
from masks.labeling_config import labeling_config


class EngineBackend(LabelStudioMLBase):
    """A Label Studio ML backend whose work an engine does."""

    engine_class: ClassVar[type[Engine[Any]]]

    def __init__(
        self,
        label_config: str | None = None,
        train_output: Json | None = None,
        engine: Engine[Any] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(label_config=label_config, train_output=train_output, **kwargs)
        self.engine = engine or shared(self.engine_class)
        self.model_version = self.engine.version
        self.device_name = self.engine.device_name
        self.precision = self.engine.precision

    def check_labeling_config(self, label_config: str) -> None:
        """Log what a labeling config lacks.

        Raises:
            LabelingConfigError: it has no control for masks, or asks for what the engine cannot do.
        """
        self.engine.check(labeling_config(label_config))

    def predict(  # pyright: ignore[reportIncompatibleMethodOverride] (the base is untyped)
        self,
        tasks: list[Json],
        context: Json | None = None,
        label_config: str | None = None,
        **kwargs: Any,
    ) -> list[Answer]:
        """Return `Engine.answer`, by default with the labeling config given at construction."""
        return self.engine.answer(tasks, label_config or self.label_config, context)
