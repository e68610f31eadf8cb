"""The project's own settings: created once, and changed where they differ."""

from dataclasses import replace

import pytest

from studio.label_studio.records import Project
from studio.parts.settings import ChangeProject, CreateProject, compare
from studio.project.project_file import ProjectFile
from tests.studio.parts.conftest import lines

AGREED = Project(1, "Coats", "", "<View/>", True, False, "first")


def test_what_agrees_stays(project: ProjectFile) -> None:
    assert compare(project, AGREED) == []


def test_a_project_that_is_not_there_is_created_with_all_its_fields(project: ProjectFile) -> None:
    fields = {
        "title": "Coats",
        "description": "",
        "label_config": "<View/>",
        "show_collab_predictions": True,
        "evaluate_predictions_automatically": False,
    }
    steps = compare(project, None)
    assert steps == [CreateProject(fields)]
    assert lines(steps) == ["create project 'Coats'"]


@pytest.mark.parametrize(
    ("fields", "changed"),
    [
        ({"label_config": "<View></View>"}, {"label_config": "<View/>"}),
        ({"description": "a lead's"}, {"description": ""}),
        ({"show_collab_predictions": False}, {"show_collab_predictions": True}),
        (
            {"evaluate_predictions_automatically": True},
            {"evaluate_predictions_automatically": False},
        ),
        ({"model_version": "a part of its own looks after this"}, {}),
    ],
)
def test_only_what_differs_is_changed(project: ProjectFile, fields: dict, changed: dict) -> None:
    steps = compare(project, replace(AGREED, **fields))
    assert steps == ([ChangeProject(changed)] if changed else [])


def test_several_changes_are_one_step(project: ProjectFile) -> None:
    steps = compare(project, replace(AGREED, description="old", label_config="<View>old</View>"))
    assert lines(steps) == ["change the project's description, label config"]
