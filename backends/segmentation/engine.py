"""From tasks to pre-labels: images fetched side by side and segmented in batches."""

import logging
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from backends.segmentation.label_map import read_label_map
from backends.segmentation.regions import scored_regions
from backends.segmentation.segformer import ClassMap, SegFormer
from backends.segmentation.settings import SegmentationSettings
from backends.serving import device as devices
from backends.serving.engine import Engine
from backends.serving.errors import Unanswered
from backends.serving.images import Image
from backends.serving.limits import taking_turns
from backends.serving.outcomes import Answer, Prediction, attempt
from backends.serving.payloads import Json
from masks.labeling_config import MaskControl

log = logging.getLogger(__name__)

FETCH_THREADS = 8


class SegmentationEngine(Engine[SegmentationSettings]):
    """A SegFormer, its label map and the way to images."""

    settings_class = SegmentationSettings

    def __init__(self, settings: SegmentationSettings) -> None:
        super().__init__(settings)
        self.model = SegFormer(settings.model, settings.device)
        self.label_map = read_label_map(settings.label_map, self.model.classes)
        self.device_name = devices.named(self.model.device)
        self.fetchers = ThreadPoolExecutor(FETCH_THREADS, "fetch")
        # The images of a batch are in memory at full size: one batch at a time.
        self.batch_lock = threading.Lock()
        self.version = (
            f"{self.model.version}+{self.label_map.version}+{settings.segmentation_regions}"
        )

    def check(self, control: MaskControl) -> None:
        """Log which labels of the map a labeling config lacks."""
        wanted = self.label_map.labels if control.labels else ()
        missing = [label for label in wanted if control.label_for(label) is None]
        if missing:
            log.warning(
                "the labeling config has no label for %s: those regions will not be sent",
                ", ".join(missing),
            )

    def predict(
        self, tasks: list[Json], control: MaskControl, label_config: str, context: Json | None
    ) -> list[Answer | Unanswered]:
        """Segment each task's image; prompts make no difference."""
        size = self.settings.segmentation_batch
        batches = (tasks[start : start + size] for start in range(0, len(tasks), size))
        return [item for batch in batches for item in self._predict_batch(batch, control)]

    def _predict_batch(self, tasks: list[Json], control: MaskControl) -> list[Answer | Unanswered]:
        with taking_turns(self.batch_lock, "other images have been segmented"):
            images = list(self.fetchers.map(lambda task: self._load(task, control), tasks))
            found = [image for image in images if isinstance(image, Image)]
            class_maps = iter(self._segment([image.pixels for image in found]))
            return [
                self._predicted(task, next(class_maps), control)
                if isinstance(image, Image)
                else image
                for task, image in zip(tasks, images, strict=True)
            ]

    def _load(self, task: Json, control: MaskControl) -> Image | Unanswered:
        return attempt(task, lambda: self.images.load(self.address_of(task, control)))

    def _segment(self, images: list[NDArray[np.uint8]]) -> list[ClassMap | Exception]:
        """Segment a batch; where memory is short, half of it at a time.

        Returns:
            A class map for each image, or what went wrong with it.
        """
        half = -(-len(images) // 2)

        def halves() -> list[ClassMap | Exception]:
            return [*self._part(images[:half]), *self._part(images[half:])]

        return devices.sparing_memory(lambda: [*self.model.predict(images)], halves)

    def _part(self, images: list[NDArray[np.uint8]]) -> list[ClassMap | Exception]:
        try:
            return [*self.model.predict(images)]
        # Each of its tasks reports it: see `attempt`.
        except (RuntimeError, MemoryError) as error:
            return [error] * len(images)

    def _predicted(
        self, task: Json, class_map: ClassMap | Exception, control: MaskControl
    ) -> Prediction | Unanswered:
        def work() -> Prediction:
            if isinstance(class_map, Exception):
                raise class_map
            return self._prediction(class_map, control)

        return attempt(task, work)

    def _prediction(self, class_map: ClassMap, control: MaskControl) -> Prediction:
        regions, score = scored_regions(
            class_map,
            self.label_map,
            control,
            self.settings.segmentation_min_area,
            self.settings.segmentation_regions == "component",
        )
        return self.prediction(regions, score)
