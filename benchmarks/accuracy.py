"""How good the demo models are on drawn scenes that they were not trained on.

python -m benchmarks.accuracy [--scenes 100] [--json FILE]

The scenes' seeds start at HELD_OUT_SEED, far from those of training. Nothing here says how the
models do on photographs.
"""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch

from benchmarks.report import Result, table
from benchmarks.segment_anything import measure_segment_anything
from benchmarks.segmentation import measure_segmentation

ROOT = Path(__file__).parents[1]
SAM_WEIGHTS = ROOT / "backends/segment_anything_model/demo/sam_small.safetensors"
SEGMENTATION_WEIGHTS = ROOT / "backends/segmentation/demo"
SIZE = (900, 600)


@dataclass(frozen=True)
class Options:
    scenes: int
    sam: Path
    segmentation: Path
    json: Path | None


def measure(options: Options) -> list[Result]:
    """All rows, Segment Anything first."""
    torch.manual_seed(0)
    np.random.seed(0)
    return [
        *measure_segment_anything(options.sam, options.scenes, SIZE),
        *measure_segmentation(options.segmentation, options.scenes, SIZE),
    ]


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.accuracy",
        description="IoU of the demo models on held-out drawn scenes, beside simple methods.",
    )
    parser.add_argument("--scenes", type=int, default=100, help="default 100")
    parser.add_argument("--sam", type=Path, default=SAM_WEIGHTS)
    parser.add_argument("--segmentation", type=Path, default=SEGMENTATION_WEIGHTS)
    parser.add_argument("--json", type=Path, help="also write the rows here")
    options = Options(**vars(parser.parse_args(arguments)))
    started = time.monotonic()
    results = measure(options)
    print(f"{options.scenes} held-out drawn scenes, {SIZE[1]} x {SIZE[0]} pixels; IoU\n")
    print(table(results))
    print(f"\n{time.monotonic() - started:.0f} s. Drawn scenes only: says nothing of photographs.")
    if options.json:
        options.json.write_text(json.dumps([asdict(result) for result in results], indent=1) + "\n")


if __name__ == "__main__":
    main()
