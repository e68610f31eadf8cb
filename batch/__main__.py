"""Pre-labels or embeddings of a whole archive, before anybody logs in.

    python -m batch pre-labels IMAGES OUTPUT --config labeling.xml
    python -m batch embeddings IMAGES OUTPUT

IMAGES is a folder, gs://bucket/folder/, or a text file with one address a line. The models are
those that the backends' environment variables name (docs/backends.md). A second run does what is
new, was replaced, or could not be had before.
"""

import argparse
import os
import signal
import sys
import threading
import time
from collections import Counter
from pathlib import Path

from tqdm import tqdm

from backends.serving.errors import ServingError
from batch.errors import BatchError
from batch.models import Embeddings, PreLabels, image_name
from batch.pipeline import run, stopping
from batch.results import Results
from batch.sources import Item, source_of
from masks.errors import LabelingConfigError
from masks.labeling_config import labeling_config

DONE, SOME_FAILED, USAGE, INTERRUPTED = 0, 1, 2, 130
TOLD_FAILURES = 10


def options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m batch",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("what", choices=("pre-labels", "embeddings"))
    parser.add_argument("images", metavar="IMAGES")
    parser.add_argument("output", metavar="OUTPUT", type=Path, help="a folder; made if missing")
    parser.add_argument("--config", type=Path, metavar="FILE",
                        help="the project's labeling config; pre-labels need it")  # fmt: skip
    parser.add_argument("--address", default="", metavar="PREFIX",
                        help="where Label Studio's users find the folder's images: "
                        "https://..., gs://..., or /data/local-files/?d=...")  # fmt: skip
    parser.add_argument("--retry-failed", action="store_true",
                        help="try all failed images again, not only those that could not be had "
                        "for the moment")  # fmt: skip
    parser.add_argument("--shard", type=int, default=200, metavar="N",
                        help="results in one file (200)")  # fmt: skip
    return parser.parse_args(arguments)


def main(arguments: list[str] | None = None) -> int:
    given = options(arguments)
    try:
        return work(given)
    except (BatchError, LabelingConfigError, ServingError) as error:
        print(f"batch: {error}", file=sys.stderr)
        return USAGE
    except KeyboardInterrupt:  # Nothing was begun yet.
        return INTERRUPTED


def work(given: argparse.Namespace) -> int:
    """Do what is left to be done, and say what came of it."""
    source = source_of(given.images, given.address)
    model: PreLabels | Embeddings
    if given.what == "pre-labels":
        model = PreLabels(source, _config(given.config))
    else:
        model = Embeddings(source, given.output / "embeddings")
    results = Results.of(given.output, model.what, model.version())
    done = results.done(given.retry_failed)
    every = list(source.items())
    items = [item for item in every if item not in done]
    print(f"{model.version()}: {len(every)} images, {len(items)} to do", flush=True)
    if not every:
        raise BatchError(f"{given.images} has no images")
    if items:
        results.forget({item.name for item in items})
        if _run(items, model, results, given.shard):
            print("stopped. The same command goes on from there.", file=sys.stderr)
            return INTERRUPTED
    return _tell(results, {item.name for item in every})


def _config(path: Path | None) -> str:
    if path is None:
        raise BatchError("pre-labels need the labeling config: add --config labeling.xml")
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BatchError(f"{path} cannot be read: {error}") from error
    image_name(labeling_config(text))
    return text


def _run(items: list[Item], model: PreLabels | Embeddings, results: Results, most: int) -> bool:
    """Run the pipeline with a progress bar; return whether it was stopped by Ctrl-C.

    What is begun is then ended and kept. A second Ctrl-C ends the process at once.
    """
    before, started = results.count(), time.monotonic()
    over = threading.Event()

    def stop(*_: object) -> None:
        if stopping.is_set():
            os._exit(INTERRUPTED)
        stopping.set()
        print("\nstopping when the images at work are done ...", file=sys.stderr, flush=True)

    def watch() -> None:
        with tqdm(total=len(items), unit="image", disable=None, mininterval=1.0) as bar:
            while not over.wait(1.0):
                bar.update(results.count() - before - bar.n)
            bar.update(results.count() - before - bar.n)

    signal.signal(signal.SIGINT, stop)
    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        run(items, model, results, most)
    finally:
        over.set()
        watcher.join()
    count, seconds = results.count() - before, time.monotonic() - started
    print(f"{count} images in {seconds:.0f} s, {count / seconds:.2f} images/s")
    return stopping.is_set()


def _tell(results: Results, names: set[str]) -> int:
    """Say what is there and what is not; return the exit status."""
    made = results.count(["tasks"])
    failed = [entry for entry in results.failed() if entry["image"] in names]
    print(f"{made} done, {len(failed)} failed: {results.folder}")
    reasons = Counter((entry["kind"], entry["reason"]) for entry in failed)
    for (kind, reason), count in reasons.most_common(TOLD_FAILURES):
        print(f"  {count} x {kind}: {reason}")
    if len(reasons) > TOLD_FAILURES:
        print(f"  and {len(reasons) - TOLD_FAILURES} other reasons; failed-*.json has them all")
    return SOME_FAILED if failed else DONE


if __name__ == "__main__":
    sys.exit(main())
