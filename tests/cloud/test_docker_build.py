"""When an image is built anew, and what is pushed: as the real provider does it."""

from pathlib import Path
from typing import Any

import pytest

from tests.cloud.asking import Answered, Asking
from tests.cloud.docker_build import DockerBuild
from tests.cloud.docker_context import files
from tests.cloud.gcp.state import Cloud, of_kind
from tests.cloud.rpc import UNKNOWN

IMAGE = "docker-build:index:Image"
REPOSITORY = "gcp:artifactregistry/repository:Repository"
TAG = "us-central1-docker.pkg.dev/demo-project/lab/tool:1"


@pytest.fixture
def builder(cloud: Cloud) -> Asking:
    return Asking(DockerBuild(cloud))


@pytest.fixture
def context(tmp_path: Path) -> Path:
    folder = tmp_path / "context"
    for name in ("tool/main.py", "tool/notes.md", "tool/cache/x.pyc", "big/data.bin", "Dockerfile"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name)
    (folder / "Dockerfile.dockerignore").write_text("# only\n*\n!tool\n**/*.pyc\n")
    return folder


def inputs(context: Path, **more: Any) -> dict[str, Any]:
    return {
        "context": {"location": str(context)},
        "dockerfile": {"location": str(context / "Dockerfile")},
        "push": True,
        "registries": [{"address": "us-central1-docker.pkg.dev", "password": "one"}],
        "tags": [TAG],
        **more,
    }


def test_the_dockerfiles_own_ignore_file_decides_what_is_sent(context: Path) -> None:
    sent = [str(path) for path in files(context, context / "Dockerfile")]
    assert sent == ["tool/main.py", "tool/notes.md"]


def test_without_an_ignore_file_everything_is_sent(context: Path) -> None:
    (context / "Dockerfile.dockerignore").unlink()
    sent = {str(path) for path in files(context, context / "Dockerfile")}
    assert {"Dockerfile", "big/data.bin", "tool/cache/x.pyc"} < sent


@pytest.mark.parametrize(
    ("file", "built_anew"),
    [("tool/main.py", True), ("Dockerfile", True), ("big/data.bin", False)],
)
def test_a_changed_file_builds_anew_when_it_is_in_the_image(
    builder: Asking, gcp: Asking, context: Path, file: str, built_anew: bool
) -> None:
    gcp.create(REPOSITORY, repositoryId="lab", format="DOCKER", location="us-central1")
    given = inputs(context)
    _, state = builder.create(IMAGE, **given)
    (context / file).write_text("changed")
    answer = builder.diff(IMAGE, given, given, contextHash=state["contextHash"])
    assert (list(answer.diffs) == ["contextHash"]) is built_anew
    assert not answer.replaces


def test_a_new_token_for_the_registry_builds_nothing(
    builder: Asking, gcp: Asking, context: Path
) -> None:
    gcp.create(REPOSITORY, repositoryId="lab", format="DOCKER", location="us-central1")
    given = inputs(context)
    _, state = builder.create(IMAGE, **given)
    registry = {"address": "us-central1-docker.pkg.dev", "password": "two"}
    later = inputs(context, registries=[registry])
    answer = builder.diff(IMAGE, given, later, contextHash=state["contextHash"])
    assert answer.changes == answer.DIFF_NONE


@pytest.mark.parametrize(("ignored", "built_anew"), [(["token"], False), ([], True)])
def test_another_secret_builds_anew_unless_it_is_to_be_ignored(
    builder: Asking, gcp: Asking, context: Path, ignored: list[str], built_anew: bool
) -> None:
    gcp.create(REPOSITORY, repositoryId="lab", format="DOCKER", location="us-central1")
    given = inputs(context, secrets={"token": "one"}, ignoreSecretsInDiffCalculation=ignored)
    _, state = builder.create(IMAGE, **given)
    later = {**given, "secrets": {"token": "two"}}
    answer = builder.diff(IMAGE, given, later, contextHash=state["contextHash"])
    assert (list(answer.diffs) == ["secrets"]) is built_anew


def test_the_reference_carries_tag_and_digest_and_the_image_is_in_the_registry(
    builder: Asking, gcp: Asking, cloud: Cloud, context: Path
) -> None:
    gcp.create(REPOSITORY, repositoryId="lab", format="DOCKER", location="us-central1")
    identity, state = builder.create(IMAGE, **inputs(context))
    assert state["ref"] == f"{TAG}@{state['digest']}"
    assert identity == state["digest"]
    assert state["digest"].startswith("sha256:")
    assert list(of_kind(cloud.read(), "docker.Image")) == [state["ref"]]


def test_a_push_needs_its_repository(builder: Asking, context: Path) -> None:
    with pytest.raises(Answered, match='name unknown: Repository "lab" not found'):
        builder.create(IMAGE, **inputs(context))


def test_a_repository_takes_its_images_along(
    builder: Asking, gcp: Asking, cloud: Cloud, context: Path
) -> None:
    made = gcp.create(REPOSITORY, repositoryId="lab", format="DOCKER", location="us-central1")
    identity, state = builder.create(IMAGE, **inputs(context))
    gcp.delete(REPOSITORY, made[0], **made[1])
    assert of_kind(cloud.read(), "docker.Image") == {}
    assert not builder.read(IMAGE, identity, **state).id


def test_a_preview_builds_nothing_and_does_not_know_the_digest(
    builder: Asking, context: Path
) -> None:
    _, state = builder.create(IMAGE, preview=True, **inputs(context))
    assert (state["digest"], state["ref"]) == (UNKNOWN, UNKNOWN)


def test_what_is_not_there_is_refused_before_anything_is_built(
    builder: Asking, context: Path
) -> None:
    wrong = inputs(context, dockerfile={"location": str(context / "Gone")}, tags=["UPPER/x:1"])
    assert set(builder.check(IMAGE, **wrong)) == {"dockerfile.location", "tags[0]"}


def test_a_program_may_really_build(
    builder: Asking, context: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "build"
    program.write_text('#!/bin/sh\ncat >"$0.read"\necho \'{"digest": "sha256:abc"}\'\n')
    program.chmod(0o755)
    monkeypatch.setenv("CLOUD_DOUBLE_BUILD", str(program))
    _, state = builder.create(IMAGE, **inputs(context, tags=["localhost:5000/lab/tool:1"]))
    assert state["ref"] == "localhost:5000/lab/tool:1@sha256:abc"
    assert '"tags": ["localhost:5000/lab/tool:1"]' in (tmp_path / "build.read").read_text()
