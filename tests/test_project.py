"""What the project says of itself: one version, one license, in every place that names them."""

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
IMAGES = ("backends/frontend", "backends/segmentation", "backends/segment_anything_model", "batch")


def test_the_newest_release_in_the_changelog_is_the_projects_version() -> None:
    headings = re.findall(r"^## (.+)$", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert headings[0] == "Unreleased"
    assert re.fullmatch(rf"{re.escape(PROJECT['version'])} - \d{{4}}-\d\d-\d\d", headings[1])


def test_the_license_is_the_whole_of_apaches() -> None:
    assert PROJECT["license"] == "Apache-2.0"
    text = (ROOT / "LICENSE").read_text()
    assert "Apache License\n                           Version 2.0, January 2004" in text
    assert "END OF TERMS AND CONDITIONS" in text


@pytest.mark.parametrize("image", IMAGES)
def test_an_image_is_labeled_with_license_and_version_in_its_last_steps(image: str) -> None:
    dockerfile = (ROOT / image / "Dockerfile").read_text()
    _, last = dockerfile.split("\nARG VERSION=unknown\n")
    assert f'org.opencontainers.image.licenses="{PROJECT["license"]}"' in last
    assert 'org.opencontainers.image.version="${VERSION}"' in last
    # A version in an earlier step would build everything after it again at each release.
    assert set(re.findall(r"^[A-Z]+", last, re.MULTILINE)) <= {"LABEL", "ENV"}


def test_both_models_cards_name_the_license() -> None:
    for image in ("segmentation", "segment_anything_model"):
        card = (ROOT / "backends" / image / "demo" / "README.md").read_text()
        assert "| license | Apache-2.0" in card
