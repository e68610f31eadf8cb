"""The rows as a table on the terminal, as JSON and as a page of the documentation."""

import json
import os
import platform
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import torch

from benchmarks.speed.figures import Row
from benchmarks.speed.run import Run

PACKAGES = ("torch", "transformers", "numpy", "opencv-python-headless", "segment-anything")
ABOUT = """# How fast it is

For anyone who asks what a labeler waits for. `make bench` writes this page: it runs Label Studio as
it is shipped with the behaviour of the official Segment Anything example, and this project, side by
side on one machine with the same weights and pictures.

"""
METHOD = """
## How it is measured

Real servers, each a process of its own; HTTP on loopback; Label Studio and Chromium where a row
says browser. What is compared is timed in turns, and a ratio is the median of the pairs' ratios.
CPU is the time of the measured processes, which neighbours lengthen less than wall time. Weights
are of full size. Where they are random, the networks run as always and then their noise is
exchanged for a garment's outline, in the peer and in ours alike (`benchmarks/speed/garment.py`);
the rows of IoU compare the masks as they are.

The peer is written from the behaviour of the official example, without what would only slow it
down (`benchmarks/speed/peer.py`). It has four threads, not eight as it is shipped: with eight, nine
users take more memory than its own limit. It was held beside the public original once (commit
d02cedf, 2026-11-28, the same small network in both, in turns, on a busy machine): a warm click took
the original 464 ms and the peer 418 ms at 12 Mpx, 174 and 177 ms at 2.8 Mpx; a first click 1.74 and
0.86 s, 0.44 and 0.28 s. The pre-labels' peer reads its model from the files with each request, as
the tutorial's backend does (`benchmarks/speed/tutorial.py`).

Import and export are held beside Label Studio's SDK, on the same server and by the same Python
(`benchmarks/speed/sdk.py`): a call for each task, and its converter of brush masks to COCO, which
gives outlines without holes and reads nothing back. Both are slow and go on as they began, so they
get a part of the images; their memory is that of this part.

The pipeline for archives ([batch.md](batch.md)) is held beside its own model in one process, so
that weights and threads are the same (`benchmarks/archive_sides.py`). Its side is the whole
command, from the list of a folder's JPEG files to the results on the disk. The model's side is
pixels in, class maps of the pictures' size or embeddings out, in the pipeline's batches: no file is
read, nothing is decoded, and no region is made.

A figure that is not in the table was not asked for in this run.
"""


@dataclass(frozen=True)
class Machine:
    """What it was measured on."""

    date: str
    cpu: str
    cores: int
    gpu: str
    packages: str

    @classmethod
    def here(cls, date: str) -> "Machine":
        names = [f"{name} {version(name)}" for name in PACKAGES]
        gpu = torch.cuda.get_device_name() if torch.cuda.is_available() else "none"
        return cls(date, _cpu(), os.cpu_count() or 1, gpu,
                   f"Python {platform.python_version()}, {', '.join(names)}")  # fmt: skip

    def told(self) -> str:
        return f"{self.date}; {self.cores} cores of {self.cpu}; GPU: {self.gpu}; {self.packages}"


def _cpu() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    found = {
        key.strip(): value.strip() for key, _, value in (line.partition(":") for line in lines)
    }
    features = set(found.get("flags", "").split())
    notable = [name for name in ("avx2", "avx512f", "avx512_bf16", "amx_bf16") if name in features]
    return f"{found.get('model name', platform.machine())} ({', '.join(notable) or 'no AVX2'})"


def shown(row: Row, bound: float | None = None) -> str:
    """A value or a bound, without digits that mean nothing."""
    value = row.value if bound is None else bound
    if value is None:
        return "-"
    return f"{value:.4f}" if row.target.unit == "IoU" else f"{value:.3g}"


def lines_of(rows: Sequence[Row]) -> list[tuple[str, ...]]:
    """Head and one line a row: what, value, at least, reach for, verdict."""
    lines: list[tuple[str, ...]] = [("figure", "measured", "at least", "reach for", "")]
    for row in rows:
        sign = "≤ " if row.target.smaller_is_better else ""
        verdict = "short" if not row.passed else "ok"
        if row.target.is_reached(row.value, row.target.reach_for):
            verdict = "good"
        bounds = (sign + shown(row, row.target.at_least), sign + shown(row, row.target.reach_for))
        lines.append((row.target.what, shown(row), *bounds, verdict))
    return lines


def terminal_table(rows: Sequence[Row]) -> str:
    """The rows as aligned text."""
    lines = lines_of(rows)
    widths = [max(len(line[i]) for line in lines) for i in range(len(lines[0]))]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if i in (0, 4) else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    )


def write_json(path: Path, run: Run, machine: Machine) -> None:
    """Write latest.json: machine, contention, rows, tables."""
    content = {
        "machine": machine.told(),
        "weights": run.weights.checkpoint.name + (", random" if run.weights.smooth else ""),
        "others_used": {group: round(share, 3) for group, share in run.contention.items()},
        "rows": [row.as_json() for row in run.rows],
        "tables": [
            {"title": table.title, "head": table.head, "lines": table.lines} for table in run.tables
        ],
    }
    path.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n")


def page(run: Run, machine: Machine) -> str:
    """Return the page of the documentation."""
    others = ", ".join(f"{group} {share:.0%}" for group, share in run.contention.items())
    weights = "random weights of full size" if run.weights.smooth else run.weights.checkpoint.name
    parts = [
        ABOUT,
        f"Measured: {machine.told()}. Segment Anything {run.weights.model}, {weights}.\n"
        f"Share of the machine that other programs used meanwhile: {others}.\n\n",
        _markdown(lines_of(run.rows)),
        "\nWhat the figures are made of:\n\n",
        _markdown([("figure", "of"), *((row.target.what, row.detail) for row in run.rows)]),
        *(f"\n## {table.title}\n\n{_markdown([table.head, *table.lines])}" for table in run.tables),
        METHOD,
    ]
    return "".join(parts)


def _markdown(lines: Sequence[Sequence[str]]) -> str:
    escaped = [[cell.replace("|", "\\|") for cell in line] for line in lines]
    rows = [f"| {' | '.join(line)} |" for line in escaped]
    return "\n".join([rows[0], "|" + "---|" * len(lines[0]), *rows[1:]]) + "\n"
