"""Every file under tests/ that holds cases is collected by pytest."""

import ast
from pathlib import Path

import pytest

from tests.conftest import NOTHING_FOR

TESTS = Path(__file__).parent


def holds_cases(path: Path) -> bool:
    tree = ast.parse(path.read_text())
    return any(
        isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        and node.name.lower().startswith("test")
        for node in ast.walk(tree)
    )


def is_collected(path: Path) -> bool:
    """By name: pytest's own defaults, which pyproject.toml leaves as they are."""
    return path.name.startswith("test_") or path.name.endswith("_test.py")


def test_every_file_with_cases_has_a_name_that_pytest_collects() -> None:
    files = [path for path in TESTS.rglob("*.py") if holds_cases(path)]
    assert Path(__file__) in files
    assert [str(path) for path in files if not is_collected(path)] == []


def test_no_folder_of_tests_is_passed_over() -> None:
    """pytest does not look into these (`norecursedirs`), whatever their files are called."""
    passed_over = {"build", "dist", "venv", "node_modules"}
    folders = {part for path in TESTS.rglob("test_*.py") for part in path.relative_to(TESTS).parts}
    assert not {name for name in folders if name in passed_over or name.startswith(".")}


@pytest.mark.parametrize(
    ("text", "tiers"),
    [
        ("def test_it() -> None:\n", {"unit"}),
        ("@pytest.mark.integration\ndef test_it() -> None:\n", {"unit", "servers"}),
        ("pytestmark = pytest.mark.integration  # Real waits.\n", {"servers"}),
        ("pytestmark = pytest.mark.browser\n", {"servers"}),
        ("pytestmark = pytest.mark.skipif(True)\n", {"unit"}),
        ("    pytest.param(1, marks=pytest.mark.browser),\n", {"unit", "servers"}),
    ],
)
def test_a_tier_leaves_out_only_files_that_have_nothing_for_it(text: str, tiers: set[str]) -> None:
    unit, servers = NOTHING_FOR
    assert f"-m '{unit}'" in (TESTS.parent / "pyproject.toml").read_text()
    assert f'-m "{servers}"' in (TESTS.parent / "Makefile").read_text()
    left_out = {
        "unit": NOTHING_FOR[unit].search(text),
        "servers": NOTHING_FOR[servers].search(text),
    }
    assert {tier for tier, found in left_out.items() if not found} == tiers
