"""The backends' models as Beam runs them: images in batches in, outcomes out.

They answer what the backends answer: the same classes with the same settings, from the same
environment variables (docs/backends.md).
"""

import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from apache_beam.ml.inference.base import ModelHandler

from backends.segment_anything_model.kept import KeptEmbeddings
from backends.segment_anything_model.model import InteractiveModel
from backends.segment_anything_model.models import load_model
from backends.segment_anything_model.packed import Packed
from backends.segment_anything_model.settings import SegmentAnythingSettings
from backends.segmentation.engine import SegmentationEngine
from backends.segmentation.settings import SegmentationSettings
from backends.serving.errors import CannotNow, Unanswered
from backends.serving.images import Image, ImageAccess
from backends.serving.outcomes import attempt
from batch.errors import BatchError
from batch.results import Failure, Outcome
from batch.sources import Item, Source
from masks.labeling_config import LabelingConfig, labeling_config

# Images of one call. They are in memory at full size while they are encoded.
PRELABEL_BATCH, EMBEDDING_BATCH = 16, 4


@cache
def segmentation_engine() -> SegmentationEngine:
    """Return the process's one engine, by its environment."""
    return SegmentationEngine(SegmentationSettings.from_environment(os.environ))


@cache
def interactive_model() -> tuple[SegmentAnythingSettings, InteractiveModel]:
    """Return the process's one interactive model and its settings, by its environment."""
    settings = SegmentAnythingSettings.from_environment(os.environ)
    return settings, load_model(settings.sam_checkpoint, settings.sam_model_type, settings.device)


def image_name(config: LabelingConfig) -> str:
    """Return the name in a task's data under which a labeling config looks for the image.

    Raises:
        BatchError: it has not exactly one, by a plain name.
    """
    values = {image.value for image, _ in config.images_with_masks()}
    plain = [value.removeprefix("$") for value in values if value.removeprefix("$").isidentifier()]
    if len(values) != 1 or len(plain) != 1:
        raise BatchError(
            "the labeling config must have one Image with masks, with a plain value such as $image;"
            f" it has {', '.join(sorted(values)) or 'none'}"
        )
    return plain[0]


class PreLabels(ModelHandler[Item, Outcome, SegmentationEngine]):
    """Pre-labels of the segmentation model, as tasks that Label Studio imports."""

    what = "pre-labels"

    def __init__(self, source: Source, config: str) -> None:
        super().__init__(max_batch_size=PRELABEL_BATCH, min_batch_size=PRELABEL_BATCH)
        self._source = source
        self._config = config

    def version(self) -> str:
        """Return the version of the model that predictions will have."""
        return segmentation_engine().version

    def load_model(self) -> SegmentationEngine:
        engine = segmentation_engine()
        engine.images = self._source.images(engine.settings, engine.gate)
        return engine

    def run_inference(
        self,
        batch: Sequence[Item],
        model: SegmentationEngine,
        inference_args: Mapping[str, Any] | None = None,
    ) -> Iterable[Outcome]:
        config = labeling_config(self._config)
        name = image_name(config)
        tasks = [{"id": item.name, "data": {name: item.name}} for item in batch]
        for item, found in zip(batch, model.predict(tasks, config, None), strict=True):
            if isinstance(found, Unanswered):
                yield Outcome(item, None, Failure(found.kind, found.reason))
            else:
                made = {"data": {name: self._source.address(item)}, "predictions": [found]}
                yield Outcome(item, made)


@dataclass(frozen=True, eq=False)
class Encoder:
    """An interactive model and its way to images."""

    images: ImageAccess
    model: InteractiveModel


class Embeddings(ModelHandler[Item, Outcome, Encoder]):
    """Embeddings of the interactive model, in the files that its backend keeps on disk.

    Attributes:
        folder: where they go; it is what SAM_DISK_FOLDER names afterwards.
    """

    what = "embeddings-of"

    def __init__(self, source: Source, folder: Path) -> None:
        super().__init__(max_batch_size=EMBEDDING_BATCH, min_batch_size=EMBEDDING_BATCH)
        self._source = source
        self.folder = folder

    def version(self) -> str:
        """Return the name of the weights."""
        return interactive_model()[1].describe()

    def load_model(self) -> Encoder:
        settings, model = interactive_model()
        return Encoder(self._source.images(settings), model)

    def run_inference(
        self,
        batch: Sequence[Item],
        model: Encoder,
        inference_args: Mapping[str, Any] | None = None,
    ) -> Iterable[Outcome]:
        kept = KeptEmbeddings(self.folder, sys.maxsize, model.model.describe())

        def load(item: Item) -> Image | Unanswered:
            return attempt({"id": item.name}, lambda: model.images.load(item.name))

        def keep(image: Image) -> dict[str, Any]:
            if image.identity not in kept:
                packed = Packed.of(image.identity, model.model.encode(image.pixels))
                if not kept.put(packed):
                    raise CannotNow(f"its embedding cannot be written to {self.folder}")
            return {"identity": image.identity}

        with ThreadPoolExecutor(len(batch), "images") as readers:
            for item, image in zip(batch, readers.map(load, batch), strict=True):
                found = (
                    image
                    if isinstance(image, Unanswered)
                    else attempt({"id": item.name}, lambda image=image: keep(image))
                )
                if isinstance(found, Unanswered):
                    yield Outcome(item, None, Failure(found.kind, found.reason))
                else:
                    yield Outcome(item, found)
