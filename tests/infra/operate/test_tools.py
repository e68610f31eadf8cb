"""What is found out about the tools before anything changes.

Docker and gcloud are not in every test environment: here they are programs that answer as those do.
"""

import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from infra.operate.tools import (
    Finding,
    check_builder,
    check_packages,
    check_pulumi,
    minimum_pulumi,
    pinned_packages,
)


def program(folder: Path, name: str, script: str) -> None:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(f"#!/bin/sh\n{script}\n")
    (folder / name).chmod(0o755)


@pytest.fixture
def environ(tmp_path: Path) -> Mapping[str, str]:
    (tmp_path / "bin").mkdir()
    return {"PATH": str(tmp_path / "bin")}


def only(findings: list[Finding]) -> Finding:
    (finding,) = findings
    return finding


def test_a_missing_pulumi_is_an_error_with_the_place_to_get_it(environ: Mapping[str, str]) -> None:
    found = only(list(check_pulumi(environ, "3.231.0")))
    assert found.severity == "error"
    assert "https://www.pulumi.com/docs/install/" in str(found)


@pytest.mark.parametrize(
    ("version", "is_refused"),
    [
        ("v3.230.9", True),
        ("v3.99.0", True),
        ("v3.231.0", False),
        ("v3.259.0", False),
        ("v4.0.0-alpha.1", False),
        ("what?", True),
    ],
)
def test_a_pulumi_older_than_the_provider_needs_is_refused(
    version: str, is_refused: bool, tmp_path: Path, environ: Mapping[str, str]
) -> None:
    program(tmp_path / "bin", "pulumi", f"echo {version}")
    found = list(check_pulumi(environ, "3.231.0"))
    assert bool(found) is is_refused
    if is_refused:
        assert "v3.231.0" in found[0].message


def test_the_lowest_pulumi_is_the_one_that_the_installed_provider_names() -> None:
    major, minor, _ = map(int, minimum_pulumi().split("."))
    assert (3, 200) < (major, minor) < (4, 0)


def test_the_packages_that_are_pinned_are_installed_here() -> None:
    pins = pinned_packages()
    assert {"pulumi", "pulumi-gcp", "google-cloud-compute"} <= set(pins)
    assert list(check_packages(pins)) == []


def test_a_package_of_another_version_is_refused_with_the_command() -> None:
    found = list(check_packages({"pulumi": "1.0", "not-there-at-all": "2.0"}))
    assert [finding.severity for finding in found] == ["error", "error"]
    assert "not-there-at-all is missing" in found[1].message
    assert all("scripts/bootstrap.py operator" in finding.remedy for finding in found)


def test_a_missing_docker_names_the_way_without_it(environ: Mapping[str, str]) -> None:
    found = only(list(check_builder("docker", environ, "error")))
    assert "pulumi config set atelier:images cloudbuild" in found.remedy


def test_a_docker_without_daemon_is_told_from_one_without_buildx(
    tmp_path: Path, environ: Mapping[str, str]
) -> None:
    program(tmp_path / "bin", "docker", "exit 1")
    assert only(list(check_builder("docker", environ, "error"))).message == (
        "Docker does not answer."
    )
    program(tmp_path / "bin", "docker", '[ "$1" = version ]')
    assert "no buildx" in only(list(check_builder("docker", environ, "error"))).message
    program(tmp_path / "bin", "docker", "exit 0")
    assert list(check_builder("docker", environ, "error")) == []


def test_a_preview_only_warns(environ: Mapping[str, str]) -> None:
    assert only(list(check_builder("docker", environ, "warning"))).severity == "warning"


def test_gcloud_is_looked_for_only_where_it_builds_the_images(
    tmp_path: Path, environ: Mapping[str, str]
) -> None:
    assert "gcloud" in only(list(check_builder("cloudbuild", environ, "error"))).message
    assert list(check_builder("prebuilt", environ, "error")) == []
    program(tmp_path / "bin", "gcloud", "exit 0")
    assert list(check_builder("cloudbuild", environ, "error")) == []
    assert os.environ["PATH"] != environ["PATH"]
