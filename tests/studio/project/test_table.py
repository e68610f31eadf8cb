"""Tables as people save them: read as they were meant, or refused in words that help."""

import zipfile
from datetime import datetime
from io import BytesIO

import openpyxl
import pytest

from studio.errors import CatalogueError
from studio.project.table import read_table

WANTED = ("id", "Name", "Kind")
ROWS = [("a1", "Béa", "dress, long"), ("b2", "Zoë", 'coat "short"')]


def written(delimiter: str, end: str = "\r\n") -> str:
    lines = [WANTED, *ROWS]
    quoted = [['"' + cell.replace('"', '""') + '"' for cell in line] for line in lines]
    return "".join(delimiter.join(line) + end for line in quoted)


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_delimiter_and_encoding_are_found_out(delimiter: str, encoding: str, end: str) -> None:
    table = read_table(written(delimiter, end).encode(encoding), "t.csv", WANTED)
    assert table.columns == WANTED
    assert [cells for _, cells in table.rows] == ROWS


def test_what_was_guessed_is_said_with_the_letters_that_it_made() -> None:
    table = read_table(written(";").encode("cp1252"), "t.csv", WANTED)
    assert table.read_as == "semicolons, Windows-1252, going by its letters (Béa, Zoë)"
    cyrillic = "id;Name\na1;Анна Каренина платье\nb2;Пальто длинное\n"
    assert "Пальто" in str(read_table(cyrillic.encode("cp1251"), "t.csv", ("id",)).rows)


def test_what_the_project_file_says_is_taken() -> None:
    content = "id;Name,Kind\n1;Béa,x\n".encode("mac_roman")
    table = read_table(content, "t.csv", WANTED, encoding="mac_roman", delimiter=";")
    assert table.columns == ("id", "Name,Kind")
    assert table.rows == ((2, ("1", "Béa,x")),)
    with pytest.raises(CatalogueError, match="line 2: this is not in the encoding utf-8"):
        read_table(content, "t.csv", WANTED, encoding="utf-8")


def test_the_delimiter_is_the_one_that_gives_the_columns_that_are_asked_for() -> None:
    """The header has more commas than semicolons."""
    content = b"id;Name, first, last;Kind\n1;Bea;coat\n"
    assert read_table(content, "t.csv", WANTED).columns == ("id", "Name, first, last", "Kind")


def test_excels_own_first_line_names_the_delimiter_and_is_no_header() -> None:
    table = read_table(b"\xef\xbb\xbfsep=;\r\nid;Name\r\n1;Bea, Anna\r\n2;x;y\r\n", "t.csv", ())
    assert table.columns == ("id", "Name")
    assert table.rows == ((3, ("1", "Bea, Anna")),)
    assert table.left_out == ((4, "3 cells under 2 headers ('y' is one too far)"),)


@pytest.mark.parametrize("header", ["id", "id;x", "sep=ab;id"])
def test_a_header_is_not_taken_for_excels_own_line(header: str) -> None:
    columns = tuple(header.split(";"))
    row = ";".join("1" for _ in columns)
    assert read_table(f"{header}\n{row}\n".encode(), "t.csv", ("id",)).columns == columns


def test_what_is_empty_is_left_away_and_lines_are_those_of_the_file() -> None:
    content = b'id, "Name",\n\n1,"Anna\nMaria",\n,,\n2,Bea,,,\n'
    table = read_table(content, "t.csv", ())
    assert table.columns == ("id", "Name")
    assert table.rows == ((3, ("1", "Anna\nMaria")), (6, ("2", "Bea")))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "t.csv is empty"),
        (b"\r\n  \r\n", "t.csv is empty"),
        (b'id,Name\n1,Anna\n2,"Bea\n3,Zoe\n', "line 3: a quotation mark is not closed"),
        (b'id,Name\n1,"Anna" Bea\n', "line 2: a quotation mark is not closed, or stands in"),
        (
            b"PK\x03\x04 and no workbook",
            r"is not a workbook that can be read .*; save it as \.xlsx",
        ),
        (b"\xd0\xcf\x11\xe0\xa1\xb1", r"is not a workbook that can be read .*; save it as \.xlsx"),
        (b"PAR1\x15\x04", r"is a Parquet file; save it as \.csv, as pandas\.read_parquet"),
    ],
)
def test_what_is_no_table_is_said_in_plain_words(content: bytes, said: str) -> None:
    with pytest.raises(CatalogueError, match=said):
        read_table(content, "t.csv", WANTED)


