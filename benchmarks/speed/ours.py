"""Our two backends as they are, but for what random weights answer: MODEL_CLASS of the benchmark.

Only where BENCHMARK_SMOOTH is set: real weights are measured with their own masks.
"""

import os
from dataclasses import replace
from typing import Any

from transformers import SegformerForSemanticSegmentation

from backends.segment_anything_model.backend import SegmentAnythingBackend
from backends.segment_anything_model.sam import SegmentAnything
from backends.segmentation.backend import SegmentationBackend
from benchmarks.speed.garment import garment
from benchmarks.speed.outfit import dressed

__all__ = ["SegmentAnythingBackend", "SegmentationBackend"]


def _smooth() -> None:
    decode = SegmentAnything.decode

    def decoded(self: SegmentAnything, *arguments: Any, **named: Any) -> Any:
        answer = decode(self, *arguments, **named)
        return replace(answer, on_image=garment(answer.on_image))

    SegmentAnything.decode = decoded
    dressed(SegformerForSemanticSegmentation)


if os.environ.get("BENCHMARK_SMOOTH"):
    _smooth()
