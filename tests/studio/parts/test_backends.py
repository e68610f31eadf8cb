"""Backends: registered in the file's order, changed in place, removed when nobody names them."""

from dataclasses import replace
from pathlib import Path

import pytest

from studio.parts.backends import AwaitBackends, ConnectBackend, RemoveBackend, Seen, compare
from studio.project.project_file import ProjectFile
from tests.studio.parts.conftest import FIRST, SECOND, lines, project_file

AGREED = Seen((FIRST, SECOND), (), "first")


def test_what_agrees_stays(project: ProjectFile) -> None:
    assert compare(project, AGREED) == []


def test_they_are_registered_in_order_and_the_first_one_predicts(project: ProjectFile) -> None:
    steps = compare(project, Seen())
    first, second = project.backends
    assert steps[:3] == [
        AwaitBackends((first, second)),
        ConnectBackend(first, 0, "not registered yet", first=True),
        ConnectBackend(second, 0, "not registered yet", first=False),
    ]
    assert lines(steps) == [
        "register backend 'first': not registered yet",
        "register backend 'second': not registered yet",
        "take predictions from 'first'",
    ]


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"url": "http://old:1"}, "its address was http://old:1"),
        ({"user": "other"}, "its user is different"),
        ({"with_auth": False}, "its user is different"),
        ({"interactive": True}, "interactive was true"),
        ({"state": "DI"}, "Label Studio is not connected to it (no answer)"),
        ({"state": "ER", "error": "401"}, "Label Studio is not connected to it (401)"),
    ],
)
def test_a_backend_is_changed_in_place(project: ProjectFile, fields: dict, reason: str) -> None:
    steps = compare(project, replace(AGREED, registered=(replace(FIRST, **fields), SECOND)))
    first = project.backends[0]
    assert steps == [AwaitBackends((first,)), ConnectBackend(first, FIRST.id, reason, first=True)]
    assert lines(steps) == [f"change backend 'first': {reason}"]


def test_an_old_user_of_a_backend_without_a_password_does_not_count(project: ProjectFile) -> None:
    second = replace(SECOND, user="left over")
    assert compare(project, replace(AGREED, registered=(FIRST, second))) == []


def test_only_the_first_one_may_change_the_model(project: ProjectFile) -> None:
    steps = compare(project, Seen())
    changing = [step for step in steps if step.may_change_model]
    assert changing == [ConnectBackend(project.backends[0], 0, "not registered yet", first=True)]


def test_another_order_is_registered_again(project: ProjectFile) -> None:
    backends = (replace(SECOND, id=1), replace(FIRST, id=2))
    assert lines(compare(project, Seen(backends, (), "first"))) == [
        "remove backend 'second': registered in another order",
        "remove backend 'first': registered in another order",
        "register backend 'first': not registered yet",
        "register backend 'second': not registered yet",
        "take predictions from 'first'",
    ]


def test_the_second_one_can_be_added_later(project: ProjectFile) -> None:
    assert lines(compare(project, Seen((FIRST,), (), "first"))) == [
        "register backend 'second': not registered yet"
    ]


def test_what_was_registered_twice_is_removed_once(project: ProjectFile) -> None:
    steps = compare(project, replace(AGREED, registered=(FIRST, SECOND, replace(FIRST, id=3))))
    assert [step for step in steps if isinstance(step, RemoveBackend)] == [
        RemoveBackend(3, "first", "registered twice")
    ]
    assert lines(steps)[-1] == "take predictions from 'first'", "removing empties the choice"


def test_what_the_file_does_not_name_is_removed(project: ProjectFile) -> None:
    third = replace(FIRST, id=3, title="third")
    assert lines(compare(project, replace(AGREED, registered=(FIRST, SECOND, third)))) == [
        "remove backend 'third': not in the project file",
        "take predictions from 'first'",
    ]


def test_without_backends_nothing_predicts(tmp_path: Path) -> None:
    assert compare(project_file(tmp_path), Seen()) == []
    assert lines(compare(project_file(tmp_path), Seen((FIRST,), (), "first"))) == [
        "remove backend 'first': not in the project file"
    ]


def test_another_choice_is_put_back(project: ProjectFile) -> None:
    steps = compare(project, replace(AGREED, predictions_from="second"))
    assert lines(steps) == ["take predictions from 'first'"]


def test_webhooks_of_backends_are_removed_before_anything_else(project: ProjectFile) -> None:
    assert lines(compare(project, Seen((FIRST,), (4, 5), "first"))) == [
        "remove 2 webhooks of backends",
        "register backend 'second': not registered yet",
    ]
