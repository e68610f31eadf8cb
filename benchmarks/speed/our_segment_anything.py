"""Our interactive backend as it is, but for what random weights answer: the MODEL_CLASS measured.

Only where BENCHMARK_SMOOTH is set: real weights are measured with their own masks. What the backend
itself does not import, this does not either: its memory is measured.
"""

import os
from dataclasses import replace
from typing import Any

from backends.segment_anything_model.backend import SegmentAnythingBackend
from backends.segment_anything_model.sam import SegmentAnything
from benchmarks.speed.garment import garment

__all__ = ["SegmentAnythingBackend"]


def _smooth() -> None:
    decode = SegmentAnything.decode

    def decoded(self: SegmentAnything, *arguments: Any, **named: Any) -> Any:
        answer = decode(self, *arguments, **named)
        return replace(answer, on_image=garment(answer.on_image))

    SegmentAnything.decode = decoded


if os.environ.get("BENCHMARK_SMOOTH"):
    _smooth()
