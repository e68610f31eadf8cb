"""Labelers: whoever has no account gets one."""

from pathlib import Path

from studio.parts.labelers import CreateAccount, compare
from tests.studio.parts.conftest import lines, project_file


def test_only_who_has_no_account_gets_one_whatever_the_letter_case(tmp_path: Path) -> None:
    emails = [{"email": "Anna@atelier.test"}, {"email": "Bea@atelier.test"}]
    project = project_file(tmp_path, labelers=emails)
    steps = compare(project, frozenset({"admin@atelier.test", "anna@atelier.test"}))
    assert steps == [CreateAccount(project.labelers[1])]
    assert lines(steps) == ["create an account for Bea@atelier.test"]
