"""The version, in a checkout and in an image."""

import tomllib
from pathlib import Path

from click.testing import CliRunner

from studio.cli import studio
from studio.version import ROOT, read_version


def test_the_command_line_says_what_pyproject_has() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    result = CliRunner().invoke(studio, ["--version"])
    assert (result.exit_code, result.output) == (0, f"Atelier {version}\n")


def test_a_checkout_counts_for_more_than_the_environment(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[project]\nversion = "4.5.6"\n')
    assert read_version(tmp_path, {"ATELIER_VERSION": "1.2.3"}) == "4.5.6"


def test_an_image_knows_the_version_it_was_built_as(tmp_path: Path) -> None:
    assert read_version(tmp_path, {"ATELIER_VERSION": "1.2.3"}) == "1.2.3"


def test_an_image_built_without_a_version_says_so(tmp_path: Path) -> None:
    assert read_version(tmp_path, {}) == "unknown"
    assert read_version(tmp_path, {"ATELIER_VERSION": ""}) == "unknown"
