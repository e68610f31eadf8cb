"""Files that people write are read as they were meant, or refused in words that help."""

from pathlib import Path

import pytest

from studio.errors import StudioError
from studio.label_studio.connection import read_connection
from studio.project.encodings import read_text
from studio.project.labeling_config import read_task_keys
from studio.project.load import load_project, read_named
from tests.studio.images.test_find import find

# With a byte order mark as Windows' programs write it, and without.
CERTAIN = ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"]
PROJECT = "title: Été\nlabeling_config: config.xml\nsource: {list: list.txt}\n"
CONFIG = """<View><Image name="i" value="$image"/>
<BrushLabels name="b" toName="i"><Label value="été"/></BrushLabels></View>"""
LIST = "https://images.example.org/été.jpg\nhttps://images.example.org/hiver.jpg\n"


def write(folder: Path, encoding: str, end: str = "\n") -> Path:
    """A project file, its labeling config and its list of images, in one encoding."""
    texts = {"project.yaml": PROJECT, "config.xml": CONFIG, "list.txt": LIST}
    for name, text in texts.items():
        (folder / name).write_bytes(text.replace("\n", end).encode(encoding))
    return folder / "project.yaml"


@pytest.mark.parametrize("encoding", CERTAIN)
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_project_is_read_whatever_unicode_its_files_are_in(
    tmp_path: Path, encoding: str, end: str
) -> None:
    file = write(tmp_path, encoding, end)
    project = load_project(file, {})
    assert (project.title, read_named(file, {}).title) == ("Été", "Été")
    assert project.config_text == CONFIG
    assert read_task_keys(project.config_text).image == "image"
    found = find(project.source)
    assert [image.source for image in found.images] == LIST.split()
    assert found.ignored == ()


@pytest.mark.parametrize("name", ["project.yaml", "config.xml", "list.txt"])
@pytest.mark.parametrize("encoding", ["cp1252", "mac_roman"])
def test_what_is_in_another_encoding_is_refused_with_its_line(
    tmp_path: Path, name: str, encoding: str
) -> None:
    file = write(tmp_path, "utf-8")
    path = tmp_path / name
    path.write_bytes(path.read_text().encode(encoding))
    line = 2 if name == "config.xml" else 1

    def read_all() -> None:
        project = load_project(file, {})
        read_task_keys(project.config_text)
        find(project.source)

    with pytest.raises(StudioError, match=rf"{name}, line {line}: this is not in UTF-8; save the"):
        read_all()


def test_half_a_letter_at_the_end_is_said_too(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes("a\né".encode("utf-16")[:-1])
    with pytest.raises(StudioError, match="not in UTF-8"):
        read_text(path)


@pytest.mark.parametrize("encoding", CERTAIN)
def test_a_token_file_may_be_one_of_powershells(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "token"
    path.write_bytes("0123456789abcdef\r\n".encode(encoding))
    token = read_connection({}, "http://127.0.0.1:1", path).token
    assert token.get_secret_value() == "0123456789abcdef"
