"""What the studio in Docker takes from the environment, and what it refuses."""

import os

import pytest

from laptop.docker.settings import BUILD_ARGUMENTS, IMAGES_USER, require_buildable
from laptop.settings import ROOT, LaptopError
from tests.laptop.docker.conftest import MakeSettings

DIGEST = "0" * 64


def test_the_build_arguments_are_those_of_the_dockerfiles() -> None:
    """VERSION beside them is the project's own, never the user's."""
    for name, arguments in BUILD_ARGUMENTS.items():
        lines = (ROOT / "backends" / name / "Dockerfile").read_text().splitlines()
        declared = {line.split()[1].split("=")[0] for line in lines if line.startswith("ARG ")}
        assert declared == {*arguments, "VERSION"}


def test_an_empty_argument_counts_as_not_given(make_settings: MakeSettings) -> None:
    given = make_settings(PYTHON_IMAGE="", SEGMENTATION_LABEL_MAP="a.yaml", DOCKER_HOST="unix:///a")
    assert given.build_arguments == {"SEGMENTATION_LABEL_MAP": "a.yaml"}
    assert given.client_environ == {"DOCKER_HOST": "unix:///a"}


def test_the_containers_run_as_whoever_asks_and_never_as_root(make_settings: MakeSettings) -> None:
    settings = make_settings()
    own = (os.geteuid(), os.getegid())
    assert (settings.user, settings.group) == (IMAGES_USER if os.geteuid() == 0 else own)
    assert settings.changes_owner == (os.geteuid() == 0)


def test_all_weights_that_no_image_can_have_are_refused_at_once(
    make_settings: MakeSettings,
) -> None:
    with pytest.raises(LaptopError) as raised:
        require_buildable(make_settings(SAM_CHECKPOINT="sam.pth", SEGMENTATION_MODEL="a/b"))
    first, second = str(raised.value).splitlines()
    assert first.startswith("SAM_CHECKPOINT works only without Docker.")
    assert "or SAM_CHECKPOINT_URL and SAM_CHECKPOINT_SHA256" in first
    assert second.startswith("SEGMENTATION_MODEL works only without Docker.")


@pytest.mark.parametrize("name", ["SAM_CHECKPOINT", "SEGMENTATION_MODEL"])
def test_an_address_and_its_hash_belong_together(make_settings: MakeSettings, name: str) -> None:
    given = {f"{name}_URL": "https://example.org/w.pth", f"{name}_SHA256": DIGEST}
    require_buildable(make_settings(**given))
    for missing in given:
        rest = {key: value for key, value in given.items() if key != missing}
        with pytest.raises(LaptopError, match=rf"^{missing} is missing"):
            require_buildable(make_settings(**rest))


def test_models_of_the_catalogue_become_build_arguments(make_settings: MakeSettings) -> None:
    settings = make_settings(MODELS="photographs")
    require_buildable(settings)
    given = settings.build_arguments
    assert given["SAM_CHECKPOINT_URL"].endswith("/sam_vit_b_01ec64.pth")
    assert len(given["SAM_CHECKPOINT_SHA256"]) == 64
    assert "/mattmdjaga/segformer_b2_clothes/resolve/" in given["SEGMENTATION_MODEL_URL"]
    assert given["SEGMENTATION_MODEL_SHA256"].count("=") == 3
    in_the_image = given["SEGMENTATION_LABEL_MAP"].removeprefix("/app/")
    assert (ROOT / in_the_image).is_file(), "the Dockerfile copies backends/segmentation to /app"


def test_demo_models_need_no_build_argument(make_settings: MakeSettings) -> None:
    settings = make_settings(MODELS="demo")
    require_buildable(settings)
    assert settings.build_arguments == {}


def test_a_model_that_is_given_twice_or_from_this_machine_is_refused(
    make_settings: MakeSettings,
) -> None:
    with pytest.raises(LaptopError, match="sam-vit-b and SAM_CHECKPOINT_URL another"):
        make_settings(MODELS="sam-vit-b", SAM_CHECKPOINT_URL="https://example.org/a")
    with pytest.raises(LaptopError, match=r"file:///w/own\.pth is on this machine"):
        require_buildable(make_settings(MODELS=f"file:///w/own.pth#sha256={DIGEST}"))
