"""What is found in a folder and in a list, and how a folder's file becomes pixels."""

import hashlib
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from backends.serving.errors import ImageError
from backends.serving.settings import ModelSettings
from batch.errors import BatchError
from batch.sources import Addresses, Bucket, Folder, Item, NotedImages, source_of

LIMITS = ModelSettings.from_environment({"IMAGE_MAX_MEGAPIXELS": "1"})


def picture(path: Path, height: int = 4, width: int = 6) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.full((height, width, 3), 200, np.uint8)).save(path)


def test_a_folder_gives_its_pictures_by_path_and_nothing_hidden(tmp_path: Path) -> None:
    for name in ("b.png", "a/2.JPG", "a/1.jpg", ".cache/x.png", "a/.y.png"):
        picture(tmp_path / name)
    (tmp_path / "notes.txt").write_text("not an image")
    assert [item.name for item in Folder(tmp_path).items()] == ["b.png", "a/1.jpg", "a/2.JPG"]


def test_a_replaced_picture_has_another_state(tmp_path: Path) -> None:
    picture(tmp_path / "1.png")
    (before,) = Folder(tmp_path).items()
    picture(tmp_path / "1.png", 40)
    (after,) = Folder(tmp_path).items()
    assert before.name == after.name
    assert before.state != after.state


def test_what_was_read_of_a_picture_is_noted_until_somebody_asks(tmp_path: Path) -> None:
    picture(tmp_path / "1.png")
    images = NotedImages(Folder(tmp_path).images(LIMITS))
    images.load("1.png")
    digest = hashlib.sha256((tmp_path / "1.png").read_bytes()).hexdigest()
    assert [images.taken("1.png"), images.taken("1.png")] == [f"sha256:{digest[:32]}", ""]
    with pytest.raises(ImageError):
        images.load("2.png")
    assert images.taken("2.png") == ""


def test_its_users_find_a_picture_under_the_prefix() -> None:
    folder = Folder(Path("/scans"), "https://pictures.example.org/scans/")
    address = folder.address(Item("box 1/é #2.jpg", ""))
    assert address == "https://pictures.example.org/scans/box%201/%C3%A9%20%232.jpg"


def test_a_list_gives_each_address_once(tmp_path: Path) -> None:
    file = tmp_path / "addresses.txt"
    file.write_text("\ufeffgs://a/1.jpg\n\n# scans of May\n https://b/2.jpg \ngs://a/1.jpg\n")
    assert [item.name for item in Addresses(file).items()] == ["gs://a/1.jpg", "https://b/2.jpg"]


def test_a_name_that_is_no_text_is_refused_in_words(tmp_path: Path) -> None:
    os.close(os.open(os.fsencode(tmp_path) + b"/caf\xe9.png", os.O_CREAT))
    (item,) = Folder(tmp_path).items()
    with pytest.raises(ImageError, match="its name is no UTF-8"):
        Folder(tmp_path).images(LIMITS).load(item.name)


def test_a_list_that_is_no_text_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "addresses.txt"
    file.write_bytes(b"gs://a/caf\xe9.jpg\n")
    with pytest.raises(BatchError, match="UTF-8"):
        list(Addresses(file).items())


def test_a_source_is_known_by_what_it_is(tmp_path: Path) -> None:
    file = tmp_path / "addresses.txt"
    file.touch()
    assert source_of(str(tmp_path)) == Folder(tmp_path)
    assert source_of(str(file)) == Addresses(file)
    assert source_of("gs://scans/may/") == Bucket("scans", "may/")
    for nothing in (str(tmp_path / "missing"), "gs://"):
        with pytest.raises(BatchError):
            source_of(nothing)


def test_a_file_becomes_pixels_with_the_identity_of_its_bytes(tmp_path: Path) -> None:
    picture(tmp_path / "a" / "1.png")
    picture(tmp_path / "b" / "2.png")
    images = Folder(tmp_path).images(LIMITS)
    first, second = images.load("a/1.png"), images.load("b/2.png")
    assert first.pixels.shape == (4, 6, 3)
    assert first.identity.startswith("a/1.png#")
    assert first.identity.rpartition("#")[2] == second.identity.rpartition("#")[2]


@pytest.mark.parametrize(
    ("name", "kind", "reason"),
    [
        ("gone.png", "cannot", "there is no such file"),
        ("link.png", "cannot", "it leads out of the folder"),
        ("text.png", "cannot", "is not an image of a known format"),
        ("cut.png", "cannot", "the file is damaged or incomplete"),
        ("large.png", "cannot", "more than the 1 megapixels allowed"),
    ],
)
def test_what_cannot_be_had_says_why_without_its_name(
    tmp_path: Path, name: str, kind: str, reason: str
) -> None:
    root = tmp_path / "scans"
    picture(root / "whole.png", 40, 60)
    picture(tmp_path / "outside.png")
    (root / "link.png").symlink_to(tmp_path / "outside.png")
    (root / "text.png").write_text("not an image at all")
    (root / "cut.png").write_bytes((root / "whole.png").read_bytes()[:60])
    picture(root / "large.png", 1001, 1000)
    with pytest.raises(ImageError) as refused:
        Folder(root).images(LIMITS).load(name)
    assert refused.value.kind == kind
    assert refused.value.reason.startswith(reason)
    assert name in str(refused.value)
