"""The verbs: few, explained, and the ones that everything else refers to."""

import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def test_make_alone_explains_every_verb_and_there_are_at_most_ten() -> None:
    shown = subprocess.run(["make"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    explained = re.findall(r"^  make ([a-z-]+) +\S", shown, re.MULTILINE)
    phony = re.search(r"^\.PHONY: (.+)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert phony is not None
    assert explained == phony[1].split()
    assert len(explained) <= 10
    assert {"demo", "demo-stop", "demo-reset", "test", "lint", "bench"} <= set(explained)


def test_every_folder_of_tests_runs_in_exactly_one_of_the_two_environments() -> None:
    plan = subprocess.run(
        ["make", "-n", "test"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    commands = [line for line in plan.splitlines() if " -m pytest " in line]
    ml = [folders(line) for line in commands if "/ml/" in line]
    operator = [folders(line) for line in commands if "/operator/" in line]
    needs_torch = {"tests/backends", "tests/benchmarks", "tests/demo"}
    assert ml == [needs_torch] * 2
    unit, engine, others = operator
    assert engine == {"tests/cloud", "tests/docs", "tests/infra"}
    assert unit == {"tests"} | {f"--ignore={folder}" for folder in needs_torch}
    assert others == unit | {f"--ignore={folder}" for folder in engine}


def folders(command: str) -> set[str]:
    return {word for word in command.split() if word.removeprefix("--ignore=").startswith("tests")}
