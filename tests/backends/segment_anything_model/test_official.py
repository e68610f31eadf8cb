"""The official package's models come alone; the rest of it comes when it is asked for."""

import subprocess
import sys

SCRIPT = """
import sys
import numpy as np
import backends.segment_anything_model.backend
from backends.segment_anything_model import official
from backends.segment_anything_model.demo.small_sam import build_small_sam
from backends.segment_anything_model.sam import SegmentAnything
sam = build_small_sam(None)
sam.image_encoder = official.image_encoder.ImageEncoderViT(
    img_size=256, embed_dim=24, depth=2, num_heads=3, out_chans=8, use_rel_pos=True,
    window_size=3, global_attn_indexes=(1,),
)
SegmentAnything(sam, "cpu").encode(np.zeros((60, 90, 3), np.uint8))
print(sorted({"torchvision", "sympy", "transformers"} & sys.modules.keys()))
import segment_anything
from segment_anything import SamPredictor, sam_model_registry
print(segment_anything.SamPredictor is SamPredictor, "torchvision" in sys.modules)
print(sam_model_registry is official.sam_model_registry)
try:
    segment_anything.nothing
except AttributeError as error:
    print(error)
"""


def test_whoever_encodes_imports_neither_torchvision_nor_the_predictor() -> None:
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
