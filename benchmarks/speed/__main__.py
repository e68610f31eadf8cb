"""Measure the speed beside the peer's and hold it against the targets.

python -m benchmarks.speed [--only NAME ...] [--quick] [--checkpoint FILE --model vit_b]

Ends with status 1 when a figure falls short. A whole run writes benchmarks/latest.json and
docs/performance.md; one with --only or --quick does not, unless --json or --page say where.
"""

import argparse
import datetime
import os
import signal
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from backends.segment_anything_model.demo import small_sam
from benchmarks.official import SAM, write_checkpoint
from benchmarks.speed import (
    archive,
    browser,
    data_sets,
    mask_figures,
    nine_labelers,
    one_labeler,
    prelabels,
    requests_to_backends,
)
from benchmarks.speed.figures import GROUPS, chosen
from benchmarks.speed.pictures import serving_pictures
from benchmarks.speed.report import Machine, page, terminal_table, write_json
from benchmarks.speed.run import Run, measure
from benchmarks.speed.servers import ROOT, Weights

BY_GROUP: dict[str, Callable[[Run], None]] = {
    "masks": mask_figures.measure,
    "clicks": one_labeler.measure,
    "users": nine_labelers.measure,
    "prelabels": prelabels.measure,
    "browser": browser.measure,
    "label-studio": requests_to_backends.measure,
    "data-sets": data_sets.measure,
    "archive": archive.measure,
}
DEMO_CHECKPOINT = Path(small_sam.__file__).with_name("sam_small.safetensors")


def options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.speed", description=__doc__)
    parser.add_argument("--only", nargs="+", default=[], metavar="NAME",
                        help=f"figures or groups of them: {', '.join(GROUPS)}")  # fmt: skip
    parser.add_argument("--quick", action="store_true",
                        help="the demo's small weights and few samples: tries the benchmark out, "
                        "says nothing of speed")  # fmt: skip
    parser.add_argument("--checkpoint", type=Path, help="real weights; by default random ones")
    parser.add_argument("--model", choices=SAM, default="vit_b", help="default vit_b")
    parser.add_argument("--json", type=Path, help="where the rows go")
    parser.add_argument("--page", type=Path, help="where the page goes")
    given = parser.parse_args(arguments)
    try:
        chosen(given.only)
    except ValueError as error:
        parser.error(str(error))
    if not (given.only or given.quick):
        given.json = given.json or ROOT / "benchmarks" / "latest.json"
        given.page = given.page or ROOT / "docs" / "performance.md"
    return given


def weights(given: argparse.Namespace, folder: Path) -> Weights:
    """Return the weights that both sides get: those given, the demo's, or random ones."""
    if given.checkpoint:
        return Weights(given.checkpoint.absolute(), given.model, smooth=False)
    if given.quick:
        return Weights(DEMO_CHECKPOINT, "small", smooth=True)
    return Weights(write_checkpoint(given.model, folder), given.model, smooth=True)


def main(arguments: list[str] | None = None) -> int:
    given = options(arguments)
    # Ended like this, it must still end the servers that it has started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    machine = Machine.here(datetime.date.today().isoformat())
    print(machine.told(), flush=True)
    # Chromium and the servers of both sides find nothing but loopback.
    os.environ["NO_PROXY"] = "127.0.0.1,localhost"
    with tempfile.TemporaryDirectory(prefix="benchmark-") as name, serving_pictures() as pictures:
        folder = Path(name)
        run = Run(weights(given, folder), pictures, folder, given.quick)
        measure(run, chosen(given.only), BY_GROUP)
    print(f"\n{terminal_table(run.rows)}")
    if given.json:
        write_json(given.json, run, machine)
    if given.page:
        given.page.write_text(page(run, machine))
    short = [row.target.name for row in run.rows if not row.passed]
    print(f"\n{len(run.rows) - len(short)} of {len(run.rows)} figures reach what they must")
    return 1 if short else 0


if __name__ == "__main__":
    sys.exit(main())
