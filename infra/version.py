"""The version that the images are labeled with."""

import tomllib
from pathlib import Path

from infra.settings.facts import REPOSITORY


def read_version(root: Path = REPOSITORY) -> str:
    """Return the project's version, as pyproject.toml has it."""
    text = (root / "pyproject.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)["project"]["version"]
