"""The photographs that a package brings along."""

import csv
from pathlib import Path

import cv2

from laptop.pictures import CATALOGUE, PHOTOGRAPHS, add_photographs

HEADER = ["id_file", "file", "Name", "Theme", "Typology", "Typology_sub"]


def test_every_photograph_becomes_a_jpeg_with_a_row_in_the_catalogue(tmp_path: Path) -> None:
    with (tmp_path / CATALOGUE).open("w", newline="") as file:
        csv.writer(file).writerow(HEADER)
    names = add_photographs(tmp_path)
    assert len(names) == len(PHOTOGRAPHS) >= 5
    for name in names:
        pixels = cv2.imread(str(tmp_path / name))
        assert pixels is not None
        assert min(pixels.shape[:2]) >= 300
        assert pixels.std() > 20  # a picture, not a blank
    with (tmp_path / CATALOGUE).open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["file"] for row in rows] == names
    assert all(row[column] for row in rows for column in HEADER)
