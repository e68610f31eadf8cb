"""From tasks to pre-labels: images fetched side by side and segmented in batches."""

import logging
import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from backends.segmentation.class_map import ClassMap
from backends.segmentation.label_map import read_label_map
from backends.segmentation.model import SegmentationModel
from backends.segmentation.regions import scored_regions
from backends.segmentation.settings import SegmentationSettings
from backends.serving import device as devices
from backends.serving.engine import Engine
from backends.serving.errors import Unanswered
from backends.serving.images import Image
from backends.serving.limits import taking_turns
from backends.serving.memory import GivingBack
from backends.serving.outcomes import Answer, Prediction, attempt
from backends.serving.payloads import Json
from masks.labeling_config import LabelingConfig, MaskControl
from masks.regions import Region

log = logging.getLogger(__name__)

WORKERS = 8

# The regions of an image and their score.
_Found = tuple[list[Region], float]


@dataclass(frozen=True)
class _View:
    """One image of a task: its address as the task has it, and where its regions go."""

    task: Json
    url: str
    control: MaskControl
    item_index: int | None


@dataclass
class _Tally:
    """What is known of a task: its images' regions and scores, or why it cannot be answered."""

    regions: list[Region] = field(default_factory=list)
    scores: list[float] = field(default_factory=list)
    failed: Unanswered | None = None


class SegmentationEngine(Engine[SegmentationSettings]):
    """A segmentation model, its label map and the way to images."""

    settings_class = SegmentationSettings

    def __init__(self, settings: SegmentationSettings) -> None:
        super().__init__(settings)
        self.model = SegmentationModel(settings.model, settings.device, settings.precision)
        self.label_map = read_label_map(settings.label_map, self.model.classes)
        self.device_name = devices.named(self.model.device)
        self.precision = self.model.precision
        self.workers = ThreadPoolExecutor(WORKERS, "images")
        # The images of a batch are in memory at full size: one batch at a time.
        self.batch_lock = threading.Lock()
        self._giving_back = GivingBack()
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
    ) -> list[Answer | Unanswered]:
        """Segment each task's images; prompts make no difference."""
        tallies = [_Tally() for _ in tasks]
        every = self._views(tasks, config, tallies)
        with self._giving_back.afterwards():
            while batch := list(islice(every, self.settings.segmentation_batch)):
                self._predict_batch(batch)
        return [tally.failed or self._prediction(tally) for tally in tallies]

    def _views(
        self, tasks: list[Json], config: LabelingConfig, tallies: list[_Tally]
    ) -> Iterator[tuple[_View, _Tally]]:
        """Every image of every task. A task that an image could not be had of gets no others."""
        for task, tally in zip(tasks, tallies, strict=True):
            views = attempt(task, partial(_views_of, task, config))
            if isinstance(views, Unanswered):
                tally.failed = views
                continue
            for view in views:
                if tally.failed is None:
                    yield view, tally

    def _predict_batch(self, batch: list[tuple[_View, _Tally]]) -> None:
        with taking_turns(self.batch_lock, "other images have been segmented"):
            views = [view for view, _ in batch]
            loading = [self.workers.submit(self._load, view) for view in views]
            # On a processor each core takes images of its own from their pixels to their regions:
            # none waits for the others of the batch.
            cores = self.model.cores
            alone = cores.rounds(len(batch)) if cores else 0
            outcomes: list[_Found | Unanswered] = []
            if cores and alone:
                outcomes += cores.each(self._on_a_core, zip(views[:alone], loading, strict=False))
            outcomes += self._together(views[alone:], loading[alone:])
        for (_, tally), outcome in zip(batch, outcomes, strict=True):
            if isinstance(outcome, Unanswered):
                tally.failed = outcome
            else:
                regions, score = outcome
                tally.regions += regions
                tally.scores.append(score)

    def _on_a_core(self, item: tuple[_View, Future[Image | Unanswered]]) -> _Found | Unanswered:
        view, loading = item
        image = loading.result()
        if isinstance(image, Unanswered):
            return image

        def segmented() -> ClassMap:
            return devices.sparing_memory(lambda: self.model.segmented(image.pixels))

        class_map = attempt(view.task, segmented)
        return self._regions(view, class_map)

    def _together(
        self, views: list[_View], loading: list[Future[Image | Unanswered]]
    ) -> list[_Found | Unanswered]:
        images = [load.result() for load in loading]
        found = [image for image in images if isinstance(image, Image)]
        class_maps = iter(self._segment([image.pixels for image in found]))
        outcomes = [
            image if isinstance(image, Unanswered) else next(class_maps) for image in images
        ]
        return list(self.workers.map(self._regions, views, outcomes))

    def _load(self, view: _View) -> Image | Unanswered:
        return attempt(view.task, lambda: self.images.load(self.address_of(view.task, view.url)))

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

    def _regions(self, view: _View, class_map: ClassMap | Exception) -> _Found | Unanswered:
        """Return an image's regions and their score, or why there are none."""
        if isinstance(class_map, Unanswered):
            return class_map

        def work() -> _Found:
            if isinstance(class_map, Exception):
                raise class_map
            # At full size a mask takes a dozen times its pixels in bytes.
            with self.gate.working_on(class_map.classes.size):
                return scored_regions(
                    class_map,
                    self.label_map,
                    view.control,
                    self.settings.segmentation_min_area,
                    self.settings.segmentation_regions == "component",
                    view.item_index,
                )

        return attempt(view.task, work)

    def _prediction(self, tally: _Tally) -> Prediction:
        score = sum(tally.scores) / max(1, len(tally.scores))
        return self.prediction(tally.regions, score)


def _views_of(task: Json, config: LabelingConfig) -> list[_View]:
    return [
        _View(task, url, control, index if image.is_list else None)
        for image, control in config.of(task).images_with_masks()
        for index, url in enumerate(image.addresses(task))
    ]
