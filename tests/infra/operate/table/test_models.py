"""The models in the table: which serve, how large they are, under which licence, what is wrong."""

import json
from typing import Any

import pytest

from infra.operate.table.markdown import render
from infra.render.weights import told
from tests.infra.operate.table.record import RECORDED, made_of, text_of
from tests.infra.render.scenarios import load
from tests.infra.settings import configs


def preview(**config: object) -> list[dict[str, Any]]:
    """Return the recorded preview of a new stack, with other models."""
    recorded = json.loads((RECORDED / "new.json").read_text())
    steps = (about["metadata"] for event in recorded for about in event.values())
    step = next(step for step in steps if "atelier:gcp:Images::" in step["urn"])
    step["new"]["inputs"] = {"models": told(load(config))}
    return recorded


def lines(found: list[dict[str, Any]]) -> list[str]:
    """Return the table's lines about the models, with single spaces."""
    text = text_of(made_of(found))
    part = text.partition("\nModels\n")[2].partition("\n\n")[0]
    return [" ".join(line.split()) for line in part.splitlines()]


def test_the_recorded_program_tells_what_the_settings_say() -> None:
    recorded = json.loads((RECORDED / "new.json").read_text())
    assert lines(recorded) == lines(preview())


def test_size_and_licence_of_both_are_shown_and_what_a_licence_asks_for() -> None:
    assert lines(
        preview(interactiveModel="sam-vit-h", segmentationModel="segformer-b2-clothes")
    ) == [
        "clicks and boxes sam-vit-h 2.56 GB Apache-2.0",
        "pre-labels segformer-b2-clothes 109.5 MB MIT",
        "i segformer-b2-clothes: NVIDIA's licence of the SegFormer source, on which it was trained,"
        " allows research and evaluation only: ask before commercial use.",
    ]


def test_demo_weights_are_called_what_they_are() -> None:
    found = lines(preview(interactiveModel="demo", segmentationModel="demo"))
    assert found == [
        "clicks and boxes demo part of Atelier Apache-2.0",
        "pre-labels demo part of Atelier Apache-2.0",
    ]


def test_of_own_weights_the_host_is_shown_and_that_nothing_is_known() -> None:
    address = f"https://weights.example.org/secret-project/mine.pth#sha256={configs.HASH}"
    found = preview(interactiveModel=address, segmentationModel="demo")
    assert lines(found)[0] == (
        "clicks and boxes mine.pth from weights.example.org size unknown licence unknown"
    )
    assert "secret-project" not in render(made_of(found))


@pytest.mark.parametrize("preset", ["cpu", "l4"])
def test_a_model_that_needs_a_gpu_is_warned_of_where_there_is_none(preset: str) -> None:
    found = preview(preset=preset, interactiveModel="sam-vit-l", segmentationModel="demo")
    warned = [line for line in lines(found) if line.startswith("! ")]
    assert [line[:52] for line in warned] == (
        ["! sam-vit-l needs a GPU, and preset cpu has none: th"] if preset == "cpu" else []
    )
    assert ("⚠️ sam-vit-l needs a GPU" in render(made_of(found))) is bool(warned)


def test_a_stack_that_is_destroyed_or_brings_its_own_images_shows_no_models() -> None:
    for name in ("destroy", "images"):
        assert lines(json.loads((RECORDED / f"{name}.json").read_text())) == []
