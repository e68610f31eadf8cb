"""A folder of one's own photographs becomes a project, always the same one."""

import os
import re
from pathlib import Path

import pytest

from laptop.own_images import (
    SUFFIXES,
    labeling_config,
    project_name,
    require_images,
    without_facts,
    write_project,
)
from laptop.settings import ROOT, LaptopError
from studio.images.image import SUFFIXES as STUDIO_SUFFIXES
from studio.project.labeling_config import read_task_keys
from studio.project.load import load_project, read_named
from studio.project.project_file import ProjectFile
from weights.catalogue import choose

URLS = {"SEGMENTATION_URL": "http://s", "SEGMENT_ANYTHING_MODEL_URL": "http://a"}
PASSWORDS = {"SEGMENTATION_PASSWORD": "a", "SEGMENT_ANYTHING_MODEL_PASSWORD": "b"}


def photographs(folder: Path) -> Path:
    folder.mkdir(parents=True)
    (folder / "one.jpg").write_bytes(b"1")
    return folder


def project(projects: Path, folder: Path) -> ProjectFile:
    path = write_project(projects, folder, str(folder))
    return load_project(path, {**URLS, **PASSWORDS})


def test_the_project_has_the_folders_name_and_images_and_both_backends(tmp_path: Path) -> None:
    folder = photographs(tmp_path / "Autumn: 'hats' & \"coats\"")
    made = project(tmp_path / "projects", folder)
    assert made.title == folder.name
    assert made.source.folder == folder
    assert [backend.title for backend in made.backends] == ["segmentation", "segment-anything"]
    keys = read_task_keys(made.config_text)
    assert (keys.image, keys.headers) == ("image", ()), "no fact is shown that a folder has not"


def test_a_second_run_changes_nothing(tmp_path: Path) -> None:
    folder, projects = photographs(tmp_path / "autumn"), tmp_path / "projects"
    first = write_project(projects, folder, str(folder))
    before = {path: path.read_bytes() for path in projects.iterdir()}
    assert write_project(projects, folder, str(folder)) == first
    assert {path: path.read_bytes() for path in projects.iterdir()} == before


def test_another_folder_of_the_same_name_is_another_project(tmp_path: Path) -> None:
    projects = tmp_path / "projects"
    titles = [
        project(projects, photographs(tmp_path / str(number) / "autumn")).title
        for number in range(3)
    ]
    assert titles == ["autumn", "autumn 2", "autumn 3"]
    assert project(projects, tmp_path / "1" / "autumn").title == "autumn 2"


@pytest.mark.parametrize("name", ["a", "x" * 80, "garments", "Garments", "$HOME", "über/日本"])
def test_any_name_of_a_folder_makes_a_title_that_label_studio_takes(
    tmp_path: Path, name: str
) -> None:
    made = project(tmp_path / "projects", photographs(tmp_path / name))
    demo = read_named(ROOT / "templates/projects/garments.yaml", {}).title
    assert made.title.lower() != demo.lower(), "it would become the demo's project"


def test_the_demos_labeling_config_keeps_all_but_the_facts() -> None:
    config = (ROOT / "templates/labeling/garments.xml").read_text()
    kept = without_facts(config)
    assert set(re.findall(r"\$(\w+)", kept)) == {"image"}
    assert re.findall(r"<Label .*/>", kept) == re.findall(r"<Label .*/>", config)


def test_the_same_files_count_as_images_as_for_the_studio() -> None:
    assert SUFFIXES == STUDIO_SUFFIXES


def test_a_folder_without_an_image_is_refused_in_words(tmp_path: Path) -> None:
    with pytest.raises(LaptopError, match=r"IMAGES: .*/none does not exist"):
        require_images(tmp_path / "none")
    (tmp_path / "file.jpg").touch()
    with pytest.raises(LaptopError, match="is not a folder"):
        require_images(tmp_path / "file.jpg")
    folder = tmp_path / "empty"
    (folder / ".hidden").mkdir(parents=True)
    (folder / ".hidden/a.jpg").touch()
    (folder / "a.tiff").touch()
    with pytest.raises(LaptopError, match=r"there is no image in .*\.bmp, .*\.webp"):
        require_images(folder)
    (folder / "deep").mkdir()
    (folder / "deep/B.JPG").touch()
    require_images(folder)


@pytest.mark.parametrize("inside", [b"caf\xe9", b"caf\xe9/scans"])
def test_a_folder_whose_name_is_no_text_is_refused_in_words(tmp_path: Path, inside: bytes) -> None:
    folder = photographs(tmp_path / os.fsdecode(inside))
    with pytest.raises(LaptopError, match=r"/caf\\xe9.*: this name is not in UTF-8.* Rename"):
        require_images(folder)


def test_a_file_whose_name_is_no_text_is_no_hindrance(tmp_path: Path) -> None:
    """`studio apply` names it and takes the others."""
    folder = photographs(tmp_path / "autumn")
    (folder / os.fsdecode(b"caf\xe9.jpg")).write_bytes(b"2")
    require_images(folder)
    assert project(tmp_path / "projects", folder).source.folder == folder


def test_the_labels_are_those_of_the_model_that_makes_the_pre_labels(tmp_path: Path) -> None:
    folder, projects = photographs(tmp_path / "archive"), tmp_path / "projects"
    for names, label in (("", "dress"), ("photographs", "dress"), ("beit-base-ade20k", "animal")):
        labels = labeling_config(choose(names))
        write_project(projects, folder, str(folder), labels)
        made = load_project(projects / project_name(folder), {**URLS, **PASSWORDS})
        assert f'value="{label}"' in made.config_text
        assert read_task_keys(made.config_text).headers == ()
