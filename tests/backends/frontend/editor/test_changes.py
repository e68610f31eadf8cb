"""The declared changes to Label Studio's pages, and those that do not fit."""

import hashlib
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from backends.frontend.editor.changes import (
    Change,
    ChangeError,
    changed,
    declared,
    made,
    pages_folder,
    read_changes,
)
from tests.label_studio import ROOT, environment_python

STOCK = b"before();slow(all);after()"
CHANGE = Change(
    name="quicker",
    file="main.js",
    sha256=hashlib.sha256(STOCK).hexdigest(),
    find="slow(all)",
    replace="quick(one)",
    why="it is quicker",
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "main.js").write_bytes(STOCK)
    return tmp_path


def test_one_text_is_replaced_and_the_installed_file_stays(folder: Path) -> None:
    result = changed([CHANGE], folder)
    assert result.files == {"main.js": b"before();quick(one);after()"}
    assert result.refused == {"quicker": None}
    assert result.problems == []
    assert (folder / "main.js").read_bytes() == STOCK


def test_two_changes_to_one_file_are_both_in_it(folder: Path) -> None:
    other = replace(CHANGE, name="later", find="after()", replace="later()")
    assert changed([CHANGE, other], folder).files == {"main.js": b"before();quick(one);later()"}


@pytest.mark.parametrize(("content", "times"), [(b"nothing of it", 0), (STOCK + STOCK, 2)])
def test_a_text_that_is_not_there_exactly_once_is_refused(content: bytes, times: int) -> None:
    with pytest.raises(ChangeError, match=f"replaced {times} times, not once"):
        made(CHANGE, content)


def test_another_file_is_refused_in_words_though_the_text_is_there_once(folder: Path) -> None:
    (folder / "main.js").write_bytes(STOCK + b"// 1.24")
    result = changed([CHANGE], folder)
    assert result.files == {}
    (problem,) = result.problems
    assert problem.startswith("quicker: main.js is not the file that the change was written for")
    assert CHANGE.sha256[:12] in problem


def test_a_change_that_does_not_fit_leaves_the_others_in_place(folder: Path) -> None:
    lost = replace(CHANGE, name="lost", file="gone.js")
    result = changed([lost, CHANGE], folder)
    assert set(result.files) == {"main.js"}
    assert result.problems == ["lost: gone.js cannot be read: No such file or directory"]


def test_the_address_differs_with_the_files_and_with_the_version(folder: Path) -> None:
    one = changed([CHANGE], folder)
    other = changed([replace(CHANGE, replace="quicker(one)")], folder)
    digests = {one.digest("1"), one.digest("2"), other.digest("1"), changed([], folder).digest("1")}
    assert len(digests) == 4
    assert one.digest("1") == changed([CHANGE], folder).digest("1")


def test_a_key_that_is_missing_in_the_declaration_is_an_error() -> None:
    with pytest.raises(TypeError, match="sha256"):
        read_changes('[[change]]\nname = "a"\nfile = "b"\nfind = "c"\nreplace = "d"\nwhy = "e"')


def test_every_change_says_why_and_changes_something() -> None:
    changes = declared()
    assert len({change.name for change in changes}) == len(changes)
    for change in changes:
        assert change.find != change.replace
        assert change.why.strip().endswith(".")


@pytest.mark.integration
def test_every_change_fits_the_installed_label_studio() -> None:
    """So does the check that an image is built with, which fails loudly where one does not."""
    python = str(environment_python("frontend"))
    code = "import label_studio; print(label_studio.__path__[0])"
    found = subprocess.run([python, "-c", code], capture_output=True, check=True, text=True)
    folder = pages_folder(Path(found.stdout.strip()))
    assert changed(declared(), folder).problems == []
    checked = subprocess.run(
        [python, "-m", "backends.frontend.editor"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stderr
    assert [line.split(": ")[1] for line in checked.stdout.splitlines()] == ["fits"] * len(
        declared()
    )
    assert (
        "RUN python -m backends.frontend.editor"
        in (ROOT / "backends/frontend/Dockerfile").read_text()
    )
