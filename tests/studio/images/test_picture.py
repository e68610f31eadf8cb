"""Files that are no whole picture are found without decoding those that are."""

import os
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image as Pictures

from studio.images.picture import DAMAGED, content_of, why_unusable


def picture(kind: str, side: int = 400) -> bytes:
    file = BytesIO()
    # Noise, so that the file is larger than the part that is looked at.
    Pictures.frombytes("RGB", (side, side), os.urandom(side * side * 3)).save(file, kind)
    return file.getvalue()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "BMP", "WEBP"])
def test_a_whole_picture_can_be_used_also_with_something_behind_it(
    tmp_path: Path, kind: str
) -> None:
    path = tmp_path / "a.jpg"
    for end in (b"", b"a telephone's film" * 5000):
        path.write_bytes(picture(kind) + end)
        assert why_unusable(path) is None


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF"])
@pytest.mark.parametrize("share", [0.0001, 0.5, 0.9])
def test_a_half_copied_picture_is_found(tmp_path: Path, kind: str, share: float) -> None:
    path, whole = tmp_path / "a.jpg", picture(kind)
    path.write_bytes(whole[: int(len(whole) * share) + 1])
    assert why_unusable(path) == DAMAGED


@pytest.mark.parametrize("share", [0.1, 0.5, 0.95])
@pytest.mark.parametrize("side", [100, 400])
def test_the_end_of_a_jpeg_s_small_picture_is_not_its_own(
    tmp_path: Path, side: int, share: float
) -> None:
    small = picture("JPEG", 60)
    exif = b"Exif\0\0" + small
    segment = b"\xff\xe1" + (len(exif) + 2).to_bytes(2, "big") + exif
    whole = picture("JPEG", side)
    path = tmp_path / "a.jpg"
    path.write_bytes(whole[:2] + segment + whole[2:])
    assert why_unusable(path) is None
    path.write_bytes(whole[:2] + segment + whole[2 : int(len(whole) * share)])
    assert why_unusable(path) == DAMAGED


def test_what_browsers_do_not_show_is_named_whatever_its_suffix(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(picture("TIFF"))
    assert why_unusable(path) == "TIFF under another suffix; convert it to JPEG or PNG"
    path.write_bytes(b"\0\0\0\x18ftypheic" + bytes(40))
    assert why_unusable(path) == "HEIC or AVIF under another suffix; convert it to JPEG"


def test_equal_files_have_equal_contents(tmp_path: Path) -> None:
    for name, content in (("a", b"1"), ("b", b"1"), ("c", b"2")):
        (tmp_path / name).write_bytes(content)
    a, b, c = (content_of(tmp_path / name) for name in "abc")
    assert a == b != c
    assert a.startswith("sha256:")
