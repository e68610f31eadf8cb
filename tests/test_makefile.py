"""The verbs: few, explained, and the ones that everything else refers to."""

import re
import subprocess
from pathlib import Path

import pytest

from tests.vm.__main__ import ROOT_GROUP

ROOT = Path(__file__).resolve().parent.parent


def make(*words: str) -> str:
    """What make says, also where a make runs these tests: as its child it would say more."""
    command = ["make", "--no-print-directory", *words]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout


def test_make_alone_explains_every_verb_and_there_are_at_most_ten() -> None:
    shown = make()
    explained = re.findall(r"^  make ([a-z-]+) +\S", shown, re.MULTILINE)
    phony = re.search(r"^\.PHONY: (.+)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert phony is not None
    assert explained == phony[1].split()
    assert len(explained) <= 10
    assert {"demo", "images", "test", "test-vm", "lint", "bench"} <= set(explained)


@pytest.mark.parametrize(
    ("given", "environments", "options"),
    [
        ((), "operator ml frontend", ""),
        (("DETACH=1", "PORT=8081"), "operator ml frontend", "--port 8081 --detach"),
        (("DOCKER=1",), "operator", "--docker"),
        (("DOCKER=1", "GPU=1", "DETACH=1"), "operator", "--detach --docker --gpu"),
        (("DOCKER=0", "DETACH=0", "GPU=0"), "operator ml frontend", ""),
    ],
    ids=lambda given: " ".join(given) if isinstance(given, tuple) else None,
)
def test_demo_installs_what_it_starts(
    given: tuple[str, ...], environments: str, options: str
) -> None:
    bootstrap, start = planned("demo", *given)
    assert bootstrap.split("bootstrap.py ")[1].split() == environments.split()
    assert start.split("-m laptop up")[1].split() == options.split()


def test_the_first_line_names_the_verbs_that_are_not_in_the_list() -> None:
    shown = make()
    (demo,) = (line for line in shown.splitlines() if line.startswith("  make demo "))
    for verb in ("demo-stop", "demo-reset", "demo-backup"):
        assert verb in demo
        assert planned(verb)[1].endswith(f"-m laptop {verb.removeprefix('demo-')}")
    assert "demo-restore" in demo
    restore = planned("demo-restore", "BACKUP=/my backups/a.tar.gz")[1]
    assert restore.endswith("-m laptop restore-backup '/my backups/a.tar.gz'")


def planned(*words: str) -> list[str]:
    """The commands that make would run, one a target's line."""
    return re.sub(r"\\\n\s*", " ", make("-n", *words)).splitlines()


def test_every_folder_of_tests_runs_in_exactly_one_of_the_two_environments() -> None:
    commands = [line for line in make("-n", "test").splitlines() if " -m pytest " in line]
    ml = [folders(line) for line in commands if "/ml/" in line]
    operator = [folders(line) for line in commands if "/operator/" in line]
    needs_torch = {f"tests/{room}" for room in ("backends", "batch", "benchmarks", "demo", "masks")}
    assert ml == [needs_torch] * 2
    unit, parallel, others = operator
    assert parallel == {
        f"tests/{name}" for name in ("cloud", "docs", "infra", "laptop", "studio", "templates")
    }
    assert unit == {"tests"} | {f"--ignore={folder}" for folder in needs_torch}
    assert others == unit | {f"--ignore={folder}" for folder in parallel}


def test_what_an_ordinary_user_skips_runs_in_the_tier_that_has_root() -> None:
    assert make("-n", "test-vm").rstrip().endswith("python -m tests.vm")
    by_root = set(ROOT_GROUP)
    skipping = [
        file.relative_to(ROOT)
        for file in (ROOT / "tests").rglob("*.py")
        if re.search(r"""needs root|(Linux and|are) root('s)?["']""", file.read_text())
        and file != Path(__file__)
    ]
    assert len(skipping) >= len(by_root)
    for file in skipping:
        own = {str(file), *map(str, file.parents)}
        assert own & by_root, f"{file} skips cases without root, and no tier runs them"


def folders(command: str) -> set[str]:
    return {word for word in command.split() if word.removeprefix("--ignore=").startswith("tests")}
