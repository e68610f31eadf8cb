"""From tasks with prompts to masks, and from tasks without to pre-labels of the other backend."""

from contextlib import suppress
from functools import partial

from backends.segment_anything_model.demo.grabcut import refine
from backends.segment_anything_model.embeddings import EmbeddingStore, EncodeAhead
from backends.segment_anything_model.mask_from_prompts import MaskFromPrompts
from backends.segment_anything_model.prelabels import Prelabels
from backends.segment_anything_model.prompts import prompt_groups
from backends.segment_anything_model.sam import SegmentAnything
from backends.segment_anything_model.settings import SegmentAnythingSettings
from backends.serving import device as devices
from backends.serving.engine import Engine
from backends.serving.errors import Unanswered
from backends.serving.outcomes import Answer, Prediction, attempt, empty
from backends.serving.payloads import Json
from masks.errors import TaskError
from masks.labeling_config import MaskControl
from masks.regions import Region, regions_of


class SegmentAnythingEngine(Engine[SegmentAnythingSettings]):
    """A Segment Anything model, the embeddings of the images in work, and the way to pre-labels."""

    settings_class = SegmentAnythingSettings

    def __init__(self, settings: SegmentAnythingSettings) -> None:
        super().__init__(settings)
        model = SegmentAnything.load(
            settings.sam_checkpoint, settings.sam_model_type, settings.device
        )
        refining = settings.refines(model.is_demo)
        self.device_name = devices.named(model.device)
        self.version = model.describe() + ("+grabcut" if refining else "")
        self.store = EmbeddingStore(self.images, model, settings.cache_bytes, keep_pixels=refining)
        self.ahead = EncodeAhead(self.store)
        self.masks = MaskFromPrompts(model, refine if refining else None)
        self.prelabels = Prelabels.of(settings)

    def predict(
        self, tasks: list[Json], control: MaskControl, label_config: str, context: Json | None
    ) -> list[Answer | Unanswered]:
        """Answer prompts with masks.

        Without prompts the tasks' images are encoded ahead of the first click and the segmentation
        backend's predictions are returned.
        """
        if context is not None:
            return [attempt(task, partial(self._segment, task, context, control)) for task in tasks]
        for task in tasks:
            with suppress(TaskError):  # The segmentation backend reports what is wrong with it.
                self.ahead.add(self.address_of(task, control))
        if self.prelabels is None:
            return [empty(self.version) for _ in tasks]
        return [*self.prelabels.predict(tasks, label_config)]

    def _segment(self, task: Json, context: Json, control: MaskControl) -> Prediction:
        image = self.store.get(self.address_of(task, control))
        height, width = image.embedding.original_size
        regions: list[Region] = []
        scores: list[float] = []
        for group in prompt_groups(context, width, height):
            if not group.shows_something:
                continue
            # At full size a mask takes a dozen times its pixels in bytes.
            with self.gate.working_on(height * width):
                mask, score = devices.sparing_memory(partial(self.masks.mask, image, group))
                label = control.label_for(group.label) if group.label else None
                regions += regions_of(mask, control, label, score)
            scores.append(score)
        return self.prediction(regions, sum(scores) / len(scores) if scores else 0.0)
