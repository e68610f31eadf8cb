"""Pre-labels or embeddings of a whole archive, before anybody logs in.

    python -m batch pre-labels IMAGES OUTPUT --config labeling.xml
    python -m batch embeddings IMAGES OUTPUT

IMAGES is a folder, gs://bucket/folder/, or a text file with one address a line. OUTPUT is a folder
or gs://bucket/folder. The models are those that the backends' environment variables name
(docs/backends.md). A second run does what is new, was replaced, or could not be had before.
"""

import argparse
import sys
from pathlib import Path

from backends.serving.errors import ServingError
from backends.serving.memory import keep_for_next
from batch import launch
from batch.errors import BatchError
from masks.errors import LabelingConfigError

USAGE = 2


def options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m batch",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="what", required=True, metavar="WHAT")
    prelabels = commands.add_parser("pre-labels", help="tasks with predictions, for an import")
    prelabels.add_argument("--config", type=Path, metavar="FILE", required=True,
                           help="the project's labeling config")  # fmt: skip
    embeddings = commands.add_parser("embeddings", help="what the interactive model keeps on disk")
    embeddings.set_defaults(config=None)
    for command in (prelabels, embeddings):
        _of_a_run(command)
    part = commands.add_parser(
        "part",
        help="what a worker elsewhere runs: its share of a plan",
        description="Do the part of a plan that CLOUD_RUN_TASK_INDEX and CLOUD_RUN_TASK_COUNT name"
        " (all of it without them).",
    )
    part.add_argument("plan", metavar="PLAN")
    return parser.parse_args(arguments)


def _of_a_run(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("images", metavar="IMAGES")
    parser.add_argument("output", metavar="OUTPUT")
    parser.add_argument("--address", default="", metavar="PREFIX",
                        help="where Label Studio's users find the folder's images: "
                        "https://..., gs://..., or /data/local-files/?d=...")  # fmt: skip
    parser.add_argument("--retry-failed", action="store_true",
                        help="try all failed images again, not only those that could not be had "
                        "for the moment")  # fmt: skip
    parser.add_argument("--shard", type=_positive, default=64, metavar="N",
                        help="images in one file of results, which a kill may cost "
                        "(64)")  # fmt: skip
    parser.add_argument("--runner", choices=("direct", "cloudrun", "dataflow"), default="direct",
                        help="what does it: this machine, or GPUs of Google's")  # fmt: skip
    parser.add_argument("--stack", default="dev", metavar="STACK",
                        help="the stack that the GPUs are of: its name, or a JSON file with its "
                        "output `batch` (dev)")  # fmt: skip
    parser.add_argument("--workers", type=_positive, default=3, metavar="N",
                        help="GPUs at a time, at most (3)")  # fmt: skip
    parser.add_argument("--images-per-second", type=_positive_number, metavar="X",
                        help="of one GPU, for the quote and the size of a task")  # fmt: skip
    parser.add_argument("--dry-run", action="store_true",
                        help="say what it would take, print the job's description, and start "
                        "nothing")  # fmt: skip
    parser.add_argument("--plan-only", action="store_true",
                        help="write what is to be done in as many parts as there are --workers, "
                        "say where, and start nothing: for `part`, on machines of your "
                        "own")  # fmt: skip
    parser.add_argument("--yes", action="store_true", help="do not ask before GPUs are rented")


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no number from 1 on")
    return int(text)


def _positive_number(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not 0 < number < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is no number above 0")
    return number


def main(arguments: list[str] | None = None) -> int:
    given = options(arguments)
    keep_for_next()
    try:
        return launch.part(given.plan) if given.what == "part" else launch.work(given)
    except (BatchError, LabelingConfigError, ServingError) as error:
        print(f"batch: {error}", file=sys.stderr)
        return USAGE
    except KeyboardInterrupt:  # Nothing was begun yet, or it is elsewhere.
        return launch.INTERRUPTED


if __name__ == "__main__":
    sys.exit(main())
