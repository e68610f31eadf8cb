"""The official package's models come alone; the rest of it comes when it is asked for."""

import subprocess
import sys

SCRIPT = """
import sys
import backends.segment_anything_model.backend
from backends.segment_anything_model.sam import SegmentAnything
print(sorted({"torchvision", "sympy", "transformers"} & sys.modules.keys()))
import segment_anything
from segment_anything import SamPredictor, sam_model_registry
from backends.segment_anything_model import official
print(segment_anything.SamPredictor is SamPredictor, "torchvision" in sys.modules)
print(sam_model_registry is official.sam_model_registry)
try:
    segment_anything.nothing
except AttributeError as error:
    print(error)
"""


def test_a_backend_imports_neither_torchvision_nor_the_predictor() -> None:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True
    )
    alone, *whole = done.stdout.splitlines()
    assert alone == "[]"
    assert whole == [
        "True True",
        "True",
        "module 'segment_anything' has no attribute 'nothing'",
    ]
