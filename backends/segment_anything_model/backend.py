"""Segment Anything as a Label Studio ML backend: clicks and boxes in, regions out."""

import logging
import os
from contextlib import suppress
from functools import cache
from typing import Any

from label_studio_ml.model import LabelStudioMLBase

from backends.segment_anything_model.checkpoints import load_sam
from backends.segment_anything_model.embeddings import EmbeddingStore, EncodeAhead
from backends.segment_anything_model.model import SegmentAnything
from backends.segment_anything_model.prelabels import Prelabels
from backends.segment_anything_model.prompts import prompt_groups
from backends.segment_anything_model.segment import Segmenter
from backends.segment_anything_model.settings import SegmentAnythingSettings
from backends.serving.images import ImageAccess, ImageError
from backends.serving.labeling import MaskControl, mask_control
from backends.serving.masks.regions import Region, RegionError, regions_of
from backends.serving.metrics import FAILED_TASKS
from backends.serving.payloads import Json
from backends.serving.predictions import Prediction, empty

log = logging.getLogger(__name__)


class Engine:
    """The parts that live as long as the process."""

    def __init__(self, settings: SegmentAnythingSettings) -> None:
        sam, model_type, digest = load_sam(settings.sam_checkpoint, settings.sam_model_type)
        refining = settings.sam_refine == "grabcut" or (
            settings.sam_refine == "auto" and model_type == "small"
        )
        model = SegmentAnything(sam, settings.device)
        self.store = EmbeddingStore(
            ImageAccess(settings.for_access()), model, settings.cache_bytes, keep_pixels=refining
        )
        self.ahead = EncodeAhead(self.store)
        self.segmenter = Segmenter(model, refining)
        self.version = f"sam-{model_type}@{digest}" + ("+grabcut" if refining else "")
        self.prelabels: Prelabels | None = None
        if settings.segmentation_url:
            password = settings.segmentation_pass
            self.prelabels = Prelabels(
                settings.segmentation_url,
                settings.segmentation_user,
                password.get_secret_value() if password else None,
                settings.segmentation_timeout_seconds,
            )


@cache
def shared_engine() -> Engine:
    """Return the process's one engine; label-studio-ml's own server makes a backend per request."""
    return Engine(SegmentAnythingSettings.from_environment(os.environ))


class SegmentAnythingBackend(LabelStudioMLBase):
    """Masks for clicks and boxes; pre-labels, passed on, for tasks that are merely opened."""

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
        """Raise BadRequest for a labeling config without a control for masks."""
        mask_control(label_config)

    def predict(  # pyright: ignore[reportIncompatibleMethodOverride] (the base is untyped)
        self,
        tasks: list[Json],
        context: Json | None = None,
        label_config: str | None = None,
        **kwargs: Any,
    ) -> list[Prediction]:
        """Return one prediction per task, in order.

        Args:
            tasks: tasks as Label Studio sends them.
            context: the prompts of the unfinished region; without it the tasks' images are encoded
                ahead of the first click and the segmentation backend's predictions are returned.
            label_config: the project's labeling config; without it the one given at construction.

        Raises:
            BadRequest: no labeling config, no control for masks in it, or a prompt without
                coordinates.
            ModelUnavailable: the segmentation backend does not answer.
        """
        config = label_config or self.label_config
        control = mask_control(config)
        if context is not None:
            return [self._segment(task, context, control) for task in tasks]
        for task in tasks:
            with suppress(ImageError):  # The segmentation backend tells what is wrong with it.
                self.engine.ahead.add(control.image_of(task))
        if self.engine.prelabels is None:
            return [empty(self.model_version) for _ in tasks]
        return self.engine.prelabels.predict(tasks, config)

    def _segment(self, task: Json, context: Json, control: MaskControl) -> Prediction:
        try:
            image = self.engine.store.get(control.image_of(task))
            height, width = image.embedding.original_size
            regions: list[Region] = []
            scores: list[float] = []
            for group in prompt_groups(context, width, height):
                if not group.shows_something:
                    continue
                mask, score = self.engine.segmenter.mask(image, group)
                label = control.label_for(group.label) if group.label else None
                regions += regions_of(mask, control, label, score)
                scores.append(score)
        except (ImageError, RegionError) as error:
            FAILED_TASKS.inc()
            log.warning("task %s gets an empty result: %s", task.get("id"), error)
            return empty(self.model_version)
        return {
            "result": regions,
            "score": round(sum(scores) / len(scores), 4) if scores else 0.0,
            "model_version": self.model_version,
        }
