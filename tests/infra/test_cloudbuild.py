"""infra/cloudbuild.sh, with a gcloud that notes what it is asked: nothing here can build."""

import os
import subprocess
from pathlib import Path

import pytest

from infra.version import read_version

ROOT = Path(__file__).parents[2]
DIGEST = "sha256:" + "a" * 64
IMAGE = "us-central1-docker.pkg.dev/p/atelier-dev/frontend"


@pytest.mark.parametrize("digest", [DIGEST, ""])
def test_it_prints_the_reference_alone_or_says_that_there_is_no_digest(
    tmp_path: Path, digest: str
) -> None:
    gcloud = tmp_path / "gcloud"
    gcloud.write_text(
        f'#!/bin/sh\necho "$*" >>{tmp_path}/asked\n'
        f'case $1 in builds) echo building ;; artifacts) echo "{digest}" ;; esac\n'
    )
    gcloud.chmod(0o755)
    done = subprocess.run(
        ["bash", ROOT / "infra" / "cloudbuild.sh"],
        env=os.environ
        | {
            "PATH": f"{tmp_path}:{os.environ['PATH']}",
            "PROJECT": "p",
            "DOCKERFILE": "backends/frontend/Dockerfile",
            "IMAGE": f"{IMAGE}:tag",
        },
        capture_output=True,
        text=True,
    )
    submitted = (tmp_path / "asked").read_text().splitlines()[0]
    assert submitted.startswith("builds submit . --project p --config infra/cloudbuild.yaml")
    # gcloud reads an ignore file as git does: a whitelist for Docker would leave nothing.
    assert "--ignore-file" not in submitted
    assert submitted.endswith(
        f"_DOCKERFILE=backends/frontend/Dockerfile,_IMAGE={IMAGE}:tag,_VERSION={read_version()}"
    )
    if digest:
        assert (done.returncode, done.stdout) == (0, f"{IMAGE}@{DIGEST}\n")
    else:
        assert done.returncode == 1
        assert "its digest is not in the registry" in done.stderr
