"""What has to change: compared without a server."""

from dataclasses import replace
from pathlib import Path

import pytest

from studio.images.find import FoundImages, Image
from studio.label_studio.records import Project, RegisteredBackend, Task
from studio.parts.tasks import Wanted, WantedTask
from studio.plan import Actual, Plan, make_plan
from studio.project.catalogue import Matched
from studio.project.labeling_config import TaskKeys
from studio.project.project_file import ProjectFile

PROJECT = Project(1, "Coats", "", "<View/>", True, False, "first")
FIRST = RegisteredBackend(1, "first", "http://b:1", "u", True, False, "CO", "v2", "")
SECOND = RegisteredBackend(2, "second", "http://b:2", "", False, True, "CO", "v9", "")


def task(number: int, source: str | None, *versions: str) -> Task:
    data = {"image": f"/data/{number}", "Name": ""} | ({"source": source} if source else {})
    return Task(number, data, (), 0, 0, ",".join(versions))


@pytest.fixture
def project(tmp_path: Path) -> ProjectFile:
    (tmp_path / "config.xml").write_text("<View/>\n")
    return ProjectFile.model_validate(
        {
            "title": "Coats",
            "labeling_config": "config.xml",
            "source": {"list": ["gs://b/a.jpg"]},
            "backends": [
                {"title": "first", "url": "http://b:1", "user": "u", "password": "p"},
                {"title": "second", "url": "http://b:2", "interactive": True},
            ],
            "labelers": [{"email": "Anna@atelier.test"}],
        },
        context={"folder": tmp_path},
    )


def wanted(*sources: str, name: str = "") -> Wanted:
    tasks = tuple(WantedTask(Image(s), {"Name": name, "source": s}) for s in sources)
    return Wanted(TaskKeys("image", ("Name",)), tasks, FoundImages(()), Matched({}))


AGREED = Actual(
    project=PROJECT,
    backends=(FIRST, SECOND),
    users={1: "admin@atelier.test", 2: "anna@atelier.test"},
    tasks=(task(1, "a", "v2"), task(2, "b", "v1", "v2")),
)


def plan(project: ProjectFile, actual: Actual, *sources: str, name: str = "") -> Plan:
    return make_plan(project, wanted(*(sources or ("a", "b")), name=name), actual)


def test_what_agrees_needs_nothing(project: ProjectFile) -> None:
    assert plan(project, AGREED).lines() == []


def test_from_nothing_everything_is_made(project: ProjectFile) -> None:
    assert plan(project, Actual()).lines() == [
        "make project 'Coats'",
        "register backend 'first': it is not there yet",
        "register backend 'second': it is not there yet",
        "take predictions from 'first'",
        "make an account for Anna@atelier.test",
        "import 2 images",
        "retrieve predictions of 2 tasks",
    ]


@pytest.mark.parametrize(
    ("fields", "line"),
    [
        ({"label_config": "<View></View>"}, "change the project's label config"),
        ({"show_collab_predictions": False}, "change the project's show collab predictions"),
        ({"model_version": "second"}, "take predictions from 'first'"),
    ],
)
def test_a_project_is_changed_where_it_differs(
    project: ProjectFile, fields: dict, line: str
) -> None:
    actual = replace(AGREED, project=replace(PROJECT, **fields))
    assert plan(project, actual).lines() == [line]


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"url": "http://old:1"}, "it is at http://old:1"),
        ({"user": "other"}, "it has another user"),
        ({"with_auth": False}, "it has another user"),
        ({"interactive": True}, "interactive is True"),
        ({"state": "DI"}, "Label Studio is not connected to it (no answer)"),
        ({"state": "ER", "error": "401"}, "Label Studio is not connected to it (401)"),
    ],
)
def test_a_backend_is_changed_in_place(project: ProjectFile, fields: dict, reason: str) -> None:
    made = plan(project, replace(AGREED, backends=(replace(FIRST, **fields), SECOND)))
    assert made.lines() == [f"change backend 'first': {reason}"]
    assert made.backends[0].registered == FIRST.id


def test_backends_in_another_order_are_registered_again(project: ProjectFile) -> None:
    backends = (replace(SECOND, id=1), replace(FIRST, id=2))
    assert plan(project, replace(AGREED, backends=backends)).lines() == [
        "remove backend 'second': registered in another order",
        "remove backend 'first': registered in another order",
        "register backend 'first': it is not there yet",
        "register backend 'second': it is not there yet",
        "take predictions from 'first'",
    ]


def test_a_backend_that_was_registered_twice_is_removed_once(project: ProjectFile) -> None:
    backends = (FIRST, SECOND, replace(FIRST, id=3))
    made = plan(project, replace(AGREED, backends=backends))
    assert made.remove_backends == ((3, "first", "registered twice"),)


def test_tasks_without_the_current_models_prediction_are_predicted(project: ProjectFile) -> None:
    tasks = (task(1, "a", "v1"), task(2, "b"), task(3, "c", "v2"))
    made = plan(project, replace(AGREED, tasks=tasks), "a", "b", "c", "d")
    assert made.lines() == ["import 1 images", "retrieve predictions of 3 tasks"]


def test_a_version_with_a_comma_is_found_among_others() -> None:
    both = task(1, "a", "sam,refined", "v2")
    assert both.has_prediction_of("sam,refined")
    assert both.has_prediction_of("v2")
    assert not both.has_prediction_of("sam,ref")
    assert not both.has_prediction_of("v")


def test_facts_are_changed_and_everything_else_in_a_task_stays(project: ProjectFile) -> None:
    made = plan(project, AGREED, name="Anna")
    assert made.update_tasks[1] == {"image": "/data/1", "Name": "Anna", "source": "a"}
    assert made.lines() == ["change the facts of 2 tasks"]


def test_tasks_of_others_and_of_lost_images_are_left_alone(project: ProjectFile) -> None:
    tasks = (*AGREED.tasks, task(3, None, "v2"))
    made = plan(project, replace(AGREED, tasks=tasks), "a")
    assert made.is_empty
    assert made.gone == ("b",)
    assert made.foreign == 1


def test_of_data_are_images_and_annotations_and_nothing_that_people_set(
    project: ProjectFile,
) -> None:
    actual = replace(
        AGREED,
        project=replace(PROJECT, description="a lead's words", label_config="<View>more</View>"),
        backends=(SECOND,),
        webhooks=(4,),
        users={},
    )
    found = plan(project, actual, "a", "b", "c", name="new").of_data()
    assert [task.image.source for task in found.import_tasks] == ["c"]
    assert set(found.update_tasks) == {1, 2}
    assert found.predict == 1
    assert found.lines() == [
        "import 1 images",
        "change the facts of 2 tasks",
        "retrieve predictions of 1 tasks",
    ]


def test_of_data_a_project_that_is_not_there_has_nothing(project: ProjectFile) -> None:
    assert plan(project, Actual()).of_data().is_empty
