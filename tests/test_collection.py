"""Every file under tests/ that holds cases is collected by pytest."""

import ast
from pathlib import Path

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
