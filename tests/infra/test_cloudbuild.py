"""infra/cloudbuild.sh, with a gcloud that notes what it is asked: nothing here can build."""

import os
import re
import subprocess
from pathlib import Path

import pytest
import yaml

from infra.content import dockerfile
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


READS = (
    "ERROR: (gcloud.builds.submit) INVALID_ARGUMENT: could not resolve source: googleapi: Error"
    " 403: b@p.iam.gserviceaccount.com does not have storage.objects.get access to the Google Cloud"
    " Storage object."
)


@pytest.mark.parametrize(
    ("said", "fails", "paused", "status"),
    [
        (READS, 2, 2, 0),
        ("NOT_FOUND: Service account b@p.iam.gserviceaccount.com does not exist.", 1, 1, 0),
        ('denied: Permission "artifactregistry.repositories.uploadArtifacts" denied', 1, 1, 0),
        (READS, 9, 5, 1),
        ("ERROR: build step 0 failed: exit status 1", 9, 0, 1),
    ],
)
def test_an_account_that_google_does_not_know_yet_is_waited_for(
    tmp_path: Path, said: str, fails: int, paused: int, status: int
) -> None:
    gcloud, sleep = tmp_path / "gcloud", tmp_path / "sleep"
    gcloud.write_text(
        f"#!/bin/sh\ncase $1 in artifacts) echo {DIGEST}; exit ;; esac\n"
        f"echo x >>{tmp_path}/submitted\n"
        f"[ $(wc -l <{tmp_path}/submitted) -gt {fails} ] && exit\n"
        f"echo '{said}' >&2\nexit 1\n"
    )
    sleep.write_text(f'#!/bin/sh\necho "$1" >>{tmp_path}/slept\n')
    for program in (gcloud, sleep):
        program.chmod(0o755)
    done = subprocess.run(
        ["bash", ROOT / "infra" / "cloudbuild.sh"],
        env=os.environ
        | {"PATH": f"{tmp_path}:{os.environ['PATH']}", "PROJECT": "p", "IMAGE": f"{IMAGE}:tag"}
        | {"BUILDER": "b@p.iam.gserviceaccount.com", "TMPDIR": str(tmp_path)}
        | {"DOCKERFILE": "backends/frontend/Dockerfile"},
        capture_output=True,
        text=True,
    )
    slept = tmp_path / "slept"
    assert (slept.read_text().split() if slept.exists() else []) == ["30"] * paused
    assert done.returncode == status
    assert done.stdout == ("" if status else f"{IMAGE}@{DIGEST}\n")
    assert said in done.stderr
    assert not [path for path in tmp_path.iterdir() if path.name.startswith("tmp.")]


def test_the_weights_go_along_with_all_their_hashes(tmp_path: Path) -> None:
    gcloud = tmp_path / "gcloud"
    gcloud.write_text(f'#!/bin/sh\necho "$*" >>{tmp_path}/asked\necho {DIGEST}\n')
    gcloud.chmod(0o755)
    given = {
        "SEGMENTATION_MODEL_URL": "gs://a-bucket/mine",
        "SEGMENTATION_MODEL_SHA256": "config.json=a,model.safetensors=b",
        "SEGMENTATION_LABEL_MAP": "",
        "WEIGHTS_MIRROR": "https://mirror.example.org/weights",
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
        ";_WEIGHTS_MIRROR=https://mirror.example.org/weights"
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
    assert passed == {"VERSION", "WEIGHTS_MIRROR", "RUNNER", *needed}
    assert {f"_{name}" for name in passed} | {"_DOCKERFILE", "_IMAGE"} == {*config["substitutions"]}
    for name in ("segmentation", "segment_anything_model", "batch"):
        text = (ROOT / dockerfile(name)).read_text()
        declared = set(re.findall(r"^ARG ([A-Z_0-9]+)=", text, re.MULTILINE))
        assert declared - passed <= {"PYTHON_IMAGE", "BEAM_IMAGE"}
