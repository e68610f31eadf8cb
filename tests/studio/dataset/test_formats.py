"""Each format, read by what trainers read it with, and compared to the pixel."""

import csv
import io
import json
from contextlib import redirect_stdout
from pathlib import Path

import cv2
import numpy as np
import pytest
import supervision
import yaml
from PIL import Image
from pycocotools.coco import COCO
from rich.console import Console

from masks.regions import mask_of
from masks.results import drawn_regions
from studio.dataset import formats
from studio.dataset.choosing import Rule
from studio.dataset.export import Exported, Wish, export
from studio.dataset.formats.masks import write_indexed
from studio.dataset.splits import Split
from studio.output import Output
from tests.studio.dataset.given import HEIGHT, WIDTH, Mask, given, hard_masks

ALL_IN_TRAIN = Split((100, 0, 0))
NUMBERS = {"coat": 1, "s1": 2, "hat": 3}
NAMES = ["coat", "shoe", "hat"]


@pytest.fixture
def made(tmp_path: Path, request: pytest.FixtureRequest) -> tuple[Path, Exported]:
    """The data set of the hard masks in a format."""
    wish = Wish(request.param, Rule("newest"), ALL_IN_TRAIN, with_pictures=True)
    place = tmp_path / "set"
    exported = export(given(2), wish, place, Output(Console(file=io.StringIO())))
    return place, exported


def on_top() -> np.ndarray:
    """The map of categories in which what is later lies on top."""
    whole = np.zeros((HEIGHT, WIDTH), np.uint8)
    for label, mask in hard_masks():
        whole[mask] = NUMBERS[label]
    return whole


def pixels(path: Path) -> np.ndarray:
    with Image.open(path) as image:
        return np.asarray(image)


@pytest.mark.parametrize("made", ["masks"], indirect=True)
def test_masks_are_indexed_pngs_in_the_colours_of_the_config(made: tuple[Path, Exported]) -> None:
    folder, exported = made
    assert np.array_equal(pixels(folder / "masks/autumn/1.png"), on_top())
    read = cv2.imread(str(folder / "masks/autumn/1.png"), cv2.IMREAD_COLOR)
    assert read is not None
    red_shoe = read[45, 5][::-1]
    assert red_shoe.tolist() == [255, 0, 0]
    assert not pixels(folder / "masks/autumn/nothing.png").any()
    assert pixels(folder / "masks/autumn/nothing.png").shape == (HEIGHT, WIDTH)
    rows = list(csv.reader((folder / "classes.csv").read_text().splitlines()))
    assert [row[:2] for row in rows[1:]] == [["1", "coat"], ["2", "shoe"], ["3", "hat"]]
    assert [row[2] for row in rows[1:3]] == ["#004B87", "#FF0000"]
    covered = sum(int(mask.sum()) for _, mask in hard_masks()) - int((on_top() > 0).sum())
    (lost,) = exported.counts.losses.values()
    assert lost == (covered, 1)


@pytest.mark.parametrize("made", ["instances"], indirect=True)
def test_instances_keep_every_object_by_itself(made: tuple[Path, Exported]) -> None:
    folder, exported = made
    rows = list(csv.DictReader((folder / "objects.csv").read_text().splitlines()))
    assert [row["category"] for row in rows] == ["coat", "shoe", "hat", "hat"]
    for row, (_, mask) in zip(rows, hard_masks(), strict=True):
        assert np.array_equal(pixels(folder / row["object"]), mask)
        assert int(row["area"]) == mask.sum()
    assert not exported.counts.losses


