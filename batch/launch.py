"""A run from its beginning to its end: what is left to be done, by whom, and what came of it."""

import argparse
import os
import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tqdm import tqdm

from batch.errors import BatchError
from batch.models import Embeddings, PreLabels, image_name, model_of
from batch.pipeline import in_shards, run_here
from batch.places import place_of
from batch.plan import Plan, read_parts, travelling, write_plan
from batch.results import Results
from batch.running import running
from batch.sources import Folder, Shard, source_of
from masks.labeling_config import labeling_config

DONE, SOME_FAILED, INTERRUPTED = 0, 1, 130
TOLD_FAILURES = 10
LINE_SECONDS = 60.0


def work(given: argparse.Namespace) -> int:
    """Do what is left to be done, and say what came of it; return the exit status."""
    source, place = source_of(given.images, given.address), place_of(given.output)
    config = _config(given.config) if given.config else ""
    model = Embeddings(source, place) if given.config is None else PreLabels(source, config)
    root, prefix = (str(source.root), source.prefix) if isinstance(source, Folder) else ("", "")
    plan = Plan(model.what, model.version(), str(place), config, root, prefix, travelling())
    job = None
    if given.runner != "direct":
        from batch.elsewhere import Job

        job = Job.of(given, plan)
    results = plan.results()
    done = results.done(given.retry_failed)
    every = list(source.items())
    items = [item for item in every if item not in done]
    print(f"{plan.version}: {len(every)} images, {len(items)} to do", flush=True)
    if not every:
        raise BatchError(f"{given.images} has no images")
    shards = in_shards(items, given.shard)
    if items:
        if job is not None and not job.wanted(shards):
            return DONE
        results.forget({item.name for item in items})
        if given.plan_only:
            print(write_plan(plan, shards, min(given.workers, len(shards))))
            return DONE
        if job is not None:
            job.run(shards)
        else:
            _stop_when_asked()
            _run(shards, model, results)
        if running.stopping.is_set():
            print("stopped. The same command goes on from there.", file=sys.stderr)
            return INTERRUPTED
    return _tell(results, {item.name for item in every})


def part(plan: str) -> int:
    """Do this task's share of a plan; what failed is told there, and no fault of the task."""
    index = int(os.environ.get("CLOUD_RUN_TASK_INDEX", 0))
    count = int(os.environ.get("CLOUD_RUN_TASK_COUNT", 1))
    how, shards = read_parts(plan, index, count)
    print(f"task {index} of {count}: {sum(map(len, shards))} images", flush=True)
    if shards:
        # Not stopped halfway through a shard, as a second try does the whole one again.
        _run(shards, model_of(how), how.results())
    return DONE


def _config(path: Path) -> str:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BatchError(f"{path} cannot be read: {error}") from error
    image_name(labeling_config(text))
    return text


def _run(shards: Sequence[Shard], model: PreLabels | Embeddings, results: Results) -> None:
    """Run the pipeline here, and say how quick it was."""
    started = time.monotonic()
    with _progress(sum(map(len, shards))):
        run_here(shards, model, results)
    count, seconds = running.kept, time.monotonic() - started
    print(f"{count} images in {seconds:.0f} s, {count / seconds:.2f} images/s")


def _stop_when_asked() -> None:
    """From now on, let Ctrl-C end what is begun and keep it; a second one ends the process."""

    def stop(*_: object) -> None:
        if running.stopping.is_set():
            os._exit(INTERRUPTED)
        running.stopping.set()
        print("\nstopping when the images at work are done ...", file=sys.stderr, flush=True)

    signal.signal(signal.SIGINT, stop)


@contextmanager
def _progress(total: int) -> Iterator[None]:
    """A bar where somebody looks, and a line now and then where nobody does."""
    over = threading.Event()

    def show() -> None:
        with tqdm(total=total, unit="image", mininterval=1.0) as bar:
            while not over.wait(1.0):
                bar.update(running.kept - bar.n)
            bar.update(running.kept - bar.n)

    def write() -> None:
        while not over.wait(LINE_SECONDS):
            print(f"{running.kept} of {total} images", file=sys.stderr, flush=True)

    watcher = threading.Thread(target=show if sys.stderr.isatty() else write, daemon=True)
    watcher.start()
    try:
        yield
    finally:
        over.set()
        watcher.join()


def _tell(results: Results, names: set[str]) -> int:
    """Say what is there and what is not; return the exit status."""
    made = len(results.made())
    failed = [entry for entry in results.failed() if entry["image"] in names]
    print(f"{made} done, {len(failed)} failed: {results}")
    reasons = Counter((entry["kind"], entry["reason"]) for entry in failed)
    for (kind, reason), count in reasons.most_common(TOLD_FAILURES):
        print(f"  {count} x {kind}: {reason}")
    if len(reasons) > TOLD_FAILURES:
        print(f"  and {len(reasons) - TOLD_FAILURES} other reasons; failed-*.json has them all")
    return SOME_FAILED if failed else DONE
