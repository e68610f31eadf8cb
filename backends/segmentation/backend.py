"""Segmentation as a Label Studio ML backend."""

from backends.segmentation.engine import SegmentationEngine
from backends.serving.backend import EngineBackend


class SegmentationBackend(EngineBackend):
    """Pre-labels: one prediction per task from a semantic segmentation model."""

    engine_class = SegmentationEngine
