"""A run on GPUs of Google's: what it takes, whether somebody wants it, and how it begins."""

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from apache_beam.options.pipeline_options import PipelineOptions

from batch import cloud_run, dataflow
from batch.errors import BatchError
from batch.pipeline import elsewhere
from batch.places import BucketPlace, place_of
from batch.plan import Plan, address_of, write_plan
from batch.quote import Quote, images_per_second
from batch.sources import Shard
from batch.stack import Stack, read_stack


@dataclass(frozen=True)
class Job:
    """A run elsewhere, before it begins."""

    runner: str
    stack: Stack
    plan: Plan
    workers: int
    speed: float | None
    dry_run: bool
    yes: bool

    @classmethod
    def of(cls, given: argparse.Namespace, plan: Plan) -> "Job":
        """Return the job that somebody asks for.

        Raises:
            BatchError: workers elsewhere could not see the images, or write where they shall.
        """
        if plan.root:
            raise BatchError(
                f"{plan.root} is on this machine, where --runner {given.runner} cannot see it."
                " Copy it to a bucket first: gcloud storage rsync -r FOLDER gs://BUCKET/FOLDER"
            )
        if not isinstance(place_of(plan.output), BucketPlace):
            raise BatchError(
                f"--runner {given.runner} cannot write to {plan.output}: give gs://bucket/folder"
            )
        return cls(
            given.runner,
            read_stack(given.stack, given.runner),
            plan,
            given.workers,
            given.images_per_second,
            given.dry_run,
            given.yes,
        )

    def wanted(self, shards: Sequence[Shard]) -> bool:
        """Say what it takes; return whether it shall begin."""
        images = sum(map(len, shards))
        quote = Quote(self.runner, images, self.workers, self._speed, self.speed is not None)
        print(quote.sentence(), flush=True)
        if self.dry_run:
            print(self.described(shards))
            return False
        if self.yes:
            return True
        if not sys.stdin.isatty():
            raise BatchError("nobody is here to agree; give --yes")
        return input("Begin? [y/N] ").strip().lower() in ("y", "yes")

    def described(self, shards: Sequence[Shard]) -> str:
        """Return the job's description, as the runner gets it."""
        address = address_of(self.plan, shards, self._parts(shards))
        if self.runner == "dataflow":
            given = dataflow.options(self.stack, address, self.workers)
            # Beam makes the job of it, and sends nothing.
            dry = PipelineOptions([*given, "--dry_run=True"])
            elsewhere(self.plan, address, self._parts(shards), dry).run()
            made = PipelineOptions(given).get_all_options(drop_default=True)
        else:
            made = cloud_run.job(self.stack, address, self._parts(shards), self.workers)
        return json.dumps(made, indent=2)

    def run(self, shards: Sequence[Shard]) -> None:
        """Begin, and return when it is over. After Ctrl-C it goes on without being watched.

        Raises:
            BatchError: it did not begin, or did not end well.
        """
        parts = self._parts(shards)
        address = write_plan(self.plan, shards, parts)
        if self.runner == "dataflow":
            options = PipelineOptions(dataflow.options(self.stack, address, self.workers))
            result = elsewhere(self.plan, address, parts, options).run()
            state = str(result.wait_until_finish())
            if state != "DONE":
                raise BatchError(f"Dataflow ended the job as {state}; the same command goes on")
            return
        cloud = cloud_run.CloudRun(self.stack)
        execution = cloud.run(cloud_run.job(self.stack, address, parts, self.workers))
        print(f"{execution}\n  it goes on after Ctrl-C; so does the bill", flush=True)
        if not cloud.wait(execution, print):
            raise BatchError(
                "some tasks did not end well; the job's log says why, and the same command goes on"
            )

    @property
    def _speed(self) -> float:
        return self.speed or images_per_second(self.plan.version)

    def _parts(self, shards: Sequence[Shard]) -> int:
        images = sum(map(len, shards))
        if self.runner == "dataflow":
            return -(-images // dataflow.PART_IMAGES)
        return min(len(shards), cloud_run.task_count(images, self._speed))
