"""What is rendered for five stacks, whole texts."""

from pathlib import Path

import pytest

from tests.infra.render.scenarios import GOLDEN, REWRITE, SCENARIOS, load, render


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_a_stack_renders_the_golden_texts(scenario: str) -> None:
    rendered = render(load(SCENARIOS[scenario]))
    golden = {path.name: path.read_text(encoding="utf-8") for path in (GOLDEN / scenario).iterdir()}
    assert rendered == golden, f"if that is meant, run {REWRITE} and read the difference"


def test_there_is_no_golden_folder_without_a_scenario() -> None:
    assert sorted(path.name for path in Path(GOLDEN).iterdir()) == sorted(SCENARIOS)


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_the_password_is_in_no_text(scenario: str) -> None:
    password = "correct horse battery staple"
    texts = render(load(SCENARIOS[scenario], adminPassword=password))
    assert [name for name, text in texts.items() if password in text] == []
