"""The catalogue: rows merged per image, and everything that does not fit named."""

import unicodedata
from pathlib import Path
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio.buckets.cloud_storage import CloudStorage
from studio.errors import CatalogueError
from studio.images.image import Image
from studio.project.catalogue import Matched, match, read_rows
from studio.project.project_file import Catalogue

TABLE = """\
id,name,type,year
007,Anna,coat,2019
007,Anna,hat,2019
007,Bea,coat,2020
008,,NA,
008,,NA,
009,Zoe,scarf,2021
"""


def catalogue(folder: Path, text: str = TABLE, **fields: object) -> Catalogue:
    (folder / "catalogue.csv").write_text(text)
    content = {
        "file": "catalogue.csv",
        "key": "id",
        "columns": {
            "Name": "name",
            "Typology": {"column": "type"},
            "Year": {"column": "year", "merge": "first"},
        },
        **fields,
    }
    return Catalogue.model_validate(content, context={"folder": folder})


def images(*names: str) -> dict[str, str]:
    return {name: Path(name).name for name in names}


def matched_with(table: Catalogue, found: dict[str, str]) -> Matched:
    """Nothing here is in a bucket."""
    return match(read_rows(table, CloudStorage()), table, found)


def test_rows_of_an_image_are_merged_in_their_order_without_repeats(tmp_path: Path) -> None:
    matched = matched_with(catalogue(tmp_path), images("007.jpg"))
    assert matched.facts["007.jpg"] == {
        "Name": "Anna, Bea",
        "Typology": "coat, hat",
        "Year": "2019",
    }


def test_numbers_and_not_available_stay_text(tmp_path: Path) -> None:
    matched = matched_with(catalogue(tmp_path), images("008.jpg"))
    assert matched.facts["008.jpg"] == {"Name": "", "Typology": "NA", "Year": ""}


def test_what_does_not_fit_is_named_on_both_sides(tmp_path: Path) -> None:
    matched = matched_with(catalogue(tmp_path), images("007.jpg", "x.jpg", "b/007.png"))
    assert matched.rows_without_image == ("008", "009")
    assert matched.images_without_row == ("x.jpg",)
    assert matched.images_sharing_rows == (("007", ("007.jpg", "b/007.png")),)
    assert matched.repeated_rows == ("008",)
    assert matched.facts["x.jpg"] == {"Name": "", "Typology": "", "Year": ""}
    assert matched.contradictions == ("007: year is 2019 or 2020",)


def test_a_row_without_a_key_is_nobodys(tmp_path: Path) -> None:
    text = "id,name,type,year\n007,Anna,hat,2019\n,Ghost,coat,1900\n"
    matched = matched_with(catalogue(tmp_path, text), images("007.jpg", "x.jpg"))
    assert matched.facts["x.jpg"] == {"Name": "", "Typology": "", "Year": ""}
    assert matched.images_without_row == ("x.jpg",)
    assert matched.rows_without_image == ("(no key)",)


def test_a_pattern_finds_the_key_in_the_file_name(tmp_path: Path) -> None:
    table = catalogue(tmp_path, "id,name,type,year\n7,Anna,coat,2019\n", image_key=r"^look0*(\d+)_")
    address = "gs://bucket/runway/look007_front.jpg?generation=3"
    names = {one: Image(one).file_name for one in (address, "gs://b/y.jpg")}
    matched = matched_with(table, names)
    assert matched.facts[address]["Name"] == "Anna"
    assert matched.images_without_row == ("gs://b/y.jpg",)


FORMS = ("NFC", "NFD")


