"""The folder that the demo imports: pictures and catalogue.csv."""

import csv
import subprocess
import sys
from pathlib import Path

import cv2
import pytest

from demo.scenes import draw
from demo.scenes.catalogue import COLUMNS, rows
from demo.scenes.folder import write

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    where = tmp_path_factory.mktemp("scenes")
    write(where, count=4, size=(192, 128), seed=11)
    return where


def lines(folder: Path) -> list[dict[str, str]]:
    with (folder / "catalogue.csv").open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def test_the_columns_are_those_that_the_project_maps(folder):
    assert tuple(lines(folder)[0]) == COLUMNS
    assert COLUMNS == ("id_file", "file", "Name", "Theme", "Typology", "Typology_sub")


def test_every_picture_has_rows_and_every_row_a_picture(folder):
    pictures = {path.name for path in folder.glob("*.jpg")}
    assert pictures == {f"scene-{number:03d}.jpg" for number in (1, 2, 3, 4)}
    assert {line["file"] for line in lines(folder)} == pictures
    assert all(line["id_file"] + ".jpg" == line["file"] for line in lines(folder))
    assert all(all(line.values()) for line in lines(folder))


def test_pictures_have_the_size_asked_for(folder):
    picture = cv2.imread(str(folder / "scene-002.jpg"))
    assert picture is not None
    assert picture.shape == (192, 128, 3)


def test_a_second_writing_changes_nothing(folder, tmp_path):
    write(tmp_path, count=4, size=(192, 128), seed=11)
    for path in folder.iterdir():
        assert (tmp_path / path.name).read_bytes() == path.read_bytes()


def test_a_garment_is_one_row_and_so_is_a_pair_of_shoes():
    scene = draw(30)
    found = rows(scene, "look.jpg")
    assert len(found) == len(set(found))
    kinds = [garment.kind for garment in scene.garments]
    pairs = kinds.count("footwear") // 2
    assert len(found) == len(kinds) - pairs


def test_a_person_keeps_one_look_and_two_people_have_two():
    scene = next(
        scene for scene in map(draw, range(40)) if {g.figure for g in scene.garments} == {0, 1}
    )
    assert len({row.Name for row in rows(scene, "look.jpg")}) == 2
    assert len({row.Theme for row in rows(scene, "look.jpg")}) == 1


def test_a_size_that_cannot_be_read_is_refused_with_an_example(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "demo.scenes", str(tmp_path), "--size", "large"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert "900x600" in done.stderr
