"""What `studio status` shows of the editor."""

from collections.abc import Mapping
from io import StringIO

from rich.console import Console

from studio.status_tables import show_status


def shown(editor: Mapping[str, str | None]) -> str:
    console = Console(width=200, file=StringIO())
    with console.capture() as captured:
        show_status(console, "http://127.0.0.1:8080", "1.23.2", editor, [])
    return captured.get()


def test_an_editor_with_all_changes_is_quick() -> None:
    assert "quick" in shown({"a": None, "b": None})


def test_an_editor_that_could_not_be_changed_is_said_with_the_reason() -> None:
    text = shown({"a": None, "b": "main.js cannot be read: No such file or directory"})
    assert "slow: as installed, because b: main.js cannot be read" in text
    assert "quick" not in text


def test_a_label_studio_of_somebody_else_has_no_line_about_its_editor() -> None:
    assert "editor" not in shown({})
