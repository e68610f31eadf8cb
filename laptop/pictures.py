"""The demo's pictures: garment scenes that the repository draws, and a package's photographs."""

from __future__ import annotations

import csv
import importlib.util
import shutil
import sys
from pathlib import Path

import cv2

from laptop.processes.process import Command, run_to_end
from laptop.progress import Progress
from laptop.settings import LaptopError, LaptopSettings

CATALOGUE = "catalogue.csv"
JPEG_QUALITY = 92

# Real photographs among the files of scikit-image's wheel, and what the catalogue says of them.
PHOTOGRAPHS = {
    "astronaut.png": ("Eileen Collins", "portrait", "space suit", "orange, with helmet"),
    "chelsea.png": ("Chelsea", "animal", "none", "a cat"),
    "coffee.png": ("Coffee cup", "still life", "none", "cup and spoon"),
    "motorcycle_left.png": ("Motorcycle", "interior", "none", "a garage"),
    "rocket.jpg": ("Falcon 9", "outdoors", "none", "a rocket's launch"),
}


def ensure_pictures(settings: LaptopSettings, progress: Progress) -> None:
    """Makes the folder of scenes and photographs where it is missing; it appears whole or not."""
    images = settings.images_dir
    if images.is_dir():
        return
    draft = images.with_name(f"{images.name}.draft")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True)
    # scene-001.jpg... and their catalogue.csv, the same ones every time.
    scenes = ("-m", "demo.scenes", str(draft), "--count", "12", "--size", "900x600")
    command = Command("scenes", (sys.executable, *scenes), settings.environ)
    run_to_end(command, settings.run_dir, progress, "drawing the demo's pictures")
    add_photographs(draft)
    draft.replace(images)


def photograph_folder() -> Path:
    """scikit-image's data, found without importing it (which would take a second)."""
    spec = importlib.util.find_spec("skimage")
    if spec is None or not spec.submodule_search_locations:
        raise LaptopError("scikit-image is not installed. Run `make demo`, which installs it.")
    return Path(spec.submodule_search_locations[0]) / "data"


def add_photographs(folder: Path) -> list[str]:
    """Writes the photographs as JPEG beside the scenes and adds a row each to the catalogue.

    Their names sort behind the scenes': what the demo is about comes first in the list of tasks.

    Returns the names of the files.
    """
    names = []
    with (folder / CATALOGUE).open("a", newline="") as file:
        rows = csv.writer(file, lineterminator="\n")
        for source, facts in PHOTOGRAPHS.items():
            pixels = cv2.imread(str(photograph_folder() / source), cv2.IMREAD_COLOR)
            if pixels is None:
                raise LaptopError(
                    f"scikit-image has no {source}. Run `make demo`, which installs one that has."
                )
            name = f"snapshot-{Path(source).stem.replace('_', '-')}.jpg"
            target = folder / name
            if not cv2.imwrite(str(target), pixels, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY]):
                raise LaptopError(f"{target} could not be written. Is the disk full?")
            rows.writerow([target.stem, name, *facts])
            names.append(name)
    return names
