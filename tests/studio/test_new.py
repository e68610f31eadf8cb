"""`studio new`: a project file that can be applied, from a folder as people have it."""

import os
import shutil
from pathlib import Path

import pytest

from studio.errors import StudioError
from studio.new import write_project
from studio.project.labeling_config import read_task_keys, unknown_to_the_editor
from studio.project.load import load_project

PICTURE = Path(__file__).with_name("picture.png")
SECRETS = {"SEGMENTATION_PASSWORD": "s", "SEGMENT_ANYTHING_MODEL_PASSWORD": "s"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / 'Été "1" $'
    (folder / "sub").mkdir(parents=True)
    for name in ("a1.png", "a2.png", "sub/a3.png"):
        shutil.copy(PICTURE, folder / name)
    return folder


def test_the_table_that_names_the_images_becomes_the_catalogue(folder: Path) -> None:
    (folder / "costs.csv").write_text("a1,cost\nx,7\n")
    table = "nr;Bild;Künstler & Co;2020;leer\n1;A1;Béa;x;\n2;A2;Zoë;;\n3;a3.tif;Üb;;\n"
    (folder / "Liste.csv").write_bytes(table.encode("cp1252"))
    said = write_project(str(folder))
    file = folder.parent / "Été-1.yaml"
    assert "3 images in" in said
    assert "3 images found by its column 'Bild'" in said
    assert f"python -m studio apply '{file}'" in said
    project = load_project(file, SECRETS)
    assert project.title == 'Été "1"'
    assert project.source.folder == folder
    assert project.catalogue is not None
    assert project.catalogue.file == folder / "Liste.csv"
    columns = {header: one.column for header, one in project.catalogue.columns.items()}
    assert columns == {"nr": "nr", "Kunstler_Co": "Künstler & Co", "_2020": "2020"}
    assert read_task_keys(project.config_text).headers == tuple(columns)


def test_without_a_table_no_header_is_shown_and_what_is_left_out_is_said(folder: Path) -> None:
    (folder / "scan.tif").write_bytes(b"x")
    said = write_project(str(folder), folder.parent / "p.yaml")
    assert "1 file left out: scan.tif (.tif is not an image format that browsers show" in said
    project = load_project(folder.parent / "p.yaml", SECRETS)
    assert project.catalogue is None
    assert read_task_keys(project.config_text).headers == ()


def test_a_column_whose_name_is_a_word_of_yaml_stays_a_name(folder: Path) -> None:
    (folder / "list.csv").write_text("file,No.,Yes,on,Null,1e3\na1,7,x,x,x,x\n")
    write_project(str(folder), folder.parent / "p.yaml")
    catalogue = load_project(folder.parent / "p.yaml", SECRETS).catalogue
    assert catalogue is not None
    assert list(catalogue.columns) == ["No", "Yes", "on", "Null", "_1e3"]


def test_every_column_gets_a_name_that_the_editor_knows_and_is_shown_by_its_own(
    folder: Path,
) -> None:
    table = "file,Größe,Grosse,Größe (cm),Название,Ø\na1,1,2,3,4,5\n"
    (folder / "list.csv").write_text(table)
    write_project(str(folder), folder.parent / "p.yaml")
    project = load_project(folder.parent / "p.yaml", SECRETS)
    assert project.catalogue is not None
    columns = {header: one.column for header, one in project.catalogue.columns.items()}
    assert columns == {
        "Grosse": "Größe",
        "Grosse_3": "Grosse",
        "Grosse_cm": "Größe (cm)",
        "column_5": "Название",
        "column_6": "Ø",
    }
    keys = read_task_keys(project.config_text)
    assert (keys.headers, unknown_to_the_editor(keys)) == (tuple(columns), "")
    assert 'value="Название: $column_5"' in project.config_text


def test_nothing_is_written_over(folder: Path) -> None:
    write_project(str(folder))
    with pytest.raises(StudioError, match="is there already; give --to another name"):
        write_project(str(folder))


def test_a_place_where_nothing_can_be_written_is_said(folder: Path) -> None:
    with pytest.raises(StudioError, match=r"cannot write .*; give --to another place"):
        write_project(str(folder), folder / "a1.png" / "p.yaml")


def test_names_that_are_no_text_are_named_and_the_rest_is_taken(folder: Path) -> None:
    """Unpacked from an old archive. A table is not said to know no image that nobody could read."""
    for name in (b"caf\xe9.jpg", b"liste\xe9.csv"):
        (folder / os.fsdecode(name)).write_text("id,name\na1,Anna\n")
    said = write_project(str(folder), folder.parent / "p.yaml")
    assert "3 images in" in said
    why = "(its name is not in UTF-8; rename it)"
    assert f"2 files left out: caf\\xe9.jpg {why}, liste\\xe9.csv {why}" in said
    assert "no column of the tables" not in said
    assert load_project(folder.parent / "p.yaml", SECRETS).source.folder == folder


@pytest.mark.parametrize("inside", [b"caf\xe9", b"caf\xe9/scans"])
def test_a_folder_whose_name_is_no_text_is_refused_in_a_sentence(
    tmp_path: Path, inside: bytes
) -> None:
    folder = tmp_path / os.fsdecode(inside)
    folder.mkdir(parents=True)
    shutil.copy(PICTURE, folder)
    with pytest.raises(StudioError, match=r"/caf\\xe9.*: this name is not in UTF-8, .*; rename it"):
        write_project(str(folder), tmp_path / "p.yaml")
    assert not (tmp_path / "p.yaml").exists()


def test_a_place_without_images_is_said(tmp_path: Path) -> None:
    with pytest.raises(StudioError, match="there is no image in"):
        write_project(str(tmp_path))
    with pytest.raises(StudioError, match="there is no folder"):
        write_project(str(tmp_path / "x"))


FOLDERS = {
    "pictures alone": ({}, None, set()),
    "a table of Excel's in half of Europe": (
        {"liste.csv": "Datei;Käufer\na1;Bé\na2;Zo\na3;Uwe\n".encode("cp1252")},
        ("liste.csv", "Datei"),
        {"Kaufer"},
    ),
    "a table of a Mac's, in UTF-16 with tabs": (
        {"list.txt.csv": "id\ttitle\ra1.png\tone\rA2.PNG\ttwo\r".encode("utf-16")},
        ("list.txt.csv", "id"),
        {"title"},
    ),
    "several tables, of which one is of these images": (
        {"costs.csv": b"what,cost\nfilm,7\n", "sub/index.csv": b"nr,who\na1,Anna\na3,Bea\n"},
        ("sub/index.csv", "nr"),
        {"who"},
    ),
    "leftovers of programs, scans and half a copy": (
        {
            ".DS_Store": b"x",
            "Thumbs.db": b"x",
            "scan.tif": b"II*",
            "photo.HEIC": b"x",
            "empty.jpg": b"",
            "read me.txt": b"hello",
        },
        None,
        set(),
    ),
    "a table that cannot be read, and one of nothing": (
        {"broken.csv": b'id,name\n"a1,Anna\n', "empty.csv": b"", "old.xlsx": b"PK\x03\x04x"},
        None,
        set(),
    ),
}


@pytest.mark.parametrize(("files", "table", "headers"), FOLDERS.values(), ids=FOLDERS)
def test_a_folder_as_people_have_it_gives_a_file_that_can_be_applied(
    folder: Path, files: dict[str, bytes], table: tuple[str, str] | None, headers: set[str]
) -> None:
    for name, content in files.items():
        (folder / name).write_bytes(content)
    file = folder.parent / "p.yaml"
    assert "3 images in" in write_project(str(folder), file)
    project = load_project(file, SECRETS)
    found = project.catalogue
    assert (found and (found.file, found.key)) == (table and (folder / table[0], table[1]))
    assert set(read_task_keys(project.config_text).headers) == headers
