"""What the two models are to their images, and what a preview is told."""

import pytest

from infra.render.weights import image_arguments, mirror_argument, needs_google, told
from infra.settings.facts import IMAGE_NAMES
from tests.infra.render.scenarios import REFERENCES, load
from tests.infra.settings import configs
from weights.catalogue import catalogue, find
from weights.fetch import wanted

MINE = f"https://weights.example.org/models/mine.pth#sha256={configs.HASH}"
BUCKET = f"gs://a-bucket/models/mine#{configs.FOLDER}"
SEGMENTATION = "segmentation"
INTERACTIVE = "segment_anything_model"


@pytest.mark.parametrize("name", catalogue()["interactive"])
def test_each_interactive_model_is_built_in_as_the_fetcher_reads_it(name: str) -> None:
    arguments = image_arguments(load({"interactiveModel": name}), INTERACTIVE)
    assert tuple(arguments) == ("SAM_CHECKPOINT_URL", "SAM_CHECKPOINT_SHA256")
    files = find(name, "interactive").files
    if not files:
        assert set(arguments.values()) == {""}
        return
    url, digest = arguments.values()
    assert (url, digest) == (files[0].url, files[0].sha256)
    assert len(wanted(url, digest)) == len(files) == 1


@pytest.mark.parametrize("name", catalogue()["segmentation"])
def test_each_segmentation_model_is_built_in_with_its_label_map(name: str) -> None:
    arguments = image_arguments(load({"segmentationModel": name}), SEGMENTATION)
    assert tuple(arguments) == (
        "SEGMENTATION_MODEL_URL",
        "SEGMENTATION_MODEL_SHA256",
        "SEGMENTATION_LABEL_MAP",
    )
    model = find(name, "segmentation")
    url, digests, label_map = arguments.values()
    if model.files:
        assert len(wanted(url, digests)) == len(model.files)
        assert all(file.url == f"{url}/{file.name}" for file in model.files)
    assert bool(label_map) == bool(model.label_map)
    assert not label_map or label_map.endswith(f"/label_maps/{model.label_map}.yaml")


def test_own_weights_are_built_in_from_their_address() -> None:
    settings = load({"interactiveModel": MINE, "segmentationModel": BUCKET})
    own = image_arguments(settings, INTERACTIVE)
    assert own == {
        "SAM_CHECKPOINT_URL": MINE.partition("#")[0],
        "SAM_CHECKPOINT_SHA256": configs.HASH,
    }
    folder = image_arguments(settings, SEGMENTATION)
    assert folder == {
        "SEGMENTATION_MODEL_URL": "gs://a-bucket/models/mine",
        "SEGMENTATION_MODEL_SHA256": configs.FOLDER.replace("&", ","),
        "SEGMENTATION_LABEL_MAP": "",
    }
    assert needs_google(folder)
    assert not needs_google(own)


def test_an_interactive_folder_is_built_in_with_all_its_files() -> None:
    reference = f"https://weights.example.org/mine#{configs.FOLDER}"
    arguments = image_arguments(load({"interactiveModel": reference}), INTERACTIVE)
    assert arguments == {
        "SAM_CHECKPOINT_URL": "https://weights.example.org/mine",
        "SAM_CHECKPOINT_SHA256": configs.FOLDER.replace("&", ","),
    }


@pytest.mark.parametrize("mirror", ["", "https://mirror.example.org/weights", "gs://a-bucket"])
def test_a_mirror_is_for_images_whose_weights_are_fetched_from_the_web(mirror: str) -> None:
    settings = load({"segmentationModel": BUCKET, "weightsMirror": mirror})
    assert mirror_argument(settings, INTERACTIVE) == {"WEIGHTS_MIRROR": mirror}
    assert mirror_argument(settings, SEGMENTATION) == {}
    assert mirror_argument(settings, "frontend") == {}
    assert mirror_argument(load({"interactiveModel": "demo"}), INTERACTIVE) == {}


def test_nothing_is_built_into_the_frontend_or_with_prebuilt_images() -> None:
    assert image_arguments(load({}), "frontend") == {}
    prebuilt = load({"images": "prebuilt", "prebuilt": REFERENCES})
    assert not any(image_arguments(prebuilt, name) for name in IMAGE_NAMES)
    assert told(prebuilt) == []


def test_a_preview_is_told_size_licence_and_what_it_obliges_to() -> None:
    interactive, segmentation = told(load({}))
    assert interactive == {
        "does": "clicks and boxes",
        "name": "sam-vit-b",
        "host": "",
        "bytes": 375_042_383,
        "licence": "Apache-2.0",
        "obliges": "",
        "warning": "",
    }
    assert segmentation["name"] == "segformer-b2-clothes"
    assert "commercial use" in str(segmentation["obliges"])


def test_of_own_weights_a_preview_is_told_the_host_alone() -> None:
    interactive, segmentation = told(load({"interactiveModel": MINE, "segmentationModel": BUCKET}))
    assert (interactive["name"], interactive["host"]) == ("mine.pth", "weights.example.org")
    assert (segmentation["name"], segmentation["host"]) == ("mine", "a-bucket")
    assert interactive["bytes"] is None
    assert interactive["licence"] == "unknown"


@pytest.mark.parametrize(
    ("preset", "name", "warned"),
    [("cpu", "sam-vit-l", True), ("l4", "sam-vit-l", False), ("cpu", "sam-vit-b", False)],
)
def test_a_model_that_needs_a_gpu_is_warned_of_where_there_is_none(
    preset: str, name: str, warned: bool
) -> None:
    warning = told(load({"preset": preset, "interactiveModel": name}))[0]["warning"]
    assert bool(warning) == warned
    if warned:
        assert "preset cpu has none: the first click on each image takes" in str(warning)
        instead = str(warning).partition("; ")[2].removesuffix(" is made for such machines")
        assert find(instead, "interactive").gpu == "not needed"
        assert find(instead, "interactive").files
