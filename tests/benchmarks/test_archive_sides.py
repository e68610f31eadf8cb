"""The pipeline for archives beside its bare model, tried out on two small pictures."""

import json
import subprocess
from pathlib import Path

import pytest

from benchmarks.archive import DEMO, PYTHON, ROOT, write

pytestmark = pytest.mark.integration


def test_both_sides_work_on_the_same_pictures_in_one_process(tmp_path: Path) -> None:
    write(tmp_path / "images", 2)
    command = (PYTHON, "-m", "benchmarks.archive_sides", "pre-labels")
    done = subprocess.run(
        [*command, tmp_path / "images", tmp_path / "made", "--pairs", "1"],
        cwd=ROOT,
        env={"SEGMENTATION_MODEL": str(DEMO), "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["ratio"] == told["bare"]["wall"][0] / told["pipeline"]["wall"][0]
    assert all(told[side]["cpu"][0] > 0 for side in ("bare", "pipeline"))
    # The warm-up and the pair each went through the whole command.
    files = sorted((tmp_path / "made").rglob("tasks-*.json"))
    assert [len(json.loads(file.read_text())) for file in files] == [2, 2]
