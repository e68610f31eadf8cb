"""The segmentation model as a Label Studio ML backend: tasks in, regions out."""

import logging
import os
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any

from label_studio_ml.model import LabelStudioMLBase

from backends.segmentation.label_map import LabelMap, read_label_map
from backends.segmentation.model import ClassMap, SegmentationModel
from backends.segmentation.regions import scored_regions
from backends.segmentation.settings import SegmentationSettings
from backends.serving.images import Image, ImageAccess, ImageError
from backends.serving.labeling import MaskControl, mask_control
from backends.serving.metrics import FAILED_TASKS
from backends.serving.payloads import Json
from backends.serving.predictions import Prediction, empty

log = logging.getLogger(__name__)

FETCH_THREADS = 8


class Engine:
    """The parts that live as long as the process: the model, its label map, the way to images."""

    def __init__(self, settings: SegmentationSettings) -> None:
        self.settings = settings
        self.model = SegmentationModel(settings.model, settings.device)
        self.label_map: LabelMap = read_label_map(settings.label_map, self.model.classes)
        self.images = ImageAccess(settings.for_access())
        self.fetchers = ThreadPoolExecutor(FETCH_THREADS, "fetch")
        self.version = (
            f"{self.model.version}+{self.label_map.version}+{settings.segmentation_regions}"
        )


@cache
def shared_engine() -> Engine:
    """Return the process's one engine; label-studio-ml's own server makes a backend per request."""
    return Engine(SegmentationSettings.from_environment(os.environ))


class SegmentationBackend(LabelStudioMLBase):
    """Pre-labels: one prediction per task from a SegFormer."""

    def __init__(
        self,
        label_config: str | None = None,
        train_output: Json | None = None,
        engine: Engine | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(label_config=label_config, train_output=train_output, **kwargs)
        self.engine = engine or shared_engine()
        self.model_version = self.engine.version

    def check_labeling_config(self, label_config: str) -> None:
        """Log which labels of the map a labeling config lacks.

        Raises:
            BadRequest: it holds no control for masks.
        """
        control = mask_control(label_config)
        wanted = self.engine.label_map.labels if control.labels else ()
        missing = [label for label in wanted if control.label_for(label) is None]
        if missing:
            log.warning(
                "the labeling config has no label for %s: those regions will not be sent",
                ", ".join(missing),
            )

    def predict(  # pyright: ignore[reportIncompatibleMethodOverride] (the base is untyped)
        self, tasks: list[Json], label_config: str | None = None, **kwargs: Any
    ) -> list[Prediction]:
        """Return one prediction per task, in order; a task without a usable image an empty one.

        Args:
            tasks: tasks as Label Studio sends them.
            label_config: the project's labeling config; without it the one given at construction.

        Raises:
            BadRequest: there is no labeling config, or it holds no control for masks.
        """
        control = mask_control(label_config or self.label_config)
        predictions: list[Prediction] = []
        batch = self.engine.settings.segmentation_batch
        for start in range(0, len(tasks), batch):
            predictions += self._predict_batch(tasks[start : start + batch], control)
        return predictions

    def _predict_batch(self, tasks: list[Json], control: MaskControl) -> list[Prediction]:
        images = list(self.engine.fetchers.map(lambda task: self._load(task, control), tasks))
        loaded = [image.pixels for image in images if image is not None]
        class_maps = iter(self.engine.model.predict(loaded))
        return [
            empty(self.model_version)
            if image is None
            else self._prediction(next(class_maps), control)
            for image in images
        ]

    def _load(self, task: Json, control: MaskControl) -> Image | None:
        try:
            return self.engine.images.load(control.image_of(task))
        except ImageError as error:
            FAILED_TASKS.inc()
            log.warning("task %s gets an empty result: %s", task.get("id"), error)
            return None

    def _prediction(self, class_map: ClassMap, control: MaskControl) -> Prediction:
        settings = self.engine.settings
        regions, score = scored_regions(
            class_map,
            self.engine.label_map,
            control,
            settings.segmentation_min_area,
            settings.segmentation_regions == "component",
        )
        return {"result": regions, "score": score, "model_version": self.model_version}