@pytest.mark.parametrize("in_table", FORMS)
@pytest.mark.parametrize("in_project_file", FORMS)
def test_a_column_is_found_in_whichever_form_its_accents_are(
    tmp_path: Path, in_table: Literal["NFC", "NFD"], in_project_file: Literal["NFC", "NFD"]
) -> None:
    text = unicodedata.normalize(in_table, "Numéro;Créé, où;Détail\nété-1;Béa;x\n")
    columns = {"Name": unicodedata.normalize(in_project_file, "Créé, où"), "Detail": "Détail"}
    table = catalogue(
        tmp_path, text, key=unicodedata.normalize(in_project_file, "Numéro"), columns=columns
    )
    matched = matched_with(table, images("été-1.jpg"))
    assert matched.facts["été-1.jpg"]["Detail"] == "x"
    assert matched.facts["été-1.jpg"]["Name"] == unicodedata.normalize(in_table, "Béa")


@pytest.mark.parametrize("in_name", FORMS)
@pytest.mark.parametrize("in_pattern", FORMS)
@pytest.mark.parametrize("pattern", [r"^été-(.*)_", r"^[éà]té-(.*)_", "^.té-(..)_"])
def test_a_pattern_sees_an_accent_as_one_letter(
    tmp_path: Path,
    in_name: Literal["NFC", "NFD"],
    in_pattern: Literal["NFC", "NFD"],
    pattern: str,
) -> None:
    text = "id,name,type,year\né7,Anna,coat,2019\n"
    table = catalogue(tmp_path, text, image_key=unicodedata.normalize(in_pattern, pattern))
    name = unicodedata.normalize(in_name, "été-é7_front.jpg")
    assert matched_with(table, images(name)).facts[name]["Name"] == "Anna"


def test_a_separator_can_be_chosen(tmp_path: Path) -> None:
    matched = matched_with(catalogue(tmp_path, separator=" / "), images("007.jpg"))
    assert matched.facts["007.jpg"]["Name"] == "Anna / Bea"


def test_a_missing_column_is_said_with_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(CatalogueError, match="no column 'nam'; did you mean 'name'") as caught:
        matched_with(catalogue(tmp_path, columns={"N": "nam", "T": "zzz"}), images("a.jpg"))
    assert "no column 'zzz'; it has id, name, type, year" in str(caught.value)


def test_a_column_that_is_there_twice_is_refused_where_it_is_asked_for(tmp_path: Path) -> None:
    text = "id,name,type,year,note,note,name\n7,Anna,coat,2019,,,Bea\n"
    with pytest.raises(CatalogueError, match=r"'name' is there more than once \(columns 2 and 7\)"):
        matched_with(catalogue(tmp_path, text), images("7.jpg"))


def test_a_row_with_a_cell_too_many_or_too_few_gives_no_facts_and_is_named(tmp_path: Path) -> None:
    text = "id,name,type,year\n1,Anna,coat,2019\n2,Smith, Bea,hat,2020\n3,Zoe,2021\n"
    matched = matched_with(catalogue(tmp_path, text), images("1.jpg", "2.jpg", "3.jpg"))
    assert matched.images_without_row == ("2.jpg", "3.jpg")
    assert matched.facts["2.jpg"]["Typology"] == matched.facts["3.jpg"]["Typology"] == ""
    assert matched.rows_left_out == (
        "line 3: 5 cells under 4 headers ('2020' is one too far)",
        "line 4: 3 cells under 4 headers",
    )


def test_the_report_says_how_the_table_was_read_and_by_which_rule_rows_were_found(
    tmp_path: Path,
) -> None:
    table = catalogue(tmp_path, TABLE.replace("009", "L9").replace(",", ";").replace("Zoe", "Zoé"))
    matched = matched_with(table, images("007.jpg", "8.jpg", "l9.jpg"))
    assert matched.remarks == (
        f"{table.file} (read as semicolons, UTF-8): 2 of 3 images matched with a row: "
        "1 as written, 1 but for capital letters",
        "1 more would match but for zeros before a number: to allow that, write "
        "match: [suffix, case, zeros] below catalogue",
    )


@pytest.mark.parametrize("text", ["", 'id,name,type,year\n"open', "id,name\n1,2,3,4,5\n1,2\n"])
def test_a_file_that_is_no_table_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(CatalogueError):
        matched_with(catalogue(tmp_path, text), images("a.jpg"))


