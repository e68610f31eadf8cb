"""Labelers' accounts: they can log in, nobody else can sign up."""

import re

import pytest
import requests

from tests.label_studio import LabelStudioServer
from tests.studio.conftest import Workplace

pytestmark = pytest.mark.integration


def log_in(server: LabelStudioServer, email: str, password: str) -> int | None:
    """Return the number of projects that the labeler sees, or None without access."""
    with requests.Session() as session:
        page = f"{server.url}/user/login/"
        session.get(page, timeout=30)
        form = {
            "email": email,
            "password": password,
            "csrfmiddlewaretoken": session.cookies["csrftoken"],
        }
        session.post(page, data=form, headers={"Referer": page}, timeout=30)
        answer = session.get(f"{server.url}/api/projects/", timeout=30)
        return answer.json()["count"] if answer.ok else None


def test_labelers_can_log_in_and_see_the_project(workplace: Workplace) -> None:
    workplace.content["labelers"] = [
        {"email": "Anna@atelier.test", "password": "${ANNA_PASSWORD}"},
        {"email": "bea@atelier.test"},
    ]
    output = workplace.apply(ANNA_PASSWORD="anna-chose-this")
    assert "anna-chose-this" not in output
    (made,) = re.findall(r"account bea@atelier\.test with password (\S+)", output)
    for email, password in (("anna@atelier.test", "anna-chose-this"), ("bea@atelier.test", made)):
        seen = log_in(workplace.label_studio, email, password)
        assert seen is not None, email
        assert seen >= 1, email
    again = workplace.apply(ANNA_PASSWORD="anna-chose-this")
    assert "nothing to change" in again
    assert made not in again


def test_a_password_that_label_studio_refuses_is_said_in_its_words(workplace: Workplace) -> None:
    password = "x" * 129
    workplace.content["labelers"] = [{"email": "somebody@atelier.test", "password": password}]
    result = workplace.run("apply")
    assert result.exit_code == 1
    assert "creating an account for somebody@atelier.test: Label Studio refused" in result.output
    assert "128" in result.output, "the longest that it takes"
    assert password not in result.output
    assert log_in(workplace.label_studio, "somebody@atelier.test", password) is None


def test_nobody_signs_up_without_the_invitation(label_studio: LabelStudioServer) -> None:
    with requests.Session() as session:
        page = f"{label_studio.url}/user/signup/"
        session.get(page, timeout=30)
        form = {
            "email": "stranger@atelier.test",
            "password": "stranger-danger",
            "csrfmiddlewaretoken": session.cookies["csrftoken"],
        }
        answer = session.post(page, data=form, headers={"Referer": page}, timeout=30)
    assert answer.status_code == 403
    assert log_in(label_studio, "stranger@atelier.test", "stranger-danger") is None
