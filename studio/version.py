"""Which version of Atelier this is."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
# The frontend's Dockerfile sets it: an image holds no pyproject.toml, or every change of a tool's
# settings would build it again.
VARIABLE = "ATELIER_VERSION"


def read_version(root: Path = ROOT, environ: Mapping[str, str] = os.environ) -> str:
    """Return the version in a checkout's pyproject.toml, or the one an image was built as.

    It is "unknown" in an image that was built without the build argument VERSION.
    """
    try:
        text = (root / "pyproject.toml").read_text(encoding="utf-8")
    except FileNotFoundError:
        return environ.get(VARIABLE) or "unknown"
    return tomllib.loads(text)["project"]["version"]
