"""The project's own settings: created once, and changed where they differ."""

from dataclasses import replace

import pytest

from studio.label_studio.records import Project
from studio.part import Remark
from studio.parts.settings import ChangeProject, CreateProject, Seen, compare
from studio.project.project_file import ProjectFile
from tests.studio.parts.conftest import lines

AGREED = Project(1, "Coats", "", "<View/>", True, False, "first")


def test_what_agrees_stays(project: ProjectFile) -> None:
    assert compare(project, Seen(AGREED)) == []


def test_a_project_that_is_not_there_is_created_with_all_its_fields(project: ProjectFile) -> None:
    fields = {
        "title": "Coats",
        "description": "",
        "label_config": "<View/>",
        "show_collab_predictions": True,
        "evaluate_predictions_automatically": False,
    }
    steps = compare(project, Seen())
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
    steps = compare(project, Seen(replace(AGREED, **fields)))
    assert steps == ([ChangeProject(changed)] if changed else [])


def test_several_changes_are_one_step(project: ProjectFile) -> None:
    steps = compare(
        project, Seen(replace(AGREED, description="old", label_config="<View>old</View>"))
    )
    assert lines(steps) == ["change the project's description, label config"]


def with_masks(controls: str) -> str:
    return f'<View><Image name="image" value="$image"/>{controls}</View>'


OLD = with_masks('<BrushLabels name="tag" toName="image"><Label value="hat"/></BrushLabels>')
NEW = with_masks(
    '<Labels name="garment" toName="image"><Label value="hat"/></Labels>'
    '<Brush name="brush" toName="image"/>'
)


def test_a_config_that_annotations_need_is_kept_and_the_rest_is_changed(
    project: ProjectFile,
) -> None:
    project.labeling_config.write_text(NEW)
    present = replace(AGREED, label_config=OLD, description="old")
    remark, step = compare(project, Seen(present, {"tag": ["hat"]}))
    assert isinstance(remark, Remark)
    assert "annotations or drafts of tag, which the file's config lacks" in remark.text
    assert step == ChangeProject({"description": ""})


def test_a_config_that_holds_all_that_annotations_need_is_changed(project: ProjectFile) -> None:
    project.labeling_config.write_text(
        OLD.replace("</BrushLabels>", "<Label value='x'/></BrushLabels>")
    )
    (step,) = compare(project, Seen(replace(AGREED, label_config=OLD), {"tag": ["hat"]}))
    assert step == ChangeProject({"label_config": project.config_text})
    assert isinstance(step, ChangeProject)
    assert not step.may_change_model


def test_a_config_without_a_label_that_annotations_have_is_not_taken(project: ProjectFile) -> None:
    project.labeling_config.write_text(OLD.replace("hat", "cap"))
    (remark,) = compare(project, Seen(replace(AGREED, label_config=OLD), {"tag": ["hat"]}))
    assert isinstance(remark, Remark)
    assert "annotations or drafts of hat (tag), which the file's config lacks" in remark.text


def test_masks_in_another_control_need_new_predictions(project: ProjectFile) -> None:
    project.labeling_config.write_text(NEW)
    (step,) = compare(project, Seen(replace(AGREED, label_config=OLD)))
    assert isinstance(step, ChangeProject)
    assert step.may_change_model
    assert lines([step]) == ["change the project's label config; predictions are made anew"]
