"""Segment Anything as a Label Studio ML backend."""

from backends.segment_anything_model.encode_queue import Priority
from backends.segment_anything_model.engine import SegmentAnythingEngine
from backends.serving.backend import EngineBackend
from backends.serving.errors import BadRequest
from backends.serving.payloads import Json
from masks.labeling_config import labeling_config


class SegmentAnythingBackend(EngineBackend):
    """Masks for clicks and boxes; pre-labels, passed on, for tasks that are merely opened."""

    engine_class = SegmentAnythingEngine
    engine: SegmentAnythingEngine

    def prepare(self, tasks: list[Json], label_config: str | None, why: str) -> Json:
        """Encode the images of tasks before anybody clicks on them; returns at once.

        Args:
            tasks: the most wanted first.
            why: a `Priority` in lower case.

        Returns:
            {"tasks": `SegmentAnythingEngine.prepare`, "on_disk": whether it outlives the process}.

        Raises:
            BadRequest: there is no such priority, or it is not to be had without a click.
            LabelingConfigError: the labeling config cannot be read.
        """
        known = [one.name.lower() for one in Priority if one is not Priority.CLICK]
        if why not in known:
            raise BadRequest(f"why must be one of {', '.join(known)}, not {why!r}")
        config = labeling_config(label_config or self.label_config)
        states = self.engine.prepare(tasks, config, Priority[why.upper()])
        return {"tasks": states, "on_disk": self.engine.store.on_disk}
