"""croissant.json, validated and read by MLCommons' own library."""

import io
import warnings
from pathlib import Path

import pytest
from rich.console import Console

from studio.dataset.choosing import Rule
from studio.dataset.export import Wish, export
from studio.dataset.splits import Split
from studio.output import Output
from tests.studio.dataset.given import HEIGHT, WIDTH, given

with warnings.catch_warnings():
    # Of the packages that it brings.
    warnings.simplefilter("ignore")
    import mlcroissant


# The library's own, of rdflib.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


def described(place: Path, format_: str, *, licence: str = "", with_pictures: bool = True):
    """A data set of two parts, opened by the library, which validates it."""
    split = Split((50, 0, 50), "Theme")
    wish = Wish(format_, Rule("newest"), split, with_pictures, licence)
    export(given(4), wish, place, Output(Console(file=io.StringIO())))
    return mlcroissant.Dataset(jsonld=str(place / "croissant.json"))


@pytest.mark.parametrize("format_", ["coco", "yolo", "label-studio"])
def test_it_is_valid_and_each_picture_is_a_record_with_its_part(
    tmp_path: Path, format_: str
) -> None:
    place = tmp_path / "set"
    found = described(place, format_, licence="https://creativecommons.org/licenses/by/4.0/")
    assert not found.metadata.ctx.issues.errors
    assert found.metadata.name == "Autumn"
    assert found.metadata.license == ["https://creativecommons.org/licenses/by/4.0/"]
    pictures = list(found.records("pictures"))
    assert len(pictures) == 4
    for one in pictures:
        assert (place / one["pictures/file"].decode()).is_file()
        assert (one["pictures/width"], one["pictures/height"]) == (WIDTH, HEIGHT)
    assert {one["pictures/part"].decode() for one in pictures} <= {"train", "test"}
    assert sorted(one["pictures/objects"] for one in pictures) == [0, 4, 4, 4]
    classes = [
        (one["classes/number"], one["classes/name"].decode()) for one in found.records("classes")
    ]
    assert classes == [(1, "coat"), (2, "shoe"), (3, "hat")]


def test_all_files_of_a_data_set_are_in_its_description(tmp_path: Path) -> None:
    place = tmp_path / "set"
    found = described(place, "instances", with_pictures=False)
    known = {one.name for one in found.metadata.distribution}
    assert {path.name for path in place.iterdir()} - known == {"croissant.json", "SHA256SUMS"}
    (objects,) = (one for one in found.metadata.file_sets if one.name == "objects")
    assert objects.encoding_formats == ["image/png"]
    # Without its file a picture is called by its name.
    assert next(iter(found.records("pictures")))["pictures/file"] == b"autumn/1.jpg"
