"""The catalogue's form, and how a model is chosen."""

import re

import pytest

from weights.catalogue import KINDS, File, Model, catalogue, find
from weights.errors import WeightsError

MODELS = [model for kind in KINDS for model in catalogue()[kind].values()]
DIGEST = "0123456789abcdef" * 4
OTHER = "f" * 64


def test_the_models_that_the_documentation_promises_are_there() -> None:
    assert set(catalogue()["interactive"]) >= {
        "demo",
        "sam-vit-b",
        "sam-vit-l",
        "sam-vit-h",
        "sam2.1-tiny",
        "sam2.1-small",
        "sam2.1-base-plus",
        "sam2.1-large",
    }
    assert set(catalogue()["segmentation"]) >= {"demo", "segformer-b2-clothes"}


@pytest.mark.parametrize("model", MODELS, ids=lambda model: f"{model.kind}-{model.name}")
def test_each_entry_says_what_its_user_has_to_know(model: Model) -> None:
    assert "" not in (model.title, model.good_for, model.obliges)
    assert re.fullmatch(r"[A-Z][A-Za-z]*(-[0-9.]+)?|MIT", model.licence)
    assert 0 < (model.memory_gb or 0) < 64
    assert model.gpu in ("needed", "worth having", "not needed")
    assert bool(model.files) == (model.name != "demo")
    assert len({file.name for file in model.files}) == len(model.files)


@pytest.mark.parametrize(
    "file", [file for model in MODELS for file in model.files], ids=lambda file: file.url
)
def test_each_file_has_a_fixed_address_a_size_and_a_hash(file: File) -> None:
    assert re.fullmatch(f"https://.*/{re.escape(file.name)}", file.url)
    assert "/resolve/main/" not in file.url, "a branch moves: name a revision"
    assert (file.size or 0) > 100
    assert re.fullmatch("[0-9a-f]{64}", file.sha256)


def test_no_two_files_share_a_hash() -> None:
    digests = [file.sha256 for model in MODELS for file in model.files]
    assert len(set(digests)) == len(digests)


def test_one_file_by_its_address() -> None:
    model = find(f"https://example.org/own/best.pth#sha256={DIGEST.upper()}", "interactive")
    (file,) = model.files
    assert (model.name, model.licence, model.size) == ("best.pth", "unknown", None)
    assert (file.name, file.url, file.sha256) == (
        "best.pth",
        "https://example.org/own/best.pth",
        DIGEST,
    )


def test_a_folder_by_its_address() -> None:
    model = find(
        f"gs://bucket/leaves/#config.json={DIGEST}&model.safetensors={OTHER}", "segmentation"
    )
    assert model.name == "leaves"
    assert [(file.name, file.url) for file in model.files] == [
        ("config.json", "gs://bucket/leaves/config.json"),
        ("model.safetensors", "gs://bucket/leaves/model.safetensors"),
    ]


@pytest.mark.parametrize(
    ("reference", "told"),
    [
        ("sam-vit-x", "Did you mean sam-vit-"),
        ("segformer-b2-clothes", "there is no interactive model"),
        ("https://example.org/a.pth", "add #sha256=HASH"),
        ("https://example.org/a.pth#sha256=12", "is not a SHA-256"),
        (f"ftp://example.org/a.pth#sha256={DIGEST}", "is not an address of weights"),
        (f"https://example.org#sha256={DIGEST}", "is not an address of weights"),
        (f"https://example.org/m#../a={DIGEST}", "is not a file name"),
    ],
)
def test_what_cannot_be_used_is_refused_in_words(reference: str, told: str) -> None:
    with pytest.raises(WeightsError, match=re.escape(told)):
        find(reference, "interactive")
