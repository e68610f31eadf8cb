"""The import rules of docs/architecture.md, as pyproject.toml gives them to import-linter."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
LINTER = Path(sys.executable).with_name("lint-imports")
ROOMS = ("backends", "batch", "benchmarks", "demo", "infra", "laptop", "masks", "studio", "weights")
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


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The rooms' Python files, to break a rule in."""
    folder = tmp_path_factory.mktemp("house")
    for room in ROOMS:
        for file in (ROOT / room).rglob("*.py"):
            target = folder / file.relative_to(ROOT)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(file, target)
    return folder


@pytest.mark.parametrize(
    ("file", "line"),
    [
        ("masks/rle.py", "import studio.cli"),
        ("studio/cli.py", "import backends.serving.app"),
        ("infra/components/machine.py", "import studio.cli"),
        ("laptop/cli.py", "import studio.cli"),
        ("backends/serving/app.py", "import laptop.cli"),
        ("infra/render/env.py", "import pulumi"),
        ("infra/settings/fields.py", "import infra.settings.load"),
        ("infra/settings/fields.py", "import infra.components.machine"),
        ("studio/parts/tasks.py", "import studio.parts.predictions"),
        ("studio/label_studio/client.py", "import studio.parts.tasks"),
        ("batch/results.py", "import studio.cli"),
        ("backends/serving/app.py", "import batch.pipeline"),
        ("backends/segmentation/backend.py", "import backends.segment_anything_model.backend"),
    ],
)
def test_a_planted_import_breaks_a_rule(copy: Path, file: str, line: str) -> None:
    """Also under TYPE_CHECKING, which would only hide it."""
    path = copy / file
    before = path.read_text()
    path.write_text(f"from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    {line}\n")
    try:
        done = lint(copy)
    finally:
        path.write_text(before)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "BROKEN" in done.stdout


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
