"""Training scenes, drawn once into memory-mapped uint8 arrays.

python -m demo.training.data FOLDER --count 6000

writes images.npy (n, 384, 256, 3), classes.npy, instances.npy (n, 384, 256) and kinds.npy (n, 32):
the class of each instance number of a scene. Training uses seeds from FIRST_TRAINING_SEED on;
seeds below it are never trained on, and HELD_OUT_SEED is where the benchmark's scenes start.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from multiprocessing import Pool
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from demo.scenes import CLASSES, draw

FIRST_TRAINING_SEED = 1_000_000
HELD_OUT_SEED = 500_000
SIZE = (384, 256)
MOST_GARMENTS = 32


@dataclass(frozen=True)
class Scenes:
    """Drawn scenes; see the module's docstring for shapes."""

    images: NDArray[np.uint8]
    classes: NDArray[np.uint8]
    instances: NDArray[np.uint8]
    kinds: NDArray[np.uint8]


def load(folder: Path) -> Scenes:
    """Open a folder written by this module."""
    names = ("images", "classes", "instances", "kinds")
    return Scenes(*(np.load(folder / f"{name}.npy", mmap_mode="r") for name in names))


def write(folder: Path, count: int, processes: int) -> None:
    """Draw `count` scenes into the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    shapes = {"images": (*SIZE, 3), "classes": SIZE, "instances": SIZE, "kinds": (MOST_GARMENTS,)}
    maps = {
        name: np.lib.format.open_memmap(folder / f"{name}.npy", "w+", np.uint8, (count, *shape))
        for name, shape in shapes.items()
    }
    with Pool(processes, initializer=cv2.setNumThreads, initargs=(1,)) as pool:
        for i, (image, classes, instances, kinds) in enumerate(
            pool.imap(_scene, range(count), chunksize=16)
        ):
            maps["images"][i], maps["classes"][i], maps["instances"][i] = image, classes, instances
            maps["kinds"][i] = kinds
            if (i + 1) % 500 == 0:
                print(f"{i + 1} of {count} scenes drawn", flush=True)
    for array in maps.values():
        array.flush()


def _scene(index: int) -> tuple[NDArray[np.uint8], ...]:
    scene = draw(FIRST_TRAINING_SEED + index, SIZE)
    kinds = np.zeros(MOST_GARMENTS, np.uint8)
    for garment in scene.garments:
        kinds[garment.number] = CLASSES.index(garment.kind)
    return scene.image, scene.classes, scene.instances, kinds


def main() -> None:
    parser = argparse.ArgumentParser(description="Draw the training scenes.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--count", type=int, default=6000)
    parser.add_argument("--processes", type=int, default=2)
    options = parser.parse_args()
    write(options.folder, options.count, options.processes)


if __name__ == "__main__":
    main()
