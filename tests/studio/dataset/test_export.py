"""The export as a whole: nothing half, nothing unsaid, nothing that is not what was drawn."""

import io
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from rich.console import Console

from masks.regions import mask_of
from studio.dataset.choosing import Rule, read_rule
from studio.dataset.export import Exported, Wish, export
from studio.dataset.formats.masks import Masks
from studio.dataset.splits import Split
from studio.errors import ExportError
from studio.output import Output
from tests.studio.dataset.given import (
    HEIGHT,
    WIDTH,
    Given,
    annotation,
    drawn_with_brush,
    given,
    hard_masks,
    picture,
)

MASKS = Wish("masks", Rule("newest"), Split((100, 0, 0)), with_pictures=True)
INSTANCES = replace(MASKS, format="instances")
HARD = hard_masks()


def run(project: Given, place: Path, wish: Wish = MASKS) -> Exported:
    return export(project, wish, place, Output(Console(file=io.StringIO())))


def pixels(path: Path) -> np.ndarray:
    with Image.open(path) as image:
        return np.asarray(image)


def files(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_pictures_lie_beside_their_masks_as_they_were(tmp_path: Path) -> None:
    project = given(3)
    run(project, tmp_path / "set")
    content = (tmp_path / "set/images/autumn/2.jpg").read_bytes()
    assert content == project.pictures["/data/upload/1/0123abcd-2.jpg"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["set"]


def test_a_project_without_annotations_is_a_sentence_and_no_folder(tmp_path: Path) -> None:
    project = Given(unlabeled=12)
    with pytest.raises(ExportError, match="12 tasks and no annotation"):
        run(project, tmp_path / "set")
    assert not (tmp_path / "set").exists()
    with pytest.raises(ExportError, match=r"no annotation by zoe@example\.org"):
        run(given(), tmp_path / "set", replace(MASKS, rule=read_rule("by=Zoe@example.org")))
    assert not (tmp_path / "set").exists()


def test_what_is_at_the_place_and_is_no_data_set_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("all of it")
    with pytest.raises(ExportError, match="is no data set"):
        run(given(), tmp_path)
    assert (tmp_path / "thesis.txt").read_text() == "all of it"


def test_a_folder_of_another_tool_with_a_file_of_the_same_name_is_left_alone(
    tmp_path: Path,
) -> None:
    for content in ("{}", "[]", "no JSON", '{"made_by": "somebody"}'):
        (tmp_path / "dataset.json").write_text(content)
        with pytest.raises(ExportError, match="is no data set"):
            run(given(), tmp_path)
        assert (tmp_path / "dataset.json").read_text() == content


def test_what_was_put_into_an_earlier_export_is_named_and_kept(tmp_path: Path) -> None:
    place = tmp_path / "set"
    run(given(), place)
    for name in ("labels/train.cache", ".DS_Store"):
        (place / name).parent.mkdir(exist_ok=True)
        (place / name).touch()
    run(given(), place)
    weights = place / "runs/best.pt"
    weights.parent.mkdir()
    weights.write_text("a week of training")
    with pytest.raises(ExportError, match=r"not of it: runs/best\.pt\. They would be lost"):
        run(given(), place)
    assert weights.read_text() == "a week of training"


def test_a_second_run_gives_the_same_bytes_and_a_later_one_takes_its_place(tmp_path: Path) -> None:
    project = given(3)
    run(project, tmp_path / "set")
    before = files(tmp_path / "set")
    run(project, tmp_path / "set")
    assert files(tmp_path / "set") == before
    project.change(1, annotation([], day=9))
    run(project, tmp_path / "set")
    assert not pixels(tmp_path / "set/masks/autumn/1.png").any()


def test_a_run_that_was_cut_off_goes_on(tmp_path: Path) -> None:
    project = given(5)
    project.fail_at = 3
    with pytest.raises(KeyboardInterrupt):
        run(project, tmp_path / "set", INSTANCES)
    assert not (tmp_path / "set").exists()
    project.fail_at = 0
    run(project, tmp_path / "set", INSTANCES)
    assert project.reads == [1, 2, 3, 3, 4, 5]
    run(given(5), tmp_path / "other", INSTANCES)
    assert files(tmp_path / "set").keys() == files(tmp_path / "other").keys()


def test_nothing_is_left_of_what_changed_while_a_run_was_cut_off(tmp_path: Path) -> None:
    project = given(3)
    project.fail_at = 3
    with pytest.raises(KeyboardInterrupt):
        run(project, tmp_path / "set", INSTANCES)
    project.fail_at = 0
    project.change(1, annotation(drawn_with_brush(HARD[:1]), day=9))
    run(project, tmp_path / "set", INSTANCES)
    assert len(list((tmp_path / "set/objects/autumn/1").iterdir())) == 1


def test_a_file_that_does_not_read_back_is_an_error_with_the_pictures_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = Masks.write

    def write_wrong(self: Masks, item):
        written = write(self, item)
        if item.name == "autumn/2":
            path = self.folder / "masks" / "autumn" / "2.png"
            with Image.open(path) as image:
                image.putpixel((0, 0), 7)
                image.save(path)
        return written

    monkeypatch.setattr(Masks, "write", write_wrong)
    with pytest.raises(ExportError, match=r"did not read back as drawn: autumn/2\.jpg\."):
        run(given(3), tmp_path / "set")
    assert not (tmp_path / "set").exists()


def test_pictures_that_cannot_be_exported_are_named_all_together(tmp_path: Path) -> None:
    project = given(2)
    results = drawn_with_brush(HARD[:1])
    unknown = json.loads(json.dumps(results).replace('"coat"', '"cape"'))
    turned = [{**one, "image_rotation": 90} for one in results]
    project.add("cape.jpg", annotation(unknown))
    project.add("turned.jpg", annotation(turned))
    project.add("replaced.jpg", annotation(results), content=picture(HEIGHT, WIDTH + 1))
    project.add("broken.jpg", annotation(results), content=b"no picture")
    project.add("gone.jpg", annotation(results))
    del project.pictures["/data/upload/1/0123abcd-7.jpg"]
    with pytest.raises(ExportError) as error:
        run(project, tmp_path / "set")
    text = str(error.value)
    assert "5 pictures cannot be exported" in text
    assert "cape.jpg: it has the label 'cape'" in text
    assert "turned.jpg: it was labeled while the picture was turned" in text
    assert "replaced.jpg: it was labeled at 64x48 pixels, and its picture has 65x48" in text
    assert "broken.jpg: its picture cannot be read" in text
    assert "gone.jpg: fetching the picture" in text
    exported = run(project, tmp_path / "set", replace(MASKS, skip_faulty=True))
    assert exported.counts.items == 2
    assert "cape.jpg" in (tmp_path / "set/README.md").read_text()


def test_a_picture_that_is_cut_off_is_grey_on_the_sheet_and_ends_nothing(tmp_path: Path) -> None:
    whole = picture(400, 400)
    project = Given()
    project.add("cut.jpg", annotation([]), content=whole[: len(whole) // 2])
    assert run(project, tmp_path / "set").counts.items == 1
    sheet = pixels(tmp_path / "set/contact-sheet.jpg")
    assert sheet[160, 160].max() < 60, "grey"


def test_every_kind_of_region_comes_out(tmp_path: Path) -> None:
    common = {"to_name": "image", "original_width": WIDTH, "original_height": HEIGHT}

    def labelled(kind: str, value: dict) -> list[dict]:
        value = {"rotation": 0, **value} if kind != "polygon" else value
        drawn = {**common, "id": kind, "from_name": kind, "type": kind, "value": value}
        named = {**drawn, "from_name": "label", "type": "labels"}
        return [drawn, {**named, "value": {**value, "labels": ["hat"]}}]

    box = {"x": 0, "y": 0, "width": 50, "height": 25}
    prompt = {**common, "id": "p", "from_name": "box", "type": "rectangle", "value": box}
    point = {"x": 1, "y": 1, "width": 1}
    results = [
        *labelled("rectangle", box),
        *labelled("ellipse", {"x": 50, "y": 50, "radiusX": 25, "radiusY": 25}),
        *labelled("polygon", {"points": [[0, 50], [50, 50], [50, 100], [0, 100]]}),
        {**common, "id": "u", "from_name": "rectangle", "type": "rectangle", "value": box},
        prompt,
        {**common, "id": "k", "from_name": "point", "type": "keypoint", "value": point},
    ]
    project = Given()
    project.add("a.jpg", annotation(results))
    exported = run(project, tmp_path / "set", INSTANCES)
    rectangle, ellipse, polygon = (
        pixels(tmp_path / f"set/objects/a/00{number}.png") for number in (1, 2, 3)
    )
    assert rectangle[: HEIGHT // 4, : WIDTH // 2].all()
    assert rectangle.sum() == HEIGHT // 4 * WIDTH // 2
    assert polygon.sum() == HEIGHT // 2 * WIDTH // 2
    assert abs(ellipse.sum() - np.pi * HEIGHT * WIDTH / 16) < 10
    assert exported.counts.left_out == {
        "regions without a label": 1,
        "points, vectors and prompts, which cover no pixels": 2,
    }


@pytest.mark.parametrize(
    ("rule", "hats"),
    [("newest", {"a": 2}), ("by=anna@example.org", {"a": 1}), ("consensus", {"a": 1})],
)
def test_one_of_several_annotations_counts_by_the_rule(
    tmp_path: Path, rule: str, hats: dict[str, int]
) -> None:
    both = [("hat", HARD[2][1]), ("hat", HARD[3][1])]
    project = Given()
    project.add(
        "a.jpg",
        annotation(drawn_with_brush(both), by="ben@example.org", day=3),
        annotation(drawn_with_brush(both[:1]), by="anna@example.org", day=2),
    )
    run(project, tmp_path / "set", replace(INSTANCES, rule=read_rule(rule)))
    assert len(list((tmp_path / "set/objects/a").iterdir())) == hats["a"]
    assert np.array_equal(pixels(tmp_path / "set/objects/a/001.png"), both[0][1])


def test_all_annotations_are_items_of_the_same_part(tmp_path: Path) -> None:
    project = Given()
    anna, ben = annotation(drawn_with_brush(HARD[:1])), annotation([], by="ben@example.org")
    project.add("a.jpg", anna, ben)
    run(project, tmp_path / "set", replace(MASKS, rule=Rule("all")))
    assert pixels(tmp_path / f"set/masks/a-annotation{anna.id}.png").any()
    assert not pixels(tmp_path / f"set/masks/a-annotation{ben.id}.png").any()


def test_a_picture_that_exif_turns_has_its_mask_as_it_is_shown(tmp_path: Path) -> None:
    project = Given()
    content = picture(WIDTH, HEIGHT, orientation=6)
    project.add("a.jpg", annotation(drawn_with_brush(HARD[:1])), content=content)
    run(project, tmp_path / "set")
    assert pixels(tmp_path / "set/masks/a.png").shape == (HEIGHT, WIDTH)
    assert "turned by their EXIF data" in (tmp_path / "set/README.md").read_text()


def test_the_card_says_what_is_in_it_and_no_address_unless_asked(tmp_path: Path) -> None:
    wish = replace(MASKS, licence="CC BY 4.0")
    run(given(3), tmp_path / "set", wish)
    text = (tmp_path / "set/README.md").read_text()
    assert "| 1 | coat | #004B87 | 2 | 2 |" in text
    assert "CC BY 4.0" in text
    assert "segmenter-1" in text
    assert "labeler 1: 3 annotations" in text
    assert all(b"anna@example.org" not in content for content in files(tmp_path / "set").values())
    with Image.open(tmp_path / "set/contact-sheet.jpg") as sheet:
        assert sheet.width > WIDTH
    run(given(3), tmp_path / "set", replace(wish, name_labelers=True))
    assert "anna@example.org" in (tmp_path / "set/README.md").read_text()


def test_nothing_of_a_label_of_two_lists_is_lost(tmp_path: Path) -> None:
    """`choice="multiple"`: a region with two labels is an object of each."""
    results = drawn_with_brush(HARD[:1])
    results[1]["value"]["labels"] = ["coat", "hat"]
    project = Given()
    project.add("a.jpg", annotation(results))
    exported = run(project, tmp_path / "set", INSTANCES)
    assert dict(exported.counts.things) == {1: 1, 3: 1}
    assert mask_of(results[0], HEIGHT, WIDTH).sum() == exported.counts.pixels[3]
