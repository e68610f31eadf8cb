"""A folder of garment scenes with their catalogue."""

from __future__ import annotations

import csv
from pathlib import Path

import cv2

from demo.scenes.catalogue import COLUMNS, as_mapping, rows
from demo.scenes.scene import draw

JPEG_QUALITY = 92


def write(folder: Path, count: int, size: tuple[int, int], seed: int) -> list[Path]:
    """Write scene-001.jpg ... and catalogue.csv; `size` is (height, width).

    Scene i has the seed `seed + i - 1`. Returns the pictures' paths. Raises OSError when a file
    cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    paths, lines = [], []
    for number in range(1, count + 1):
        scene = draw(seed + number - 1, size)
        path = folder / f"scene-{number:03d}.jpg"
        done, data = cv2.imencode(
            ".jpg", scene.image[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY]
        )
        if not done:
            raise OSError(f"could not encode {path} as JPEG")
        path.write_bytes(data.tobytes())
        paths.append(path)
        lines += [as_mapping(row) for row in rows(scene, path.name)]
    with (folder / "catalogue.csv").open("w", newline="", encoding="utf-8") as stream:
        table = csv.DictWriter(stream, COLUMNS, lineterminator="\n")
        table.writeheader()
        table.writerows(lines)
    return paths