def test_a_workbook_is_read_with_numbers_as_they_are_shown() -> None:
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    for row in [("id", "Name", "Year"), (7, "Béa", 1920.0), (), ("008", None, "c. 1920"), (9,)]:
        sheet.append(row)
    file = BytesIO()
    book.save(file)
    table = read_table(file.getvalue(), "t.xlsx", ("id",))
    assert table.columns == ("id", "Name", "Year")
    assert table.rows == (
        (2, ("7", "Béa", "1920")),
        (4, ("008", "", "c. 1920")),
        (5, ("9", "", "")),
    )
    assert table.read_as == "workbook, sheet 'Sheet'"


def workbook(*rows: tuple[str | datetime, ...]) -> bytes:
    book, file = openpyxl.Workbook(), BytesIO()
    for row in rows:
        book.worksheets[0].append(row)
    book.save(file)
    return file.getvalue()


def test_a_date_of_a_workbook_has_a_time_only_where_it_was_given_one() -> None:
    rows = [("id", "Made"), ("a1", datetime(1999, 5, 1)), ("a2", datetime(1999, 5, 1, 12, 30))]
    table = read_table(workbook(*rows), "t.xlsx", ("id",))
    assert [cells[1] for _, cells in table.rows] == ["1999-05-01", "1999-05-01 12:30:00"]


def opendocument(*rows: str, more: str = "") -> bytes:
    """A table of LibreOffice, which writes nothing between its elements."""
    names = "urn:oasis:names:tc:opendocument:xmlns"
    content = (
        f'<office:document-content office:version="1.2" xmlns:office="{names}:office:1.0"'
        f' xmlns:table="{names}:table:1.0" xmlns:text="{names}:text:1.0">'
        '<office:body><office:spreadsheet><table:table table:name="Katalog">'
        f"{''.join(rows)}</table:table></office:spreadsheet></office:body>"
        "</office:document-content>"
    )
    manifest = (
        f'<manifest:manifest xmlns:manifest="{names}:manifest:1.0">'
        f'<manifest:file-entry manifest:full-path="content.xml" manifest:media-type="text/xml">'
        f"{more}</manifest:file-entry></manifest:manifest>"
    )
    file = BytesIO()
    with zipfile.ZipFile(file, "w") as book:
        book.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        book.writestr("META-INF/manifest.xml", manifest)
        book.writestr("content.xml", content)
    return file.getvalue()


def cell(shown: str, kind: str = 'value-type="string"') -> str:
    return f"<table:table-cell office:{kind}><text:p>{shown}</text:p></table:table-cell>"


def empty(rows: int, columns: int) -> str:
    cells = f'<table:table-cell table:number-columns-repeated="{columns}"/>'
    return f'<table:table-row table:number-rows-repeated="{rows}">{cells}</table:table-row>'


def test_an_opendocument_table_is_read_without_the_empty_rows_that_it_ends_in() -> None:
    number = cell("7", 'value-type="float" office:value="7"')
    date = cell("01.05.99", 'value-type="date" office:date-value="1999-05-01"')
    content = opendocument(
        f"<table:table-row>{cell('id')}{cell('Made')}</table:table-row>",
        empty(2, 2),
        f"<table:table-row>{number}{date}</table:table-row>",
        empty(1048570, 1024),
    )
    table = read_table(content, "t.ods", ("id",))
    assert (table.columns, table.rows) == (("id", "Made"), ((4, ("7", "1999-05-01")),))
    assert table.read_as == "workbook, sheet 'Katalog'"


def test_a_workbook_with_a_password_is_called_so() -> None:
    locked = opendocument(more="<manifest:encryption-data/>")
    with pytest.raises(CatalogueError, match="is locked by a password; save it without"):
        read_table(locked, "t.ods", ())


@pytest.mark.parametrize("damaged", ["xl/workbook.xml", "xl/worksheets/sheet1.xml"])
def test_a_damaged_workbook_is_said(damaged: str) -> None:
    file = BytesIO()
    whole = zipfile.ZipFile(BytesIO(workbook(("id",), ("a1",))))
    with whole, zipfile.ZipFile(file, "w") as other:
        for name in whole.namelist():
            content = whole.read(name)
            other.writestr(name, content[: len(content) // 2] if name == damaged else content)
    with pytest.raises(CatalogueError, match="is not a workbook that can be read"):
        read_table(file.getvalue(), "t.xlsx", ())
