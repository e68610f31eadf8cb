"""Segment Anything as a Label Studio ML backend."""

from backends.segment_anything_model.engine import SegmentAnythingEngine
from backends.serving.backend import EngineBackend


class SegmentAnythingBackend(EngineBackend):
    """Masks for clicks and boxes; pre-labels, passed on, for tasks that are merely opened."""

    engine_class = SegmentAnythingEngine
