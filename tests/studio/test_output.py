"""What is shown, and that a log gets plain lines."""

import io

import pytest
from rich.console import Console

from studio.output import Output, counted, shortened


@pytest.fixture
def log() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def output(log: io.StringIO) -> Output:
    return Output(Console(file=log, width=200))


def test_square_brackets_are_text_and_no_markup(output: Output, log: io.StringIO) -> None:
    """[red] would be taken for a colour, and lost."""
    output.table("title", ("what", "which"), [("rows", "lost[red].jpg")])
    output.say("and [blue].jpg")
    assert "lost[red].jpg" in log.getvalue()
    assert "and [blue].jpg\n" in log.getvalue()


def test_an_empty_table_is_not_shown(output: Output, log: io.StringIO) -> None:
    output.table("title", ("what",), [])
    assert log.getvalue() == ""


def test_a_log_gets_one_line_of_a_bar_and_each_new_state(output: Output, log: io.StringIO) -> None:
    with output.progress("importing") as tell:
        for done in range(4):
            tell(done, 3)
    with output.waiting("waiting") as say:
        for state in ("loading", "loading", "warming up"):
            say(state)
    assert log.getvalue() == "importing: 3\nloading\nwarming up\n"


def test_a_bar_that_never_moved_is_not_mentioned(output: Output, log: io.StringIO) -> None:
    with output.progress("importing"):
        pass
    assert log.getvalue() == ""


def test_numbers_and_long_lists_read_well() -> None:
    assert [counted(number, "task") for number in (0, 1, 2)] == ["0 tasks", "1 task", "2 tasks"]
    assert shortened(["a", "b"], 2) == "a, b"
    assert shortened(["a", "b", "c"], 2) == "a, b, ..."
