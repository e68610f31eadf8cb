"""The import rules of docs/architecture.md, as pyproject.toml gives them to import-linter."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
LINTER = Path(sys.executable).with_name("lint-imports")
ROOMS = (
    *("backends", "batch", "benchmarks", "demo", "infra", "laptop", "masks", "policy", "studio"),
    "weights",
)
MOST_LINES = 400


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    """Check the rules on the packages in `folder`."""
    command = [LINTER, "--config", ROOT / "pyproject.toml", "--no-cache"]
    return subprocess.run(
        command, cwd=folder, capture_output=True, text=True, env={"PYTHONPATH": str(folder)}
    )


def test_the_rooms_import_each_other_as_the_architecture_says() -> None:
    done = lint(ROOT)
    assert done.returncode == 0, done.stdout + done.stderr


# A file, and an import that it must not have.
PLANTED = [
    ("masks/rle.py", "studio.cli"),
    ("studio/cli.py", "backends.serving.app"),
    ("infra/components/machine.py", "studio.cli"),
    ("laptop/cli.py", "studio.cli"),
    ("backends/serving/app.py", "laptop.cli"),
    ("backends/serving/app.py", "batch.pipeline"),
    ("batch/results.py", "studio.cli"),
    ("policy/rules.py", "infra.settings.facts"),
    ("infra/render/env.py", "pulumi"),
    ("infra/settings/fields.py", "infra.components.machine"),
    ("studio/parts/tasks.py", "studio.parts.predictions"),
    ("studio/label_studio/client.py", "studio.parts.tasks"),
    ("backends/segmentation/backend.py", "backends.segment_anything_model.backend"),
]

CIRCLE = ("infra/settings/fields.py", "infra.settings.load")


def name_of(file: str) -> str:
    return file.removesuffix(".py").replace("/", ".")


@pytest.fixture(scope="module")
def refused(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """The imports that the linter names in a copy of the rooms' Python files.

    All are planted at once, each in place of what its file imports: a run takes most of a second.
    """
    folder = tmp_path_factory.mktemp("house")
    planted: dict[str, list[str]] = {}
    for file, name in (*PLANTED, CIRCLE):
        planted.setdefault(file, []).append(f"    import {name}\n")
    for room in ROOMS:
        for file in (ROOT / room).rglob("*.py"):
            target = folder / file.relative_to(ROOT)
            target.parent.mkdir(parents=True, exist_ok=True)
            lines = planted.get(str(file.relative_to(ROOT)), [])
            if lines:
                hidden = "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n"
                target.write_text(hidden + "".join(lines))
            else:
                shutil.copy(file, target)
    done = lint(folder)
    assert done.returncode == 1, done.stdout + done.stderr
    return set(re.findall(r"[\w.]+ -> [\w.]+", done.stdout.partition("Broken contracts")[2]))


@pytest.mark.parametrize(("file", "name"), PLANTED)
def test_a_planted_import_breaks_a_rule(refused: set[str], file: str, name: str) -> None:
    """Also under TYPE_CHECKING, which would only hide it."""
    assert f"{name_of(file)} -> {name}" in refused


def test_a_planted_import_closes_a_circle(refused: set[str]) -> None:
    """The linter names the imports of a circle that would open it, within their room."""
    assert refused & {".fields -> .load", ".load -> .fields"}


def test_no_file_is_longer_than_one_can_read_in_one_sitting() -> None:
    """A file over 400 lines usually hides two concerns."""
    listed = subprocess.run(
        ["git", "ls-files", "*.py", "*.sh", "Makefile"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    assert "Makefile" in listed
    lengths = {name: len((ROOT / name).read_text().splitlines()) for name in listed}
    assert {name: lines for name, lines in lengths.items() if lines > MOST_LINES} == {}