@pytest.mark.parametrize("made", ["coco"], indirect=True)
def test_coco_reads_by_pycocotools(made: tuple[Path, Exported]) -> None:
    """An object in two parts stays one, holes stay holes, and nothing is a crowd."""
    folder, exported = made
    with redirect_stdout(io.StringIO()):
        coco = COCO(str(folder / "annotations/instances_train.json"))
    assert [one["name"] for one in coco.loadCats(coco.getCatIds())] == NAMES
    image = next(one for one in coco.imgs.values() if one["file_name"] == "autumn/1.jpg")
    assert (folder / "images" / image["file_name"]).is_file()
    found = coco.loadAnns(coco.getAnnIds(imgIds=image["id"], iscrowd=False))
    assert [one["category_id"] for one in found] == [NUMBERS[label] for label, _ in hard_masks()]
    for one, (_, mask) in zip(found, hard_masks(), strict=True):
        assert np.array_equal(coco.annToMask(one).astype(bool), mask)
        assert one["area"] == mask.sum()
        x, y, width, height = map(int, one["bbox"])
        assert mask[y : y + height, x : x + width].sum() == mask.sum()
        assert mask[y : y + height, x].any()
    empty = next(one for one in coco.imgs.values() if one["file_name"] == "autumn/nothing.jpg")
    assert (empty["height"], empty["width"]) == (HEIGHT, WIDTH)
    assert not coco.getAnnIds(imgIds=empty["id"])
    assert not exported.counts.losses


@pytest.mark.parametrize("made", ["panoptic"], indirect=True)
def test_panoptic_has_the_segments_that_can_be_seen(made: tuple[Path, Exported]) -> None:
    folder, _ = made
    read = json.loads((folder / "annotations/panoptic_train.json").read_text())
    annotation = read["annotations"][0]
    colours = pixels(folder / "annotations/panoptic_train" / annotation["file_name"])
    ids = colours.astype(int) @ [1, 256, 65536]
    expected = np.zeros((HEIGHT, WIDTH), int)
    for number, (_, mask) in enumerate(hard_masks(), start=1):
        expected[mask] = number
    assert np.array_equal(ids, expected)
    for segment in annotation["segments_info"]:
        mask = ids == segment["id"]
        x, y, width, height = segment["bbox"]
        assert segment["area"] == mask.sum() == mask[y : y + height, x : x + width].sum()


@pytest.mark.parametrize("made", ["voc"], indirect=True)
def test_voc_has_classes_and_objects(made: tuple[Path, Exported]) -> None:
    folder, _ = made
    names = (folder / "ImageSets/Segmentation/train.txt").read_text().split()
    assert names == ["autumn/1", "autumn/nothing"]
    # As torchvision's VOCSegmentation puts its paths together.
    assert (folder / "JPEGImages" / (names[0] + ".jpg")).is_file()
    assert np.array_equal(pixels(folder / f"SegmentationClass/{names[0]}.png"), on_top())
    assert pixels(folder / f"SegmentationObject/{names[0]}.png").max() == len(hard_masks())
    for what in ("Class", "Object"):
        with Image.open(folder / f"Segmentation{what}/{names[0]}.png") as image:
            assert image.mode == "P"
    assert (folder / "classes.csv").is_file()
    assert "shoe:255,0,0::" in (folder / "labelmap.txt").read_text()


@pytest.mark.parametrize(("wide", "mode"), [(False, "P"), (True, "I;16")])
def test_a_map_has_16_bits_only_where_a_palette_has_no_room(
    tmp_path: Path, wide: bool, mode: str
) -> None:
    whole = np.arange(256, dtype=np.uint16).reshape(16, 16)
    write_indexed(tmp_path / "map.png", whole, [7] * 3 * 256, wide)
    with Image.open(tmp_path / "map.png") as image:
        assert image.mode == mode
        assert np.array_equal(np.asarray(image), whole)


@pytest.mark.parametrize(
    ("name", "reader"), [("coco", "coco._by_picture"), ("label-studio", "label_studio._places")]
)
def test_the_file_of_a_part_is_read_back_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, reader: str
) -> None:
    module, function = reader.split(".")
    read, original = [], getattr(getattr(formats, module), function)
    monkeypatch.setattr(
        f"studio.dataset.formats.{reader}", lambda path: (read.append(path), original(path))[1]
    )
    wish = Wish(name, Rule("newest"), Split((40, 30, 30)), with_pictures=False)
    export(given(12), wish, tmp_path / "set", Output(Console(file=io.StringIO())))
    assert len(read) == len({*read}) == 3


