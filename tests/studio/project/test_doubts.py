"""What looks like a mistake is not done: examples of both sides are shown, and what to change."""

from pathlib import Path

import pytest

from studio.buckets.cloud_storage import CloudStorage
from studio.errors import DoubtfulError
from studio.project.catalogue import match, read_rows
from studio.project.doubts import doubt_facts, doubt_match
from studio.project.project_file import Catalogue

NUMBERS = range(52)


def doubt(folder: Path, text: str, images: list[str], key: str = "id") -> None:
    (folder / "t.csv").write_text(text)
    content = {"file": "t.csv", "key": key, "columns": {"Name": "name"}}
    catalogue = Catalogue.model_validate(content, context={"folder": folder})
    rows, names = read_rows(catalogue, CloudStorage()), {name: name for name in images}
    doubt_match(rows, catalogue, names, match(rows, catalogue, names))


def test_a_wrong_key_column_is_said_with_ten_of_each_side_and_the_better_one(
    tmp_path: Path,
) -> None:
    text = "id,file,name\n" + "".join(f"{1000 + n},look{n},Anna\n" for n in NUMBERS)
    images = [f"look{n}.jpg" for n in NUMBERS]
    doubt(tmp_path, text, images, key="file")
    with pytest.raises(DoubtfulError) as caught:
        doubt(tmp_path, text, images)
    told = str(caught.value)
    assert "only 0 images of 52 match one of the 52 keys" in told
    assert "look9.jpg (key 'look9'); ..." in told
    assert "keys in column 'id': 1000; 1001; " in told
    assert "1009; ..." in told
    assert "The column 'file' would match 52: write `key: file`." in told
    assert "--force" in told


def test_a_table_of_few_images_and_a_folder_of_a_large_table_are_no_mistake(
    tmp_path: Path,
) -> None:
    rows = [f"look{n},Anna\n" for n in NUMBERS]
    images = [f"look{n}.jpg" for n in NUMBERS]
    doubt(tmp_path, "id,name\n" + "".join(rows), images[:3])
    doubt(tmp_path, "id,name\n" + "".join(rows[:3]), images)
    doubt(tmp_path, "id,name\n", images)


def test_half_is_enough(tmp_path: Path) -> None:
    doubt(tmp_path, "id,name\na,1\nx,2\n", ["a.jpg", "b.jpg"])
    with pytest.raises(DoubtfulError, match="`image_key` to a pattern"):
        doubt(tmp_path, "id,name\na,1\nx,2\ny,3\n", ["a.jpg", "b.jpg", "c.jpg"])


def data(**facts: str) -> dict[str, str]:
    return {"source": "x", "image": "/data/x.jpg", **facts}


def test_a_task_that_would_lose_all_its_facts_stops_it() -> None:
    before = {"a": data(Name="Anna", Kind="hat"), "b": data(Name="", Kind="")}
    after = {one: {"source": one, "Name": "", "Kind": ""} for one in "ab"}
    with pytest.raises(DoubtfulError, match="1 task would lose all their facts") as caught:
        doubt_facts(before, after)
    assert "a: Kind = hat, Name = Anna" in str(caught.value)


def test_a_column_that_every_task_would_lose_stops_it() -> None:
    before = {one: data(Name="Anna", Kind="hat") for one in "abc"}
    after = {one: {"source": one, "Name": "Anna", "Kind": ""} for one in "abc"}
    with pytest.raises(DoubtfulError, match="every task would lose Kind"):
        doubt_facts(before, after)


def test_a_corrected_or_deleted_cell_and_new_images_are_no_mistake() -> None:
    before = {one: data(Name="Anna", Kind="hat") for one in "abc"}
    after = {one: {"source": one, "Name": "Anna", "Kind": "hat"} for one in "abcd"}
    after["a"] |= {"Kind": ""}
    after["b"] |= {"Name": "Bea"}
    doubt_facts(before, after)
