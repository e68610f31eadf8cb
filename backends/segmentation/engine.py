"""From tasks to pre-labels: images fetched side by side and segmented in batches."""

import logging
from concurrent.futures import ThreadPoolExecutor

from backends.segmentation.label_map import read_label_map
from backends.segmentation.model import ClassMap, SegmentationModel
from backends.segmentation.regions import scored_regions
from backends.segmentation.settings import SegmentationSettings
from backends.serving.engine import Engine
from backends.serving.images import Image
from backends.serving.outcomes import Prediction, attempt
from backends.serving.payloads import Json
from masks.labeling_config import MaskControl

log = logging.getLogger(__name__)

FETCH_THREADS = 8


class SegmentationEngine(Engine[SegmentationSettings]):
    """A segmentation model, its label map and the way to images."""

    settings_class = SegmentationSettings

    def __init__(self, settings: SegmentationSettings) -> None:
        super().__init__(settings)
        self.model = SegmentationModel(settings.model, settings.device)
        self.label_map = read_label_map(settings.label_map, self.model.classes)
        self.fetchers = ThreadPoolExecutor(FETCH_THREADS, "fetch")
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
    ) -> list[Prediction | None]:
        """Segment each task's image; prompts make no difference."""
        size = self.settings.segmentation_batch
        batches = (tasks[start : start + size] for start in range(0, len(tasks), size))
        return [item for batch in batches for item in self._predict_batch(batch, control)]

    def _predict_batch(self, tasks: list[Json], control: MaskControl) -> list[Prediction | None]:
        images = list(self.fetchers.map(lambda task: self._load(task, control), tasks))
        class_maps = iter(self.model.predict([image.pixels for image in images if image]))
        return [self._prediction(next(class_maps), control) if image else None for image in images]

    def _load(self, task: Json, control: MaskControl) -> Image | None:
        return attempt(task, lambda: self.images.load(control.image_of(task)))

    def _prediction(self, class_map: ClassMap, control: MaskControl) -> Prediction:
        regions, score = scored_regions(
            class_map,
            self.label_map,
            control,
            self.settings.segmentation_min_area,
            self.settings.segmentation_regions == "component",
        )
        return self.prediction(regions, score)