def painted(line: str, truncate: bool) -> Mask:
    """An object as Ultralytics (which cuts corners' fractions off) or supervision (which rounds)
    reads it from a line: in both, OpenCV fills it.
    """
    numbers = np.array(line.split()[1:], np.float32).reshape(-1, 2) * [WIDTH, HEIGHT]
    corners = numbers.astype(np.int32) if truncate else np.round(numbers).astype(np.int32)
    canvas = np.zeros((HEIGHT, WIDTH), np.uint8)
    cv2.fillPoly(canvas, [corners], (1,))
    return canvas.astype(bool)


@pytest.mark.parametrize("truncate", [True, False])
@pytest.mark.parametrize("made", ["yolo"], indirect=True)
def test_yolo_keeps_holes_and_says_what_joins_parts(
    made: tuple[Path, Exported], truncate: bool
) -> None:
    folder, exported = made
    data = yaml.safe_load((folder / "data.yaml").read_text())
    # Ultralytics does not begin without `val`.
    assert data == {
        "train": "images/train",
        "val": "images/train",
        "names": dict(enumerate(NAMES)),
    }
    assert "In data.yaml `val` is the train part" in (folder / "README.md").read_text()
    assert (folder / "classes.csv").is_file()
    assert (folder / "images/train/autumn/1.jpg").is_file()
    lines = (folder / "labels/train/autumn/1.txt").read_text().splitlines()
    assert [int(line.split()[0]) for line in lines] == [
        NUMBERS[label] - 1 for label, _ in hard_masks()
    ]
    joined = 0
    for line, (label, mask) in zip(lines, hard_masks(), strict=True):
        read = painted(line, truncate)
        assert read[mask].all(), label
        joined += int((read & ~mask).sum())
    # The coat's two parts are a hole apart, and the shoes a picture.
    (lost,) = exported.counts.losses.values()
    assert lost == (joined, 1)
    assert 0 < joined < 100
    assert (folder / "labels/train/autumn/nothing.txt").read_text() == ""


@pytest.mark.parametrize("made", ["yolo"], indirect=True)
def test_yolo_is_read_by_supervision(made: tuple[Path, Exported]) -> None:
    folder, exported = made
    read = supervision.DetectionDataset.from_yolo(
        images_directory_path=str(folder / "images/train/autumn"),
        annotations_directory_path=str(folder / "labels/train/autumn"),
        data_yaml_path=str(folder / "data.yaml"),
        force_masks=True,
    )
    assert read.classes == NAMES
    found = {Path(path).name: detections for path, _, detections in read}
    assert {name: len(one) for name, one in found.items()} == {"1.jpg": 4, "nothing.jpg": 0}
    objects = found["1.jpg"]
    assert objects.class_id is not None
    assert [number + 1 for number in objects.class_id] == [NUMBERS[one] for one, _ in hard_masks()]
    masks = np.asarray(objects.mask)
    assert masks.shape == (len(hard_masks()), HEIGHT, WIDTH)
    joined = 0
    for mask, (label, drawn) in zip(masks, hard_masks(), strict=True):
        assert mask[drawn].all(), label
        joined += int((mask & ~drawn).sum())
    (lost,) = exported.counts.losses.values()
    assert lost == (joined, 1), "the lines between parts, as the card says, and nothing else"


@pytest.mark.parametrize("made", ["label-studio"], indirect=True)
def test_label_studio_gets_its_own_results_back(made: tuple[Path, Exported]) -> None:
    folder, _ = made
    tasks = json.loads((folder / "train.json").read_text())
    read = drawn_regions(tasks[0]["annotations"][0]["result"])
    assert [one.label for one in read] == [label for label, _ in hard_masks()]
    for one, (_, mask) in zip(read, hard_masks(), strict=True):
        assert np.array_equal(mask_of(dict(one.result), HEIGHT, WIDTH), mask)
    assert tasks[0]["data"]["source"] == "autumn/1.jpg"
    assert "anna" not in (folder / "train.json").read_text()
