"""A project is found by its file, whatever its title is; else by its title."""

from typing import Any, cast

import pytest

from studio.errors import StudioError
from studio.label_studio.records import Project
from studio.project.load import Named
from studio.projects import find_project, get_project


def project(number: int, title: str) -> Project:
    return Project(number, title, "", "<View/>", True, False, "")


COATS, HATS = project(1, "Coats"), project(2, "Hats")


class Found:
    """Label Studio, as far as a project is looked for in it."""

    def __init__(self, *projects: Project, **files: int) -> None:
        self._projects = list(projects)
        self._files = {number: file for file, number in files.items()}

    def projects(self) -> list[Project]:
        return self._projects

    def project_file_of(self, number: int) -> str:
        return self._files.get(number, "")


def studio(*projects: Project, **files: int) -> Any:
    return cast(Any, Found(*projects, **files))


@pytest.mark.parametrize("title", ["Hats", "Coats", "Caps"])
def test_its_file_comes_before_its_title(title: str) -> None:
    assert find_project(studio(COATS, HATS, autumn=2), Named(title, "autumn")) == HATS


def test_the_title_counts_where_the_file_is_not_known() -> None:
    there = studio(COATS, HATS, winter=1)
    assert find_project(there, Named("Coats", "autumn")) == COATS
    assert find_project(there, Named("Coats")) == COATS
    assert find_project(there, Named("Caps", "autumn")) is None


def test_of_several_with_the_title_the_file_tells_which_or_nothing_is_guessed() -> None:
    there = studio(COATS, project(7, "Coats"), autumn=7)
    assert get_project(there, Named("Coats", "autumn")).id == 7
    with pytest.raises(StudioError, match="projects 1, 7 all have the title 'Coats'"):
        get_project(there, Named("Coats"))


def test_one_that_is_not_there_is_said() -> None:
    with pytest.raises(StudioError, match="has no project 'Caps'; `apply` creates it"):
        get_project(studio(COATS), Named("Caps", "autumn"))
    assert get_project(studio(COATS, HATS), 2) == HATS
    with pytest.raises(StudioError, match=r"has no project 3; it has 1 \(Coats\), 2 \(Hats\)"):
        get_project(studio(COATS, HATS), 3)
