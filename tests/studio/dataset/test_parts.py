"""Splits, names and categories: what decides where a picture goes and what it is called."""

from collections import Counter

import pytest

from studio.dataset.categories import read_categories
from studio.dataset.labelled import Entry
from studio.dataset.naming import names_of
from studio.dataset.splits import Split, read_split
from studio.errors import ExportError

SPLIT = Split((80, 10, 10))


def entry(number: int, **data: str) -> Entry:
    return Entry(number, data, "", 1)


def test_a_split_comes_near_its_shares_and_is_the_same_everywhere() -> None:
    parts = {f"{number}.jpg": SPLIT.part_of(f"{number}.jpg", {}) for number in range(5000)}
    counted = Counter(parts.values())
    assert abs(counted["train"] - 4000) < 120
    assert abs(counted["val"] - 500) < 80
    # Written out: another hash would move pictures between a team's data sets.
    small = range(24)
    assert [number for number in small if parts[f"{number}.jpg"] == "val"] == [3, 10]
    assert [number for number in small if parts[f"{number}.jpg"] == "test"] == [13, 15]


def test_a_name_in_two_unicode_forms_is_in_one_part() -> None:
    names = [(f"été {number}", f"e\u0301te\u0301 {number}") for number in range(40)]
    assert all(SPLIT.part_of(one, {}) == SPLIT.part_of(two, {}) for one, two in names)


def test_a_picture_that_was_moved_is_known_by_its_first_place_and_called_by_its_last() -> None:
    moved = Entry(1, {"source": "2026/a.jpg"}, "", 1, "autumn/a.jpg")
    assert (moved.identity, moved.name) == ("autumn/a.jpg", "2026/a.jpg")
    assert str(names_of([moved], ())[1]) == "2026/a.jpg"
    stayed = entry(1, source="autumn/a.jpg")
    assert stayed.identity == stayed.name == moved.identity
    assert entry(7).identity == "task 7"


def test_what_shares_a_fact_is_in_one_part() -> None:
    split = read_split("50,25,25", "Person")
    by_person = [
        {split.part_of(f"{person}-{shot}", {"Person": f"p{person}"}) for shot in range(9)}
        for person in range(20)
    ]
    assert all(len(parts) == 1 for parts in by_person)
    assert set.union(*by_person) == {"train", "val", "test"}
    alone = {split.part_of(f"{shot}", {"Person": " "}) for shot in range(40)}
    assert len(alone) == 3, "no value is no person"
    with pytest.raises(ExportError, match="no fact 'Person'"):
        split.part_of("a", {})


@pytest.mark.parametrize("text", ["80,20", "80,10,20", "a,b,c", "-10,100,10", ""])
def test_shares_that_make_no_hundred_are_refused(text: str) -> None:
    with pytest.raises(ExportError, match="three percents that make 100"):
        read_split(text)


def test_files_are_called_as_the_pictures_are() -> None:
    names = names_of(
        [
            entry(1, source="autumn/IMG_1.JPG"),
            entry(2, source="gs://bucket/a b/photo.final.png"),
            entry(3, source="https://host/iiif/p%C3%A9.jpg?size=max"),
            entry(4, image="/data/upload/3/1a2b3c4d-hat.png"),
            entry(5, source="../../etc/pass:wd.png"),
            entry(6),
        ],
        ["image"],
    )
    assert [str(name) for name in names.values()] == [
        "autumn/IMG_1.JPG",
        "a b/photo.final.png",
        "iiif/pé.jpg",
        "hat.png",
        "etc/pass_wd.png",
        "task-6",
    ]


def test_no_two_masks_have_one_name_on_any_system() -> None:
    sources = ["a.jpg", "a.png", "A.png", "a.png", "a.jpg"]
    found = names_of([entry(n, source=one) for n, one in enumerate(sources, 1)], [])
    stems = [str(name.with_suffix("")).casefold() for name in found.values()]
    assert stems == ["a", "a.png", "a-task3", "a-task4", "a.jpg"]
    grown = names_of([entry(n, source=one) for n, one in enumerate([*sources, "a.gif"], 1)], [])
    assert {key: grown[key] for key in found} == found


def test_categories_are_those_of_the_config_in_its_order() -> None:
    config = """<View><Image name="i" value="$image"/>
      <KeyPointLabels name="k" toName="i"><Label value="joint"/></KeyPointLabels>
      <RectangleLabels name="p" toName="i" smart="true" smartOnly="true"><Label value="x"/>
      </RectangleLabels>
      <RectangleLabels name="r" toName="i"><Label value="zip" background="#abc"/></RectangleLabels>
      <BrushLabels name="b" toName="i"><Label value="arm"/><Label value="zip"/></BrushLabels>
      <Choices name="c" toName="i"><Choice value="blurred"/></Choices></View>"""
    found = read_categories(config).all
    assert [(one.number, one.name) for one in found] == [(1, "zip"), (2, "arm")]
    assert found[0].hex == "#AABBCC"
    assert found[1].colour == (128, 0, 0)


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ("<View", "cannot be read"),
        ('<View><Image name="i" value="$image"/></View>', "no labels"),
    ],
)
def test_a_config_that_names_no_category_is_said(config: str, words: str) -> None:
    with pytest.raises(ExportError, match=words):
        read_categories(config)
