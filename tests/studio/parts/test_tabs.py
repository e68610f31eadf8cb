"""Tabs of the Data Manager: what is missing is added, what is there is left alone."""

from studio.parts.tabs import FIRST, TABS, compare
from studio.project.project_file import ProjectFile
from tests.studio.parts.conftest import lines


def test_a_new_project_gets_all_of_them_with_everything_first(project: ProjectFile) -> None:
    (line,) = lines(compare(project, ()))
    assert line.startswith("add tabs 'All', 'Not yet labeled'")
    assert TABS[FIRST]["filters"]["items"] == []


def test_a_second_run_adds_none(project: ProjectFile) -> None:
    assert compare(project, list(TABS)) == []


def test_one_that_somebody_deleted_or_renamed_is_added_beside_what_is_there(
    project: ProjectFile,
) -> None:
    there = ["Mine", *(title for title in TABS if title not in (FIRST, "Problems"))]
    assert lines(compare(project, there)) == ["add the tab 'Problems' to the Data Manager"]
