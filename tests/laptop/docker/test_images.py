"""What `docker build` is told."""

import tomllib

from laptop.docker.images import build_words
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
