"""`scripts/studio`: the studio's commands from any folder, also by a link."""

import subprocess
from pathlib import Path

from studio.version import read_version
from tests.label_studio import ROOT


def test_it_runs_anywhere_and_files_that_lie_there_are_no_part_of_it(tmp_path: Path) -> None:
    for name in ("studio.py", "json.py"):
        (tmp_path / name).write_text("raise SystemExit('the wrong one')\n")
    link = tmp_path / "link"
    link.symlink_to(ROOT / "scripts" / "studio")
    shown = subprocess.run([link, "--version"], cwd=tmp_path, capture_output=True, text=True)
    assert (shown.stdout, shown.stderr) == (f"Atelier {read_version()}\n", "")


def test_paths_are_those_of_the_folder_where_somebody_works(tmp_path: Path) -> None:
    (tmp_path / "autumn.yaml").write_text("titel: Coats\n")
    command = [ROOT / "scripts" / "studio", "apply", "autumn.yaml"]
    shown = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert shown.returncode == 1
    assert "studio: autumn.yaml cannot be applied:" in shown.stderr
    assert "did you mean title?" in shown.stderr
