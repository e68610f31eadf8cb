"""docs/backends.md names every setting of the backends and no other, with its default."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
SETTINGS = [
    "backends/serving/settings.py",
    "backends/segmentation/settings.py",
    "backends/segment_anything_model/settings.py",
]


def fields() -> set[str]:
    """The fields of all settings classes, read as text: torch is not at hand here."""
    found: set[str] = set()
    for name in SETTINGS:
        for node in ast.parse((ROOT / name).read_text()).body:
            if isinstance(node, ast.ClassDef):
                for item in node.body:
                    if isinstance(item, ast.AnnAssign) and isinstance(item.target, ast.Name):
                        found.add(item.target.id.upper())
    return found


def documented() -> set[str]:
    rows = re.findall(
        r"^\| (`[A-Z_`, ]+`) \|", (ROOT / "docs/backends.md").read_text(), re.MULTILINE
    )
    return {name for row in rows for name in re.findall(r"[A-Z_]+", row)}


def test_every_setting_is_documented_and_every_documented_setting_exists() -> None:
    assert fields() == documented()
    assert len(fields()) > 20
