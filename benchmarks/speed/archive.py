"""Figures of the pipeline for archives: images a second beside its bare model, with real sizes."""

import json
import os
import subprocess
from pathlib import Path

from backends.segmentation.settings import CLOTHES_LABEL_MAP
from benchmarks.archive import PYTHON
from benchmarks.speed.prelabels import SIZE, write_segformer
from benchmarks.speed.run import Run
from benchmarks.speed.servers import ROOT
from benchmarks.speed.timing import Samples, ratio

# Pictures of one run: as many as the pipeline gives its models in one call (batch/models.py). Beam
# ends a run at a multiple of 0.2 s, when its state sampler wakes. Of eight pictures' 3.5 s that was
# up to a twentieth, and the row went from 0.78 to 0.85 with it.
SEGMENTED, ENCODED = 16, 4


def measure(run: Run) -> None:
    """Measure the group `archive`."""
    if run.want("archive_prelabels"):
        model = {
            "SEGMENTATION_MODEL": str(write_segformer(run.folder)),
            "SEGMENTATION_LABEL_MAP": str(CLOTHES_LABEL_MAP),
            "BENCHMARK_SMOOTH": "1",
        }
        _measure(run, "archive_prelabels", "pre-labels", SEGMENTED, model)
    if run.want("archive_embeddings"):
        model = {"SAM_CHECKPOINT": str(run.weights.checkpoint)}
        _measure(run, "archive_embeddings", "embeddings", ENCODED, model)


def _measure(run: Run, name: str, what: str, count: int, model: dict[str, str]) -> None:
    images, output = run.folder / f"{what}-images", run.folder / f"{what}-made"
    images.mkdir()
    for seed in range(count):
        content = run.pictures.content(f"/{SIZE}/{seed}.jpg") or b""
        (images / f"{seed}.jpg").write_bytes(content)
    told = _told(what, images, output, run.samples(3, 1), model)
    bare, ours = Samples(**told["bare"]), Samples(**told["pipeline"])
    by_cpu = ratio(bare.cpu, ours.cpu)
    run.note(
        name,
        told["ratio"],
        f"bare model {bare.told()}, pipeline {ours.told()}, for {count}; by CPU {by_cpu:.3g} times",
    )


def _told(what: str, images: Path, output: Path, pairs: int, model: dict[str, str]) -> dict:
    """Have both sides run in the pipeline's environment; return what they took.

    Raises:
        ValueError: they did not; the message ends with their last words.
    """
    command = [PYTHON, "-m", "benchmarks.archive_sides", what, images, output, "--pairs", pairs]
    done = subprocess.run(
        [str(word) for word in command],
        cwd=ROOT,
        env={**os.environ, **model, "HF_HUB_OFFLINE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise ValueError(f"the pipeline beside its model: {done.stderr[-1000:]}")
    return json.loads(done.stdout.splitlines()[-1])
