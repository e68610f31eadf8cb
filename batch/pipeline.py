"""The pipeline: images to be done -> model -> files."""

import threading
import time
from collections.abc import Iterator, Sequence

import apache_beam as beam
from apache_beam.ml.inference.base import RunInference
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.runners.portability.fn_api_runner.fn_runner import FnApiRunner

from batch.models import Embeddings, PreLabels
from batch.results import Outcome, Results
from batch.sources import Item

# Beside the batch at work, what a kill may cost.
KEEP_SECONDS = 10.0


# Set, it lets a run in this process end as if what is not begun were not there.
stopping = threading.Event()


class UntilStopped(beam.DoFn):
    """Passes images on while nobody wants to stop."""

    def process(self, element: Item) -> Iterator[Item]:
        if not stopping.is_set():
            yield element


class Keep(beam.DoFn):
    """Writes outcomes, many to a file: when there are enough, and when a while has passed."""

    def __init__(self, results: Results, most: int) -> None:
        self._results = results
        self._most = most

    def start_bundle(self) -> None:
        self._waiting: list[Outcome] = []
        self._since = time.monotonic()

    def process(self, element: Outcome) -> Iterator[Outcome]:
        self._waiting.append(element)
        waited = time.monotonic() - self._since
        if len(self._waiting) >= self._most or waited > KEEP_SECONDS:
            self._write()
        yield from ()

    def finish_bundle(self) -> None:
        self._write()

    def _write(self) -> None:
        if self._waiting:
            self._results.write(self._waiting)
        self._waiting, self._since = [], time.monotonic()


def run(items: Sequence[Item], model: PreLabels | Embeddings, results: Results, most: int) -> None:
    """Do the items in this process, by Beam's own in-memory runner.

    It is named here because the default may choose Prism instead, which downloads a program.

    Args:
        most: results in one file.
    """
    pipeline = beam.Pipeline(runner=FnApiRunner(), options=PipelineOptions([]))
    _ = (
        pipeline
        | "Images" >> beam.Create(items, reshuffle=False)
        | "Until stopped" >> beam.ParDo(UntilStopped())
        | "Model" >> RunInference(model)
        | "Keep" >> beam.ParDo(Keep(results, most))
    )
    pipeline.run().wait_until_finish()
