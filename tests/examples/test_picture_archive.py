"""The second domain: its project file, its labels and the label map that fills them."""

from pathlib import Path
from xml.etree import ElementTree

import pytest
import skimage.data
import yaml
from label_studio_sdk.label_interface.interface import LabelInterface

from backends.segmentation.label_map import read_label_map
from masks.labeling_config import labeling_config
from studio.project.load import load_project
from tests.examples.ade20k import CLASSES
from tests.templates.test_garments import LABEL_STUDIO_KEYS

ROOT = Path(__file__).parents[2]
PROJECT = ROOT / "examples" / "picture-archive" / "project.yaml"
LABEL_MAP = ROOT / "backends" / "segmentation" / "label_maps" / "ade20k_archive.yaml"
PHOTOGRAPHS = Path(skimage.data.__file__).parent


@pytest.fixture(scope="module")
def project():
    return load_project(
        PROJECT,
        {
            "IMAGES": str(PHOTOGRAPHS),
            "SEGMENTATION_PASSWORD": "one",
            "SEGMENT_ANYTHING_MODEL_PASSWORD": "two",
        },
    )


@pytest.fixture(scope="module")
def config() -> str:
    return (PROJECT.parent / "labeling.xml").read_text()


def test_the_project_file_is_read(project) -> None:
    assert project.title == "Picture archive"
    assert [backend.interactive for backend in project.backends] == [False, True]


def test_every_photograph_of_the_catalogue_comes_with_scikit_image() -> None:
    rows = (PROJECT.parent / "catalogue.csv").read_text().splitlines()[1:]
    names = {row.split(",")[0] for row in rows}
    assert names == {"astronaut", "chelsea", "coffee", "rocket"}
    assert names <= {file.stem for file in PHOTOGRAPHS.iterdir()}


def test_label_studio_takes_the_labeling_config(config: str) -> None:
    LabelInterface(config).validate()


def test_every_label_of_the_map_is_in_the_labeling_config(config: str) -> None:
    (control,) = labeling_config(config).mask_controls
    labels = read_label_map(LABEL_MAP, {n: name.strip() for n, name in CLASSES.items()}).labels
    assert [label for label in labels if control.label_for(label) is None] == []
    shown = {tag.attrib["value"] for tag in ElementTree.fromstring(config).iter("Label")}
    assert set(labels) == shown


def test_every_class_of_the_map_is_one_of_the_models(config: str) -> None:
    assert len(CLASSES) == 150
    mapped = yaml.safe_load(LABEL_MAP.read_text())["labels"]
    assert set(mapped) <= {name.strip() for name in CLASSES.values()}


def test_keys_and_colours_are_each_used_once(config: str) -> None:
    labels = list(ElementTree.fromstring(config).iter("Label"))
    for attribute in ("hotkey", "background"):
        values = [label.attrib[attribute] for label in labels]
        assert len(set(values)) == len(values)
    assert {label.attrib["hotkey"] for label in labels}.isdisjoint(LABEL_STUDIO_KEYS)
