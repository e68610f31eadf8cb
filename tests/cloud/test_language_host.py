"""The built engine's language host: it runs a program, and shows what it says and why it ended."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cloud import engine
from tests.cloud.workspace import Stack

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(engine.official() is not None, reason="the official host is used here"),
]


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[Stack]:
    project = tmp_path / "project"
    project.mkdir()
    (project / "Pulumi.yaml").write_text(
        "name: tiny\nruntime: {name: python, options: {virtualenv: venv}}\n"
    )
    (project / "requirements.txt").write_text("")
    with Stack(tmp_path / "stack", project=project) as made:
        yield made


def program(stack: Stack, *lines: str) -> None:
    (stack.project / "__main__.py").write_text("\n".join(["import pulumi", *lines, ""]))


def test_a_program_has_its_config_and_its_prints_are_shown(stack: Stack) -> None:
    program(
        stack,
        "print('hello from the program', flush=True)",
        "pulumi.export('word', pulumi.Config().require('word'))",
        "pulumi.export('secret', pulumi.Config().require_secret('secret'))",
    )
    stack.config(word="given", secrets={"secret": "not to be read"})
    result = stack.up()
    assert "hello from the program" in result.said
    assert "not to be read" not in result.said
    assert stack.outputs() == {"word": "given", "secret": "[secret]"}
    assert stack.outputs(show_secrets=True)["secret"] == "not to be read"


def test_a_program_that_fails_ends_the_operation_with_its_words(stack: Stack) -> None:
    program(stack, "raise RuntimeError('the program is at its end')")
    result = stack.preview(check=False)
    assert result.returncode != 0
    assert "the program is at its end" in result.said


def test_install_makes_the_virtual_environment(stack: Stack) -> None:
    program(stack)
    stack.pulumi("install")
    assert (stack.project / "venv" / "bin" / "python").exists()
