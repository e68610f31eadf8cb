"""How quick the pipeline for archives is beside its bare model, and how much memory it takes.

    .local/env/ml/bin/python -m benchmarks.archive [--images 100 1000 10000]

For each count it draws so many small pictures, runs `python -m batch pre-labels` on them in the
environment of the pipeline, and then the bare model on the same pictures, decoded beforehand: what
a GPU or processor would do if everything around it took no time. The pipeline has images that are
on the disk as files to decode, and results to write.
"""

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from demo.scenes.scene import draw

ROOT = Path(__file__).resolve().parents[1]
PYTHON = ROOT / ".local" / "env" / "batch" / "bin" / "python"
CONFIG = ROOT / "templates" / "labeling" / "garments.xml"
DEMO = ROOT / "backends" / "segmentation" / "demo"
SIZE = (160, 120)
# Drawing takes longer than looking: so many scenes, each with other bytes behind its pixels.
SCENES = 50
# Images of the bare model: the rest takes as long.
MOST_BARE = 400


@dataclass(frozen=True)
class Measured:
    """One row.

    Attributes:
        seconds: of the pipeline's own clock, without the start of Python.
        cpu_seconds: of its process, from the start to the end.
        model_seconds, model_cpu_seconds: what the bare model takes for the same pictures.
        peak_mib: the most memory that the pipeline's process had.
    """

    images: int
    seconds: float
    cpu_seconds: float
    model_seconds: float
    model_cpu_seconds: float
    peak_mib: float

    @property
    def ratio(self) -> float:
        """Pipeline images/s ÷ bare model images/s."""
        return self.model_seconds / self.seconds

    @property
    def cpu_ratio(self) -> float:
        """The same by processor time, which neighbours lengthen less."""
        return self.model_cpu_seconds / self.cpu_seconds


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, nargs="+", default=[100, 1000])
    given = parser.parse_args()
    print("| images | images/s | bare model | ratio | by CPU | peak memory |")
    print("|---|---|---|---|---|---|")
    for count in given.images:
        row = measure(count)
        print(
            f"| {row.images:,} | {row.images / row.seconds:.1f} |"
            f" {row.images / row.model_seconds:.1f} | {row.ratio:.2f} |"
            f" {row.cpu_ratio:.2f} | {row.peak_mib:.0f} MiB |",
            flush=True,
        )


def measure(count: int) -> Measured:
    """Run the pipeline on so many pictures, then the bare model."""
    with tempfile.TemporaryDirectory() as folder:
        images = Path(folder, "images")
        pictures = write(images, count)
        seconds, cpu, peak = pipeline(images, Path(folder, "ready"))
    return Measured(count, seconds, cpu, *bare(pictures, count), peak)


def write(folder: Path, count: int) -> list[np.ndarray]:
    """Write pictures; return the pixels of those that differ."""
    folder.mkdir()
    pixels, files = [], []
    for number in range(min(SCENES, count)):
        image = draw(number, SIZE).image
        _, data = cv2.imencode(".jpg", image[..., ::-1])
        pixels.append(image)
        files.append(data.tobytes())
    for number in range(count):
        content = files[number % len(files)] + str(number).encode()
        (folder / f"{number:06}.jpg").write_bytes(content)
    return pixels


def pipeline(images: Path, output: Path) -> tuple[float, float, float]:
    """Return seconds, CPU seconds and peak MiB of a run."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [PYTHON, "-m", "batch", "pre-labels", images, output, "--config", CONFIG]
    environment = {**os.environ, "SEGMENTATION_MODEL": str(DEMO)}
    run = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    if run.returncode:
        sys.exit(run.stdout + run.stderr)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    # Of the largest child so far, in KiB: the counts ascend.
    peak = after.ru_maxrss / 1024
    # "100 images in 12 s, 8.33 images/s"
    (line,) = [line for line in run.stdout.splitlines() if line.endswith("images/s")]
    count, speed = float(line.split()[0]), float(line.split()[-2])
    return count / speed, cpu, peak


def bare(pictures: list[np.ndarray], count: int) -> tuple[float, float]:
    """Return seconds and CPU seconds that the model alone takes for so many of the pictures."""
    from backends.segmentation.engine import SegmentationEngine
    from backends.segmentation.settings import SegmentationSettings

    engine = SegmentationEngine(
        SegmentationSettings.from_environment({"SEGMENTATION_MODEL": str(DEMO)})
    )
    size = engine.settings.segmentation_batch
    list(engine.model.predict(pictures[:size]))
    started, cpu_started = time.monotonic(), time.process_time()
    rounds = max(1, min(count, MOST_BARE) // size)
    for number in range(rounds):
        first = number * size % max(1, len(pictures) - size)
        list(engine.model.predict(pictures[first : first + size]))
    share = count / (rounds * size)
    return (time.monotonic() - started) * share, (time.process_time() - cpu_started) * share


if __name__ == "__main__":
    main()
