"""infra/cloudbuild.sh, with a gcloud that notes what it is asked: nothing here can build."""

import os
import re
import subprocess
from pathlib import Path

import pytest
import yaml

from infra.version import read_version
from weights.build import build_arguments
from weights.catalogue import catalogue

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
            "BUILDER": "b@p.iam.gserviceaccount.com",
            "DOCKERFILE": "backends/frontend/Dockerfile",
            "IMAGE": f"{IMAGE}:tag",
        },
        capture_output=True,
        text=True,
    )
    submitted = (tmp_path / "asked").read_text().splitlines()[0]
    assert submitted.startswith("builds submit . --project p --config infra/cloudbuild.yaml")
    assert " --service-account projects/p/serviceAccounts/b@p.iam.gserviceaccount.com " in submitted
    # gcloud reads an ignore file as git does: a whitelist for Docker would leave nothing.
    assert "--ignore-file" not in submitted
    assert submitted.endswith(
        f"^;^_DOCKERFILE=backends/frontend/Dockerfile;_IMAGE={IMAGE}:tag;_VERSION={read_version()}"
    )
    if digest:
        assert (done.returncode, done.stdout) == (0, f"{IMAGE}@{DIGEST}\n")
    else:
        assert done.returncode == 1
        assert "its digest is not in the registry" in done.stderr


def test_the_weights_go_along_with_all_their_hashes(tmp_path: Path) -> None:
    gcloud = tmp_path / "gcloud"
    gcloud.write_text(f'#!/bin/sh\necho "$*" >>{tmp_path}/asked\necho {DIGEST}\n')
    gcloud.chmod(0o755)
    given = {
        "SEGMENTATION_MODEL_URL": "gs://a-bucket/mine",
        "SEGMENTATION_MODEL_SHA256": "config.json=a,model.safetensors=b",
        "SEGMENTATION_LABEL_MAP": "",
    }
    subprocess.run(
        ["bash", ROOT / "infra" / "cloudbuild.sh"],
        env=os.environ
        | {"PATH": f"{tmp_path}:{os.environ['PATH']}", "PROJECT": "p", "IMAGE": f"{IMAGE}:tag"}
        | {"BUILDER": "b@p.iam.gserviceaccount.com"}
        | {"DOCKERFILE": "backends/segmentation/Dockerfile"}
        | given,
        capture_output=True,
        check=True,
    )
    submitted = (tmp_path / "asked").read_text().splitlines()[0]
    assert submitted.endswith(
        ";_SEGMENTATION_MODEL_URL=gs://a-bucket/mine"
        ";_SEGMENTATION_MODEL_SHA256=config.json=a,model.safetensors=b"
    )


def test_the_build_passes_every_argument_of_the_dockerfiles_on() -> None:
    """An argument without its substitution would be refused by Cloud Build, or left out."""
    config = yaml.safe_load((ROOT / "infra" / "cloudbuild.yaml").read_text())
    passed = {
        word.removeprefix("--build-arg=").partition("=")[0]
        for step in config["steps"]
        for word in step["args"]
        if word.startswith("--build-arg=")
    }
    needed = {
        name
        for models in catalogue().values()
        for model in models.values()
        for name in build_arguments(model)
    }
    assert passed == {"VERSION", *needed}
    assert {f"_{name}" for name in passed} | {"_DOCKERFILE", "_IMAGE"} == {*config["substitutions"]}
    for name in ("segmentation", "segment_anything_model"):
        dockerfile = (ROOT / "backends" / name / "Dockerfile").read_text()
        declared = set(re.findall(r"^ARG ([A-Z_0-9]+)=", dockerfile, re.MULTILINE))
        assert declared - passed == {"PYTHON_IMAGE", "WEIGHTS_MIRROR"}
