"""From tasks to pre-labels: images fetched side by side and segmented in batches."""

import logging
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from itertools import islice

from backends.segmentation.label_map import read_label_map
from backends.segmentation.regions import scored_regions
from backends.segmentation.segformer import ClassMap, SegFormer
from backends.segmentation.settings import SegmentationSettings
from backends.serving.engine import Engine
from backends.serving.images import Image
from backends.serving.outcomes import Prediction, attempt
from backends.serving.payloads import Json
from masks.labeling_config import LabelingConfig, MaskControl
from masks.regions import Region

log = logging.getLogger(__name__)

FETCH_THREADS = 8


@dataclass(frozen=True)
class _View:
    """One image of a task: the task's number in the request, its address, where its regions go."""

    task: int
    url: str
    control: MaskControl
    item_index: int | None


@dataclass
class _Tally:
    """The regions of a task's images, and the score of each image."""

    regions: list[Region] = field(default_factory=list)
    scores: list[float] = field(default_factory=list)

    def add(self, regions: list[Region], score: float) -> None:
        self.regions += regions
        self.scores.append(score)

    def total(self) -> tuple[list[Region], float]:
        """All regions, and the mean of the scores."""
        return self.regions, sum(self.scores) / max(1, len(self.scores))


class SegmentationEngine(Engine[SegmentationSettings]):
    """A SegFormer, its label map and the way to images."""

    settings_class = SegmentationSettings

    def __init__(self, settings: SegmentationSettings) -> None:
        super().__init__(settings)
        self.model = SegFormer(settings.model, settings.device)
        self.label_map = read_label_map(settings.label_map, self.model.classes)
        self.fetchers = ThreadPoolExecutor(FETCH_THREADS, "fetch")
        self.version = (
            f"{self.model.version}+{self.label_map.version}+{settings.segmentation_regions}"
        )

    def check(self, config: LabelingConfig) -> None:
        """Log which labels of the map a labeling config lacks."""
        for image, control in config.images_with_masks():
            wanted = self.label_map.labels if control.is_labelled else ()
            missing = [label for label in wanted if control.label_for(label) is None]
            if missing:
                log.warning(
                    "the labeling config has no label for %s on %s: those regions will not be sent",
                    ", ".join(missing),
                    image.name,
                )

    def predict(
        self, tasks: list[Json], config: LabelingConfig, context: Json | None
    ) -> list[Prediction | None]:
        """Segment each task's images; prompts make no difference."""
        size = self.settings.segmentation_batch
        found: list[_Tally | None] = [None] * len(tasks)
        every = self._views(tasks, config, found)
        while views := list(islice(every, size)):
            self._segment(tasks, views, found)
        return [self.prediction(*tally.total()) if tally else None for tally in found]

    def _views(
        self, tasks: list[Json], config: LabelingConfig, found: list[_Tally | None]
    ) -> Iterator[_View]:
        """Every image of every task."""
        for number, task in enumerate(tasks):
            views = attempt(task, partial(_views_of, number, task, config))
            if views is not None:
                found[number] = _Tally()
                yield from views

    def _segment(self, tasks: list[Json], views: list[_View], found: list[_Tally | None]) -> None:
        wanted = [view for view in views if found[view.task] is not None]
        images = list(self.fetchers.map(lambda view: self._load(tasks[view.task], view), wanted))
        class_maps = iter(self.model.predict([image.pixels for image in images if image]))
        for view, image in zip(wanted, images, strict=True):
            class_map = next(class_maps) if image else None
            tally = found[view.task]
            # A task with an image that cannot be had gets none of its pre-labels.
            if class_map is None or tally is None:
                found[view.task] = None
            else:
                tally.add(*self._regions(class_map, view))

    def _load(self, task: Json, view: _View) -> Image | None:
        return attempt(task, lambda: self.images.load(view.url))

    def _regions(self, class_map: ClassMap, view: _View) -> tuple[list[Region], float]:
        return scored_regions(
            class_map,
            self.label_map,
            view.control,
            self.settings.segmentation_min_area,
            self.settings.segmentation_regions == "component",
            view.item_index,
        )


def _views_of(number: int, task: Json, config: LabelingConfig) -> list[_View]:
    return [
        _View(number, url, control, index if image.is_list else None)
        for image, control in config.of(task).images_with_masks()
        for index, url in enumerate(image.addresses(task))
    ]
