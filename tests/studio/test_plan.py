"""The plan: every part compared in order, shown, and nothing carried out in a dry run."""

import io
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from rich.console import Console

from studio.apply import Options, apply
from studio.errors import StudioError
from studio.label_studio.records import Project
from studio.output import Output
from studio.project.project_file import ProjectFile
from tests.studio.parts.conftest import BACKENDS, FIRST, SECOND, task

CONFIG = '<View><Image name="i" value="$image"/><Header value="$Name"/></View>'
PROJECT = Project(1, "Coats", "set by a lead", CONFIG, True, False, "second")
A, B = "gs://coats/a.jpg", "gs://coats/b.jpg"


@pytest.fixture
def project(tmp_path: Path) -> ProjectFile:
    (tmp_path / "config.xml").write_text(CONFIG)
    content = {
        "title": "Coats",
        "labeling_config": "config.xml",
        "source": {"list": [A, B]},
        "backends": BACKENDS,
        "labelers": [{"email": "anna@atelier.test"}],
    }
    return ProjectFile.model_validate(content, context={"folder": tmp_path})


class OnlyLooked:
    """Label Studio as the parts look at it; there is nothing here to change anything with."""

    def __init__(self, *projects: Project) -> None:
        self.found = list(projects)
        none = staticmethod(lambda project: [])
        self.storages = SimpleNamespace(sources=none, targets=none)

    def version(self) -> str:
        return "1.23.2"

    def projects(self) -> list[Project]:
        return self.found

    def users(self) -> dict[int, str]:
        return {1: "admin@atelier.test"}

    def backends(self, project: int) -> list:
        return [FIRST, SECOND]

    def tasks(self, project: int) -> list:
        return [task(1, A, "v2"), task(2, None)]

    def tabs(self, project: int) -> list[str]:
        return ["A lead's own"]

    def webhooks_of(self, project: int, urls: list[str]) -> list[int]:
        return []


def shown(project: ProjectFile, *existing: Project, **options: Any) -> list[str]:
    log = io.StringIO()
    studio = cast(Any, OnlyLooked(*existing))
    apply(project, studio, Output(Console(file=log, width=200)), Options(**options))
    return log.getvalue().splitlines()


def test_from_nothing_the_whole_plan_is_shown(project: ProjectFile) -> None:
    assert shown(project, dry_run=True) == [
        "would do:",
        "  create project 'Coats'",
        "  register backend 'first': not registered yet",
        "  register backend 'second': not registered yet",
        "  take predictions from 'first'",
        "  create an account for anna@atelier.test",
        "  import 2 images",
        "  retrieve predictions of 2 tasks",
        "  add tabs 'All', 'Not yet labeled', 'Most doubtful first', 'Labeled twice', 'Problems' "
        "to the Data Manager",
    ]


def test_data_only_leaves_what_people_set(project: ProjectFile) -> None:
    both = [
        "1 task left alone that this tool did not import",
        "would do:",
        "  import 1 image",
        # Nobody else's task has a prediction either.
        "  retrieve predictions of 2 tasks",
    ]
    assert shown(project, PROJECT, dry_run=True, data_only=True) == both
    assert set(shown(project, PROJECT, dry_run=True)) - set(both) == {
        "  change the project's description",
        "  take predictions from 'first'",
        "  create an account for anna@atelier.test",
        "  add tabs 'Not yet labeled', 'Most doubtful first', 'Labeled twice', 'Problems' "
        "to the Data Manager",
    }


def test_data_only_changes_nothing_while_there_is_no_project(project: ProjectFile) -> None:
    assert shown(project, data_only=True) == ["nothing to change"]


def test_two_projects_with_the_title_are_an_error(project: ProjectFile) -> None:
    other = Project(7, "Coats", "", CONFIG, True, False, "")
    with pytest.raises(StudioError, match="projects 1, 7 all have the title 'Coats'"):
        shown(project, PROJECT, other, dry_run=True)
