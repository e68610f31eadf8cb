import re
from pathlib import Path

import pytest

from backends.segmentation.label_map import read_label_map
from backends.segmentation.settings import CLOTHES_LABEL_MAP
from backends.serving.errors import SettingsError
from masks.labeling_config import labeling_config
from tests.backends.segmentation.conftest import CLOTHES

GARMENTS = Path(__file__).parents[3] / "templates" / "labeling" / "garments.xml"
CLASSES = {0: "background", 1: "left-shoe", 2: "right-shoe", 3: "skin"}


def written(folder: Path, text: str) -> Path:
    path = folder / "map.yaml"
    path.write_text(text)
    return path


def test_classes_of_one_label_are_merged_and_null_is_left_out(tmp_path: Path) -> None:
    path = written(tmp_path, "labels: {left-shoe: footwear, right-shoe: footwear, skin: null}")
    assert read_label_map(path, CLASSES).labels == {"footwear": (1, 2)}


def test_without_a_file_classes_keep_their_names_and_the_background_is_left_out() -> None:
    assert set(read_label_map(None, CLASSES).labels) == {"left-shoe", "right-shoe", "skin"}


def test_the_background_is_known_by_its_name_and_not_by_its_number() -> None:
    # ADE20K's models have no background: their class 0 is wall.
    assert read_label_map(None, {0: "wall", 1: "door"}).labels == {"wall": (0,), "door": (1,)}
    assert read_label_map(None, {0: "cat", 1: "Background"}).labels == {"cat": (0,)}


def test_classes_of_one_name_are_one_label(tmp_path: Path) -> None:
    classes = {0: "screen", 1: "wall", 2: "screen"}
    assert read_label_map(None, classes).labels["screen"] == (0, 2)
    written_map = written(tmp_path, "labels: {screen: monitor}")
    assert read_label_map(written_map, classes).labels == {"monitor": (0, 2)}


def test_the_version_follows_the_mapping(tmp_path: Path) -> None:
    one = read_label_map(written(tmp_path, "labels: {skin: hat}"), CLASSES).version
    two = read_label_map(written(tmp_path, "labels: {skin: scarf}"), CLASSES).version
    assert one != two
    assert one.startswith("map-")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("labels: {sock: footwear}", "maps sock, but the model has only background, left-shoe"),
        ("labels: [a]", "not a label map"),
        ("label: {}", "not a label map"),
        ("{", "not a label map"),
    ],
)
def test_a_bad_file_is_refused_with_the_reason(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(SettingsError, match=re.escape(said)):
        read_label_map(written(tmp_path, text), CLASSES)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"no label map .*absent\.yaml"):
        read_label_map(tmp_path / "absent.yaml", CLASSES)


def test_the_shipped_map_sends_only_labels_of_the_shipped_config() -> None:
    # The tutorial's fault: it sent upper-clothes, which its labeling config did not have.
    shipped = read_label_map(CLOTHES_LABEL_MAP, CLOTHES)
    control = labeling_config(GARMENTS.read_text()).mask_controls[0]
    assert {label for label in shipped.labels if control.label_for(label) is None} == set()
    assert shipped.labels["other tops"] == (4,)
    assert shipped.labels["footwear"] == (9, 10)
