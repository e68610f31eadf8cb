"""The pipeline for archives and its bare model in turns, in one process of the pipeline's own.

    .local/env/batch/bin/python -m benchmarks.archive_sides pre-labels IMAGES OUTPUT --pairs 3

One process, because both sides then have the same weights, loaded once, and neither the start of
Python nor the loading counts. The pipeline is the whole command: it lists a folder, reads and
decodes its files, has the model work on them, makes regions or packs embeddings, and writes. The
bare model gets the same pictures, decoded beforehand, in the batches that the pipeline uses, and
its answers are dropped: class maps of the pictures' size, or embeddings. Prints one line of JSON.
"""

import argparse
import io
import json
import os
from collections.abc import Callable
from contextlib import redirect_stdout
from pathlib import Path

import numpy as np

from backends.serving.settings import ModelSettings
from batch import __main__ as batch
from batch.models import interactive_model, segmentation_engine
from batch.sources import Folder
from benchmarks.speed.timing import pairs

CONFIG = Path(__file__).resolve().parents[1] / "templates" / "labeling" / "garments.xml"


def main() -> None:
    """Time both sides, and print how long each took, by the clock and by its CPU."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=("pre-labels", "embeddings"))
    parser.add_argument("images", type=Path)
    parser.add_argument("output", type=Path)
    parser.add_argument("--pairs", type=int, default=3)
    given = parser.parse_args()
    if os.environ.get("BENCHMARK_SMOOTH"):
        from transformers import SegformerForSemanticSegmentation

        from benchmarks.speed.outfit import dressed

        dressed(SegformerForSemanticSegmentation)
    bare = _segmented if given.what == "pre-labels" else _encoded
    ratio, theirs, ours = pairs(
        bare(_pixels(given.images)),
        _pipeline(given.what, given.images, given.output),
        given.pairs,
    )
    told = {"ratio": ratio, "bare": vars(theirs), "pipeline": vars(ours)}
    print(json.dumps(told))


def _pixels(folder: Path) -> list[np.ndarray]:
    source = Folder(folder)
    images = source.images(ModelSettings.from_environment(os.environ))
    return [images.load(item.name).pixels for item in source.items()]


def _segmented(pictures: list[np.ndarray]) -> Callable[[int], None]:
    engine = segmentation_engine()
    size = engine.settings.segmentation_batch

    def work(number: int) -> None:
        for first in range(0, len(pictures), size):
            engine.model.predict(pictures[first : first + size])

    return work


def _encoded(pictures: list[np.ndarray]) -> Callable[[int], None]:
    _, model = interactive_model()

    def work(number: int) -> None:
        for pixels in pictures:
            model.encode(pixels)

    return work


def _pipeline(what: str, images: Path, output: Path) -> Callable[[int], None]:
    """Return a call that runs the whole command, each time into another folder."""
    config = ["--config", str(CONFIG)] if what == "pre-labels" else []

    def work(number: int) -> None:
        said = io.StringIO()
        with redirect_stdout(said):
            status = batch.main([what, str(images), str(output / str(number)), *config])
        if status:
            raise RuntimeError(said.getvalue())

    return work


if __name__ == "__main__":
    main()
