"""The backends' models as Beam runs them: images in batches in, outcomes out.

They answer what the backends answer: the same classes with the same settings, from the same
environment variables (docs/backends.md).
"""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

from apache_beam.ml.inference.base import ModelHandler

from backends.segment_anything_model.kept import file_of, key_of
from backends.segment_anything_model.model import InteractiveModel
from backends.segment_anything_model.models import load_model
from backends.segment_anything_model.packed import Packed
from backends.segment_anything_model.settings import SegmentAnythingSettings
from backends.segmentation.engine import SegmentationEngine
from backends.segmentation.settings import SegmentationSettings
from backends.serving.errors import Unanswered
from backends.serving.images import Image, ImageAccess
from backends.serving.outcomes import attempt
from batch.errors import BatchError
from batch.places import Place, place_of
from batch.plan import Plan
from batch.results import Failure, Outcome
from batch.running import running
from batch.sources import Item, NotedImages, Shard, Source
from masks.labeling_config import LabelingConfig, labeling_config

# Images of one call. They are in memory at full size while they are encoded.
PRELABEL_BATCH, EMBEDDING_BATCH = 16, 4
EMBEDDINGS = "embeddings/"


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


@dataclass(frozen=True, eq=False)
class Labeler:
    """The segmentation model and its way to images."""

    engine: SegmentationEngine
    images: NotedImages


class PreLabels(ModelHandler[Shard, list[Outcome], Labeler]):
    """Pre-labels of the segmentation model, as tasks that Label Studio imports.

    Args:
        version: what the model must be; empty for any.
        environment: variables that a worker elsewhere takes over before it loads the model.
    """

    what = "pre-labels"

    def __init__(
        self,
        source: Source,
        config: str,
        version: str = "",
        environment: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(max_batch_size=1, min_batch_size=1)
        self._source = source
        self._config = config
        self._wanted = version
        self._environment = environment or {}

    def version(self) -> str:
        """Return the version of the model that predictions will have."""
        return segmentation_engine().version

    def load_model(self) -> Labeler:
        os.environ.update(self._environment)
        engine = segmentation_engine()
        _demand(self._wanted, engine.version)
        images = NotedImages(self._source.images(engine.settings, engine.gate))
        engine.images = images
        return Labeler(engine, images)

    def run_inference(
        self,
        batch: Sequence[Shard],
        model: Labeler,
        inference_args: Mapping[str, Any] | None = None,
    ) -> Iterable[list[Outcome]]:
        config = labeling_config(self._config)
        name = image_name(config)

        def outcomes(items: Shard) -> Iterator[Outcome]:
            tasks = [{"id": item.name, "data": {name: item.name}} for item in items]
            answers = model.engine.predict(tasks, config, None)
            for item, found in zip(items, answers, strict=True):
                content = model.images.taken(model.images.address(item.name, item.name))
                if isinstance(found, Unanswered):
                    yield _failed(item, found)
                else:
                    made = {"data": {name: self._source.address(item)}, "predictions": [found]}
                    yield Outcome(item, made, content=content)

        for shard in batch:
            yield [outcome for part in _parts(shard, PRELABEL_BATCH) for outcome in outcomes(part)]


@dataclass(frozen=True, eq=False)
class Encoder:
    """An interactive model and its way to images."""

    images: ImageAccess
    model: InteractiveModel


class Embeddings(ModelHandler[Shard, list[Outcome], Encoder]):
    """Embeddings of the interactive model, in the files that its backend keeps on disk.

    Args:
        version, environment: as for `PreLabels`.

    Attributes:
        place: where they go. What is in its folder `embeddings` is what SAM_DISK_FOLDER names
            afterwards.
    """

    what = "embeddings-of"

    def __init__(
        self,
        source: Source,
        place: Place,
        version: str = "",
        environment: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(max_batch_size=1, min_batch_size=1)
        self._source = source
        self.place = place
        self._wanted = version
        self._environment = environment or {}

    def version(self) -> str:
        """Return the name of the weights."""
        return interactive_model()[1].describe()

    def load_model(self) -> Encoder:
        os.environ.update(self._environment)
        settings, model = interactive_model()
        _demand(self._wanted, model.describe())
        return Encoder(self._source.images(settings), model)

    def run_inference(
        self,
        batch: Sequence[Shard],
        model: Encoder,
        inference_args: Mapping[str, Any] | None = None,
    ) -> Iterable[list[Outcome]]:
        def load(item: Item) -> Image | Unanswered:
            return attempt({"id": item.name}, lambda: model.images.load(item.name))

        with ThreadPoolExecutor(EMBEDDING_BATCH, "images") as readers:
            for shard in batch:
                yield [
                    self._outcome(item, image, model.model)
                    for part in _parts(shard, EMBEDDING_BATCH)
                    for item, image in zip(part, readers.map(load, part), strict=True)
                ]

    def _outcome(self, item: Item, image: Image | Unanswered, model: InteractiveModel) -> Outcome:
        if isinstance(image, Unanswered):
            return _failed(item, image)
        packed = attempt({"id": item.name}, partial(self._packed, image, model))
        if isinstance(packed, Unanswered):
            return _failed(item, packed)
        # What cannot be written ends the run: it would be so with every other, too.
        if packed is not None:
            key = key_of(image.identity, model.describe())
            self.place.write(EMBEDDINGS + file_of(key), packed.to_bytes(key))
        return Outcome(item, {"identity": image.identity})

    def _packed(self, image: Image, model: InteractiveModel) -> Packed | None:
        """Return an image's embedding; None where it is there already."""
        file = file_of(key_of(image.identity, model.describe()))
        if self.place.sizes(EMBEDDINGS + file):
            return None
        return Packed.of(image.identity, model.encode(image.pixels))


def _failed(item: Item, why: Unanswered) -> Outcome:
    return Outcome(item, None, Failure(why.kind, why.reason))


def model_of(plan: Plan) -> PreLabels | Embeddings:
    """Return the model that does a plan; it refuses to be another one than planned."""
    if plan.what == PreLabels.what:
        return PreLabels(plan.source(), plan.config, plan.version, plan.environment)
    return Embeddings(plan.source(), place_of(plan.output), plan.version, plan.environment)


def _demand(wanted: str, version: str) -> None:
    if wanted not in ("", version):
        raise BatchError(
            f"this machine has the model {version}, and the run was planned with {wanted}: its"
            " container must be built with the same weights"
        )


def _parts(shard: Shard, size: int) -> Iterator[Shard]:
    """The images of a shard in the order in which they are done, until somebody wants to stop."""
    for first in range(0, len(shard), size):
        if running.stopping.is_set():
            return
        yield shard[first : first + size]
