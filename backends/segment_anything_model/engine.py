"""From tasks with prompts to masks, and from tasks without to pre-labels of the other backend."""

import time
from collections.abc import Sequence
from functools import partial

from backends.segment_anything_model.demo.grabcut import refine
from backends.segment_anything_model.embeddings import EmbeddingStore, State
from backends.segment_anything_model.encode_queue import Priority
from backends.segment_anything_model.kept import KeptEmbeddings
from backends.segment_anything_model.mask_from_prompts import MaskFromPrompts
from backends.segment_anything_model.models import load_model
from backends.segment_anything_model.prelabels import Prelabels
from backends.segment_anything_model.prompts import read_prompts
from backends.segment_anything_model.questions import Question, questions
from backends.segment_anything_model.settings import SegmentAnythingSettings
from backends.serving import device as devices
from backends.serving import precision
from backends.serving.engine import Engine
from backends.serving.errors import BadRequest, Cannot, Unanswered
from backends.serving.images import ImageAccess
from backends.serving.outcomes import Answer, Prediction, attempt, empty
from backends.serving.payloads import Json
from masks.errors import LabelingConfigError, TaskError
from masks.labeling_config import LabelingConfig
from masks.regions import Region, regions_of

# Label Studio gives up on a click after 100 s; what is left of them is for the mask itself.
ANSWER_SECONDS = 95.0


class SegmentAnythingEngine(Engine[SegmentAnythingSettings]):
    """A Segment Anything model, the embeddings of the images in work, and the way to pre-labels."""

    settings_class = SegmentAnythingSettings

    def __init__(self, settings: SegmentAnythingSettings) -> None:
        super().__init__(settings)
        device = devices.chosen(settings.device)
        self.precision = precision.chosen(settings.precision, device)
        model = load_model(
            settings.sam_checkpoint, settings.sam_model_type, device.type, self.precision
        )
        refining = settings.refines(model.is_demo)
        self.device_name = devices.named(model.device)
        self.version = model.describe() + ("+grabcut" if refining else "")
        # A gate of their own: images that wait for the encoder must not keep masks from being made.
        self.images = ImageAccess(settings)
        kept = None
        if settings.sam_disk_folder is not None and settings.disk_bytes:
            kept = KeptEmbeddings(settings.sam_disk_folder, settings.disk_bytes, model.describe())
        self.store = EmbeddingStore(self.images, model, settings.cache_bytes, refining, kept)
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
        # Label Studio asks for the prediction of a task that is opened, and for those of many.
        self.prepare(tasks, config, Priority.OPENED if len(tasks) == 1 else Priority.CREATED)
        if self.prelabels is None:
            return [empty(self.version) for _ in tasks]
        return [*self.prelabels.predict(tasks, config.text)]

    def prepare(self, tasks: list[Json], config: LabelingConfig, priority: Priority) -> list[Json]:
        """Encode the images of tasks before anybody clicks on them; returns at once.

        Args:
            tasks: the most wanted first.

        Returns:
            For each {"id", "state"}: "ready", "waiting", "full" (no place in the queue, ask again
            later), or "failed" with "kind" and "reason"; of several images the least ready counts.
        """
        urls: list[str] = []
        found: list[list[int] | Cannot] = []
        for task in tasks:
            try:
                of_task = [
                    self.address_of(task, url)
                    for image, _ in config.of(task).images_with_masks()
                    for url in image.addresses(task)
                ]
            except (TaskError, LabelingConfigError) as error:
                found.append(Cannot(str(error)))
                continue
            found.append([*range(len(urls), len(urls) + len(of_task))])
            urls += of_task
        states = self.store.prepare(urls, priority)
        return [
            {
                "id": task.get("id"),
                **_told([one] if isinstance(one, Cannot) else [states[number] for number in one]),
            }
            for task, one in zip(tasks, found, strict=True)
        ]

    def _segment(self, task: Json, context: Json, config: LabelingConfig) -> Prediction:
        regions: list[Region] = []
        scores: list[float] = []
        for question in questions(context, config.of(task)):
            found, score = self._answer(task, question)
            regions += found
            scores.append(score)
        return self.prediction(regions, sum(scores) / len(scores) if scores else 0.0)

    def _answer(self, task: Json, question: Question) -> tuple[list[Region], float]:
        started = time.monotonic()
        url = question.image.address(task, question.item_index)
        image = self.store.get(self.address_of(task, url))
        height, width = image.embedding.original_size
        prompts = read_prompts(question.prompts, width, height)
        if not prompts.shows_something:
            raise BadRequest(
                "begin with a click on the object: a click with Alt only takes away from a mask"
            )
        # At full size a mask takes a dozen times its pixels in bytes.
        left = ANSWER_SECONDS - (time.monotonic() - started)
        with self.gate.working_on(height * width, left):
            mask, score = devices.sparing_memory(partial(self.masks.mask, image, prompts))
            if not mask.any():
                raise BadRequest("the model found nothing there; click elsewhere, or draw a box")
            found = regions_of(
                mask,
                question.control,
                question.label,
                score,
                question.item_index,
                question.more,
            )
        return found, score


def _told(states: Sequence[State | Unanswered]) -> Json:
    """One state for the images of a task together."""
    for state in states:
        if isinstance(state, Unanswered):
            return {"state": "failed", "kind": state.kind, "reason": state.reason}
    return {"state": next((one for one in ("full", "waiting") if one in states), "ready")}
