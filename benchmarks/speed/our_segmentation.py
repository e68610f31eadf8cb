"""Our pre-label backend as it is, but for what random weights answer: the MODEL_CLASS measured."""

import os

from transformers import SegformerForSemanticSegmentation

from backends.segmentation.backend import SegmentationBackend
from benchmarks.speed.outfit import dressed

__all__ = ["SegmentationBackend"]

if os.environ.get("BENCHMARK_SMOOTH"):
    dressed(SegformerForSemanticSegmentation)
