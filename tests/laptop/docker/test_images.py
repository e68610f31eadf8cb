"""What `docker build` is told."""

import io
import tomllib

from rich.console import Console

from laptop.docker.images import announce_once, build_words
from laptop.progress import Progress
from laptop.settings import ROOT
from tests.laptop.docker.conftest import MakeSettings


def test_an_image_is_built_from_the_repository_by_its_dockerfile(
    make_settings: MakeSettings,
) -> None:
    words = build_words("segment_anything_model", make_settings())
    dockerfile = str(ROOT / "backends/segment_anything_model/Dockerfile")
    tag = ["--tag", "atelier-segment-anything-model:local"]
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    label = ["--build-arg", f"VERSION={version}"]
    assert words == ["build", "--progress", "plain", *tag, *label, "--file", dockerfile, str(ROOT)]


def test_each_image_gets_its_own_arguments_and_no_value_is_on_a_command_line(
    make_settings: MakeSettings,
) -> None:
    address = "https://example.org/sam.pth?signature=secret"
    settings = make_settings(
        PYTHON_IMAGE="python:3.12", SAM_CHECKPOINT_URL=address, SAM_CHECKPOINT_SHA256="0" * 64
    )

    def arguments(name: str) -> list[str]:
        words = build_words(name, settings)
        assert not [word for word in words if "secret" in word]
        given = [words[at + 1] for at, word in enumerate(words) if word == "--build-arg"]
        return [word for word in given if not word.startswith("VERSION=")]

    assert arguments("frontend") == ["PYTHON_IMAGE"]
    assert arguments("segmentation") == ["PYTHON_IMAGE"]
    assert arguments("segment_anything_model") == [
        *("PYTHON_IMAGE", "SAM_CHECKPOINT_URL", "SAM_CHECKPOINT_SHA256"),
    ]


def test_a_bucket_is_read_with_a_secret_that_no_command_line_shows(
    make_settings: MakeSettings,
) -> None:
    settings = make_settings(MODELS=f"gs://bucket/own.pth#sha256={'0' * 64}")
    words = build_words("segment_anything_model", settings)
    assert words[words.index("--secret") + 1] == "id=google_token,env=ATELIER_GOOGLE_TOKEN"
    assert "--secret" not in build_words("segmentation", settings)


def test_the_weights_of_a_build_are_announced_once(make_settings: MakeSettings) -> None:
    def said(models: str) -> str:
        output = io.StringIO()
        settings = make_settings(MODELS=models)
        settings.run_dir.mkdir(parents=True, exist_ok=True)
        announce_once(settings, Progress(Console(file=output, width=300)))
        return output.getvalue()

    first = said("photographs")
    assert "sam-vit-b for clicks and boxes: Segment Anything, ViT-B, 375.0 MB" in first
    assert "licence MIT: NVIDIA's licence" in first
    assert said("photographs") == ""
    assert "sam2.1-tiny" in said("sam2.1-tiny")
