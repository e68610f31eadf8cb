"""From tasks with prompts to masks, and from tasks without to pre-labels of the other backend."""

from contextlib import suppress
from functools import partial

from backends.segment_anything_model.demo.grabcut import refine
from backends.segment_anything_model.embeddings import EmbeddingStore, EncodeAhead
from backends.segment_anything_model.mask_from_prompts import MaskFromPrompts
from backends.segment_anything_model.models import load_model
from backends.segment_anything_model.prelabels import Prelabels
from backends.segment_anything_model.prompts import read_prompts
from backends.segment_anything_model.questions import Question, questions
from backends.segment_anything_model.settings import SegmentAnythingSettings
from backends.serving import device as devices
from backends.serving.engine import Engine
from backends.serving.errors import BadRequest, Unanswered
from backends.serving.outcomes import Answer, Prediction, attempt, empty
from backends.serving.payloads import Json
from masks.errors import TaskError
from masks.labeling_config import LabelingConfig
from masks.regions import Region, regions_of


class SegmentAnythingEngine(Engine[SegmentAnythingSettings]):
    """A Segment Anything model, the embeddings of the images in work, and the way to pre-labels."""

    settings_class = SegmentAnythingSettings

    def __init__(self, settings: SegmentAnythingSettings) -> None:
        super().__init__(settings)
        model = load_model(settings.sam_checkpoint, settings.sam_model_type, settings.device)
        refining = settings.refines(model.is_demo)
        self.device_name = devices.named(model.device)
        self.version = model.describe() + ("+grabcut" if refining else "")
        self.store = EmbeddingStore(self.images, model, settings.cache_bytes, keep_pixels=refining)
        self.ahead = EncodeAhead(self.store)
        self.masks = MaskFromPrompts(model, refine if refining else None)
        self.prelabels = Prelabels.of(settings)

    def check(self, config: LabelingConfig) -> None:
        """Raises LabelingConfigError where a smart tool of the config can get no mask."""
        config.check_smart_controls()

    def predict(
        self, tasks: list[Json], config: LabelingConfig, context: Json | None
    ) -> list[Answer | Unanswered]:
        """Answer prompts with masks.

        Without prompts the tasks' images are encoded ahead of the first click and the segmentation
        backend's predictions are returned.
        """
        if context is not None:
            return [attempt(task, partial(self._segment, task, context, config)) for task in tasks]
        for task in tasks:
            with suppress(TaskError):  # The segmentation backend reports what is wrong with it.
                for image, _ in config.of(task).images_with_masks():
                    # The newest is encoded first, and a labeler begins with the first.
                    for url in reversed(image.addresses(task)):
                        self.ahead.add(self.address_of(task, url))
        if self.prelabels is None:
            return [empty(self.version) for _ in tasks]
        return [*self.prelabels.predict(tasks, config.text)]

    def _segment(self, task: Json, context: Json, config: LabelingConfig) -> Prediction:
        regions: list[Region] = []
        scores: list[float] = []
        for question in questions(context, config.of(task)):
            found, score = self._answer(task, question)
            regions += found
            scores.append(score)
        return self.prediction(regions, sum(scores) / len(scores) if scores else 0.0)

    def _answer(self, task: Json, question: Question) -> tuple[list[Region], float]:
        url = question.image.address(task, question.item_index)
        image = self.store.get(self.address_of(task, url))
        height, width = image.embedding.original_size
        prompts = read_prompts(question.prompts, width, height)
        if not prompts.shows_something:
            raise BadRequest(
                "begin with a click on the object: a click with Alt only takes away from a mask"
            )
        # At full size a mask takes a dozen times its pixels in bytes.
        with self.gate.working_on(height * width):
            mask, score = devices.sparing_memory(partial(self.masks.mask, image, prompts))
            if not mask.any():
                raise BadRequest("the model found nothing there; click elsewhere, or draw a box")
            found = regions_of(mask, question.control, question.label, score, question.item_index)
        return found, score
