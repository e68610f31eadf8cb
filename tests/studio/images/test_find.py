"""Images of a folder or of a list, in a stable order."""

import os
from pathlib import Path

import pytest

from studio.buckets.cloud_storage import CloudStorage
from studio.errors import StudioError
from studio.images.find import find_images
from studio.images.image import FoundImages, Image
from studio.project.project_file import Source


def source(beside: Path, /, **fields: object) -> Source:
    return Source.model_validate(fields, context={"folder": beside})


def find(source: Source, catalogue: Path | None = None) -> FoundImages:
    """Nothing here is in a bucket."""
    return find_images(source, catalogue, CloudStorage())


def fill(folder: Path, **files: bytes) -> None:
    for name, content in files.items():
        path = folder / name.replace("__", "/").replace("_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def test_a_folder_is_read_with_its_subfolders_in_order(tmp_path: Path) -> None:
    fill(tmp_path, b_jpg=b"1", a__c_PNG=b"2", a__B_webp=b"3", _hidden_jpg=b"4")
    found = find(source(tmp_path, folder="."))
    assert [image.source for image in found.images] == ["a/B.webp", "a/c.PNG", "b.jpg"]
    assert found.ignored == ()


def test_what_is_no_image_is_named_but_for_the_catalogue(tmp_path: Path) -> None:
    fill(tmp_path, a_jpg=b"1", b_tif=b"2", c_jpg=b"", catalogue_csv=b"id\n")
    found = find(source(tmp_path, folder="."), tmp_path / "catalogue.csv")
    assert [image.source for image in found.images] == ["a.jpg"]
    assert found.ignored == (
        ("b.tif", ".tif is not an image format that browsers show; convert to JPEG"),
        ("c.jpg", "the file is empty"),
    )


@pytest.mark.parametrize(
    ("name", "shown", "why"),
    [
        (b"caf\xe9.jpg", "caf\\xe9.jpg", "its name is not in UTF-8; rename it"),
        (
            b"a\nb.jpg",
            "a\\nb.jpg",
            "its name has a line break or another control character; rename it",
        ),
    ],
)
def test_a_name_that_cannot_be_imported_is_named_and_the_others_are_found(
    tmp_path: Path, name: bytes, shown: str, why: str
) -> None:
    fill(tmp_path, a_jpg=b"1")
    (tmp_path / os.fsdecode(name)).write_bytes(b"2")
    found = find(source(tmp_path, folder="."))
    assert [image.source for image in found.images] == ["a.jpg"]
    assert found.ignored == ((shown, why),)


def test_a_file_that_label_studio_cannot_take_is_named(tmp_path: Path) -> None:
    fill(tmp_path, a_jpg=b"1", b_png=b"2")
    os.truncate(tmp_path / "a.jpg", 250 * 10**6 - 1)
    os.truncate(tmp_path / "b.png", 250 * 10**6)
    found = find(source(tmp_path, folder="."))
    assert [image.source for image in found.images] == ["a.jpg"]
    assert found.ignored == (("b.png", "larger than the 250 MB that Label Studio takes"),)


def test_a_list_keeps_its_order_and_takes_each_address_once(tmp_path: Path) -> None:
    (tmp_path / "list.txt").write_text(
        "# the autumn shows\n gs://b/2.jpg \n\nhttps://h/1.jpg\ngs://b/2.jpg\nfile:///etc/passwd\n"
    )
    found = find(source(tmp_path, list="list.txt"))
    assert [image.source for image in found.images] == ["gs://b/2.jpg", "https://h/1.jpg"]
    assert found.repeated == (("gs://b/2.jpg", "gs://b/2.jpg"),)
    assert found.ignored == (("file:///etc/passwd", "not the address of an image"),)


def test_nothing_to_label_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(StudioError, match="there is no image in /"):
        find(source(tmp_path, folder="."))
    with pytest.raises(StudioError, match="no image in the list"):
        find(source(tmp_path, list=["nonsense"]))


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("gs://bucket/a/look%207.jpg?generation=1", "look 7.jpg"),
        ("https://host/x.png#part", "x.png"),
    ],
)
def test_an_address_has_a_file_name(address: str, name: str) -> None:
    assert Image(address).file_name == name
