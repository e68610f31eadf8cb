"""Keys of rows and of images: strict rules first, loose ones only where one key fits."""

import unicodedata
from pathlib import PurePosixPath

import pytest

from studio.project.keys import ImageKey, KeyMatch, match_keys
from studio.project.project_file import KeyRule

ALL: tuple[KeyRule, ...] = ("suffix", "case", "zeros")


def matched(sources: list[str], keys: list[str], allowed: tuple[KeyRule, ...] = ALL) -> KeyMatch:
    paths = [PurePosixPath(source) for source in sources]
    images = [ImageKey(path.stem, path.name, str(path)) for path in paths]
    return match_keys(images, keys, allowed)


@pytest.mark.parametrize(
    ("source", "key", "rule"),
    [
        ("a1.jpg", "a1", "as written"),
        (unicodedata.normalize("NFD", "été.jpg"), "été", "but for the form of accents or spaces"),
        ("été.jpg", unicodedata.normalize("NFD", "été"), "but for the form of accents or spaces"),
        ("d4 .jpg", "d4", "but for the form of accents or spaces"),
        ("a1.jpg", "a1.jpg", "but for the suffix"),
        ("a1.jpg", "a1.TIF", "but for the suffix"),
        ("1920/a1.jpg", "1920/a1.tif", "but for the suffix"),
        ("a1.jpg", "A1", "but for capital letters"),
        ("a1.JPG", "A1.jpg", "but for capital letters"),
        ("look007.jpg", "look7", "but for zeros before a number"),
        ("7.jpg", "0007.tif", "but for zeros before a number"),
    ],
)
def test_a_row_is_found_by_the_strictest_rule_that_fits(source: str, key: str, rule: str) -> None:
    found = matched([source], ["other", key])
    assert found.keys == {source: key}
    assert found.rules == {rule: 1}


@pytest.mark.parametrize(
    ("key", "without"), [("a7.jpg", "suffix"), ("A7", "case"), ("a07", "zeros")]
)
def test_what_the_project_file_does_not_allow_is_not_done(key: str, without: str) -> None:
    allowed: tuple[KeyRule, ...] = tuple(rule for rule in ALL if rule != without)
    assert matched(["a7.jpg"], [key], allowed).keys == {}


def test_a_number_is_not_cut_short_as_if_it_had_a_suffix() -> None:
    assert matched(["1234.6.jpg"], ["1234.5", "1234"]).keys == {}


def test_a_loose_rule_takes_no_key_that_an_image_has_by_a_strict_one() -> None:
    found = matched(["a1.jpg", "A1.png"], ["a1"])
    assert found.keys == {"a1.jpg": "a1"}


def test_of_two_images_that_differ_in_the_suffix_each_has_the_row_that_names_it() -> None:
    found = matched(["a1.jpg", "a1.png"], ["a1.png", "a1.jpg"])
    assert found.keys == {"a1.jpg": "a1.jpg", "a1.png": "a1.png"}


def test_where_several_keys_fit_none_is_taken_and_they_are_named() -> None:
    found = matched(["b1.jpg"], ["B1", "b01", "B01"], ("case",))
    assert found.keys == {"b1.jpg": "B1"}
    found = matched(["b1.jpg"], ["b01", "b001"])
    assert found.keys == {}
    assert found.ambiguous == {"b1.jpg": ["b01", "b001"]}


def test_the_row_that_names_an_image_in_full_may_be_in_capital_letters() -> None:
    found = matched(["a1.jpg", "a1.png"], ["A1.PNG", "A1.JPG"])
    assert found.keys == {"a1.jpg": "A1.JPG", "a1.png": "A1.PNG"}


def test_each_rule_counts_its_images() -> None:
    found = matched(["a.jpg", "b.jpg", "c.jpg", "d.jpg"], ["a", "b", "c", "D"])
    assert found.rules == {"as written": 3, "but for capital letters": 1}