@pytest.mark.parametrize("marks", [1, 2])
def test_byte_order_marks_are_no_part_of_the_first_column(tmp_path: Path, marks: int) -> None:
    """Excel writes one, and a tool that saves the file again may add another."""
    matched = matched_with(catalogue(tmp_path, "\ufeff" * marks + TABLE), images("009.jpg"))
    assert matched.facts["009.jpg"]["Name"] == "Zoe"


KEYS = st.sampled_from(["a", "b", "c", "d"])


@given(rows=st.lists(st.tuples(KEYS, st.sampled_from("xyz"))), names=st.lists(KEYS, unique=True))
def test_nothing_is_lost_and_nothing_doubled(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, str]], names: list[str]
) -> None:
    folder = tmp_path_factory.mktemp("catalogue")
    text = "id,value\n" + "".join(f"{key},{value}\n" for key, value in rows)
    table = catalogue(folder, text, columns={"Value": "value"})
    found: Matched = match(
        read_rows(table, CloudStorage()), table, images(*(f"{name}.jpg" for name in names))
    )
    assert set(found.facts) == {f"{name}.jpg" for name in names}
    for name in names:
        values = list(dict.fromkeys(value for key, value in rows if key == name))
        assert found.facts[f"{name}.jpg"]["Value"] == ", ".join(values)
    keys = {key for key, _ in rows}
    assert set(found.rows_without_image) == keys - set(names)
    assert set(found.images_without_row) == {f"{name}.jpg" for name in set(names) - keys}


def test_of_300_rows_with_every_kind_of_dirt_none_shifts_and_none_is_lost_unsaid(
    tmp_path: Path,
) -> None:
    """A table as a museum has it after ten years: UTF-16, semicolons, ten kinds of rows."""
    text, facts, left_out, line = '" id ";"name ";type;year;;\n', {}, [], 1
    without_image, repeated, contradicting = [], [], []
    for number in range(300):
        key, name = f"été {number:03}", f"N{number}"
        row = [f"{key};{name};coat;1900"]
        said = {"Name": name, "Typology": "coat", "Year": "1900"}
        match number % 10:
            case 0:  # Capital letters, and the suffix of another file.
                row = [f"{key.upper()}.TIF;{name};coat;1900"]
            case 1:  # Spaces around, and accents as a Mac writes them.
                row = [f"  {unicodedata.normalize('NFD', key)} ; {name} ;coat ;1900;;;"]
            case 2:
                row = [f"{key};{name};coat;1900;one too far"]
            case 3:
                row = [f"{key};{name};coat"]
            case 4:
                row *= 2
                repeated.append(key)
            case 5:
                row.append(f"{key};{name};hat;1901")
                said["Typology"] = "coat, hat"
                contradicting.append(key)
            case 6:
                row.append(f"{key}-lost;{name};coat;1900")
                without_image.append(f"{key}-lost")
            case 7:  # The delimiter, a quotation mark and a line break within a cell.
                row = [f'{key};"a; ""b""\nc";coat;1900']
                said["Name"] = 'a; "b"\nc'
            case 8:
                row = ["", ";;;", *row, " "]
            case _:
                row = [f"{key};;NA;007"]
                said = {"Name": "", "Typology": "NA", "Year": "007"}
        for one in row:
            line += 1
            if number % 10 in (2, 3):
                left_out.append(line)
                said = dict.fromkeys(said, "")
            line += one.count("\n")
        facts[f"{key}.jpg"] = said
        text += "".join(f"{one}\n" for one in row)
    table = catalogue(tmp_path)
    table.file.write_bytes(text.encode("utf-16"))  # pyright: ignore[reportAttributeAccessIssue]
    found = matched_with(table, images(*facts))
    assert found.facts == facts
    assert [int(one.split()[1].rstrip(":")) for one in found.rows_left_out] == left_out
    assert len(found.rows_left_out) == len(found.images_without_row) == 60
    assert found.rows_without_image == tuple(without_image)
    assert found.repeated_rows == tuple(repeated)
    assert [one.partition(":")[0] for one in found.contradictions] == contradicting
