"""The gate on types: `make lint` is strict on infra, and a wrong argument is caught."""

import json
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]

PLANTED = """
import pulumi_gcp as gcp

gcp.compute.Disk("a", zone="us-central1-a", sise=20)
gcp.compute.Disk("b", zone="us-central1-a", size="large")
gcp.storage.Bucket("c", location="EU", versioning={"enable": True})
gcp.storage.Bucket("d", location="EU", versioning={"enabled": "yes, please"})
gcp.storage.Bucket("e", location="EU", versioning=gcp.storage.BucketVersioningArgs(enable=True))
gcp.storage.Bucket("f", location="EU", versioning=gcp.storage.BucketVersioningArgs(enabled="x"))
"""


def pyright(*arguments: str) -> list[dict[str, Any]]:
    """Return pyright's diagnostics under the repository's own settings."""
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "pyright",
            "--pythonpath",
            sys.executable,
            "--outputjson",
            *arguments,
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    return json.loads(done.stdout)["generalDiagnostics"]


@pytest.mark.integration
def test_wrong_arguments_of_a_resource_are_caught_each(tmp_path: Path) -> None:
    """Planted: misspelt and of a wrong type, as an argument, in a dict and in an Args class."""
    file = tmp_path / "planted.py"
    file.write_text(PLANTED)
    settings = tmp_path / "pyrightconfig.json"
    settings.write_text(json.dumps({"strict": ["."], "pythonVersion": "3.11"}))

    caught = {
        finding["range"]["start"]["line"]
        for finding in pyright("--project", str(settings))
        if finding["severity"] == "error"
    }
    first = PLANTED.splitlines().index('gcp.compute.Disk("a", zone="us-central1-a", sise=20)')
    assert caught == set(range(first, first + 6))


def test_the_repositorys_settings_are_strict_on_infra() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["pyright"]
    assert settings["strict"] == ["infra"]
    assert "OPERATOR_CODE := infra " in (ROOT / "Makefile").read_text()
