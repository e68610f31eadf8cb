"""How the pipeline is called for a project."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from studio.archive import arguments
from studio.cli import studio
from tests.studio.parts.conftest import project_file

FLAGS = ("--runner=cloudrun", "--dry-run")


def test_a_bucket_is_named_as_the_project_file_names_it(tmp_path: Path) -> None:
    project = project_file(tmp_path, source={"bucket": "gs://scans/autumn"})
    assert arguments(project, "gs://ours/ready", tmp_path, FLAGS) == [
        "-m",
        "batch",
        "pre-labels",
        "gs://scans/autumn/",
        "gs://ours/ready",
        "--config",
        str(project.labeling_config),
        *FLAGS,
    ]


def test_addresses_are_listed_in_a_file(tmp_path: Path) -> None:
    addresses = ["gs://scans/1.jpg", "https://pictures.example.org/2.jpg"]
    project = project_file(tmp_path, source={"list": addresses})
    given = arguments(project, str(tmp_path / "ready"), tmp_path, ())
    assert given[3] == str(tmp_path / "addresses.txt")
    assert Path(given[3]).read_text().splitlines() == addresses


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--runner", "direct"], "--runner wants --to"),
        (["--runner", "direct", "--to", "ready", "--from", "ready"], "afterwards"),
        (["--workers", "3"], "--workers is only for --runner"),
        (["--yes"], "--yes is only for --runner"),
    ],
)
def test_options_that_do_not_fit_are_refused(tmp_path: Path, options: list[str], said: str) -> None:
    file = tmp_path / "project.yaml"
    file.touch()
    answer = CliRunner().invoke(studio, ["prelabel", str(file), *options])
    assert answer.exit_code == 2
    assert said in answer.output
