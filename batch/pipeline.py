"""The pipeline: shards of images to be done -> model -> files.

A shard is looked at, worked on and written by one worker, in one go. So its file is there as soon
as its images are done, and a runner that does it again, after a fault or because of a second
worker, finds it done or writes the same file.
"""

import logging
from collections.abc import Iterator, Sequence

import apache_beam as beam
from apache_beam.ml.inference.base import RunInference
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.pvalue import PCollection
from apache_beam.runners.portability.fn_api_runner.fn_runner import FnApiRunner

from batch.errors import BatchError
from batch.models import Embeddings, PreLabels, model_of
from batch.plan import Plan, read_parts
from batch.results import Outcome, Results
from batch.running import running
from batch.sources import Item, Shard


class NotDone(beam.DoFn):
    """Passes on what no earlier attempt has completed, while nobody wants to stop."""

    def __init__(self, results: Results) -> None:
        self._results = results

    def process(self, element: Shard) -> Iterator[Shard]:
        if running.stopping.is_set():
            return
        if self._results.has(element):
            running.keep(len(element))
        else:
            yield element


class Keep(beam.DoFn):
    """Writes the outcomes of a shard."""

    def __init__(self, results: Results) -> None:
        self._results = results

    def process(self, element: list[Outcome]) -> Iterator[None]:
        if element:
            self._results.write(element)
            running.keep(len(element))
        yield from ()


def in_shards(items: Sequence[Item], most: int) -> list[Shard]:
    """Return images in shards of `most`, the last of which may have fewer."""
    return [tuple(items[first : first + most]) for first in range(0, len(items), most)]


def run_here(shards: Sequence[Shard], model: PreLabels | Embeddings, results: Results) -> None:
    """Do shards in this process, by Beam's own in-memory runner.

    It is named here because the default may choose Prism instead, which downloads a program.

    Raises:
        BatchError: results cannot be written, or the model is another one than planned.
    """
    # It logs what it raises, with all of its calls.
    logging.getLogger("apache_beam.runners.common").setLevel(logging.CRITICAL)
    pipeline = beam.Pipeline(runner=FnApiRunner(), options=PipelineOptions([]))
    work(pipeline | "Shards" >> beam.Create(shards, reshuffle=False), model, results)
    try:
        pipeline.run().wait_until_finish()
    except BatchError as error:
        # Beam adds the name of the step.
        raise BatchError(str(error).partition(" [while running")[0]) from error


def elsewhere(plan: Plan, address: str, parts: int, options: PipelineOptions) -> beam.Pipeline:
    """Return the pipeline of a plan, for a runner with workers elsewhere.

    It begins with the numbers of the plan's parts: a job's description has room for 10 MB, and the
    names of a large archive take more.

    Args:
        address: where the plan is.
        parts: how many parts it has.
    """

    def shards_of(part: int) -> list[Shard]:
        return read_parts(address, part, parts)[1]

    pipeline = beam.Pipeline(options=options)
    shards = (
        pipeline
        | "Parts" >> beam.Create(range(parts))
        | "Shards" >> beam.FlatMap(shards_of)
        | "To all workers" >> beam.Reshuffle()
    )
    work(shards, model_of(plan), plan.results())
    return pipeline


def work(shards: PCollection[Shard], model: PreLabels | Embeddings, results: Results) -> None:
    """Add to a pipeline what is done with shards, whatever its runner."""
    _ = (
        shards
        | "Not done" >> beam.ParDo(NotDone(results))
        | "Model" >> RunInference(model)
        | "Keep" >> beam.ParDo(Keep(results))
    )
