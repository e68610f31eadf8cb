"""Pre-labels that were made in advance become predictions of the tasks that there are."""

import json
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from label_studio_sdk.converter.brush import mask2rle

from tests.studio.conftest import Workplace

pytestmark = pytest.mark.integration

SIDE = 16
RLE = mask2rle(np.full((SIDE, SIDE), 255, np.uint8))


def result(image: str, version: str, content: str) -> dict[str, Any]:
    """A task as the pipeline writes it, with the mask of a dress."""
    common = {
        "id": "made-before",
        "to_name": "image",
        "original_width": SIDE,
        "original_height": SIDE,
        "image_rotation": 0,
    }
    value = {"format": "rle", "rle": RLE}
    drawn = {**common, "from_name": "brush", "type": "brush", "value": value}
    named = {**common, "from_name": "garment", "type": "labels"}
    named["value"] = {**value, "labels": ["dress"]}
    return {
        "data": {"image": image},
        "predictions": [{"result": [drawn, named], "score": 0.9, "model_version": version}],
        "meta": {"batch": {"image": image, "state": "", "content": content}},
    }


def content_of(path: Path) -> str:
    """What the pipeline notes of a file; nothing of one that is on the web."""
    return f"sha256:{sha256(path.read_bytes()).hexdigest()[:32]}" if path.exists() else ""


def write(folder: Path, version: str, key: str, images: list[str]) -> None:
    """Write what a run over the images as they are now would."""
    place = folder / "ready" / "pre-labels" / version
    place.mkdir(parents=True, exist_ok=True)
    entries = [result(image, version, content_of(folder / "images" / image)) for image in images]
    (place / f"tasks-{key}-{len(images)}.json").write_text(json.dumps(entries))
    (place / f"done-{key}-{len(images)}.json").write_text("{}")


def test_tasks_get_the_pre_labels_of_their_images_once(workplace: Workplace) -> None:
    place = str(workplace.folder / "ready")
    workplace.apply()
    missing = workplace.run("prelabel", "--from", place)
    assert missing.exit_code == 1
    assert "has no pre-labels/: give the OUTPUT of the run" in missing.output

    write(workplace.folder, "model@1", "a" * 16, ["a.png", "strange.png"])
    write(workplace.folder, "model@1", "b" * 16, ["b.png"])
    taken = workplace.run("prelabel", "--from", place)
    assert taken.exit_code == 0, taken.output
    assert (
        "2 tasks got a pre-label of model@1; no task here for 1 image there; none for 1 task:"
        in " ".join(taken.output.split())
    )
    predictions = {name: task["predictions"] for name, task in workplace.tasks().items()}
    assert {name: len(found) for name, found in predictions.items()} == {
        "a.png": 1,
        "b.png": 1,
        "c.png": 0,
    }
    (prediction,) = predictions["a.png"]
    assert (prediction["model_version"], prediction["score"]) == ("model@1", 0.9)
    assert prediction["result"][1]["value"]["labels"] == ["dress"]

    again = workplace.run("prelabel", "--from", place)
    assert "0 tasks got a pre-label" in again.output
    assert {name: len(task["predictions"]) for name, task in workplace.tasks().items()} == {
        "a.png": 1,
        "b.png": 1,
        "c.png": 0,
    }

    write(workplace.folder, "model@2", "c" * 16, ["c.png"])
    two = workplace.run("prelabel", "--from", place)
    assert two.exit_code == 1
    assert "has pre-labels of model@1, model@2, and which one the backend has" in two.output


def test_a_pre_label_of_another_content_is_named_and_not_taken(workplace: Workplace) -> None:
    place = str(workplace.folder / "ready")
    workplace.apply()
    write(workplace.folder, "model@1", "a" * 16, ["a.png", "b.png"])
    replaced = workplace.images / "b.png"
    replaced.write_bytes(replaced.read_bytes() + b"another take of the same dress")
    workplace.apply()

    taken = workplace.run("prelabel", "--from", place)
    assert taken.exit_code == 0, taken.output
    said = " ".join(taken.output.split())
    assert "1 task got a pre-label of model@1; none for 2 tasks" in said
    assert "The pre-labels of 1 image are of another content and were not taken: b.png." in said
    assert {name: len(task["predictions"]) for name, task in workplace.tasks().items()} == {
        "a.png": 1,
        "b.png": 0,
        "c.png": 0,
    }

    # Made again, it is taken, whichever of the two is read first.
    write(workplace.folder, "model@1", "b" * 16, ["b.png"])
    again = workplace.run("prelabel", "--from", place)
    assert "1 task got a pre-label of model@1; none for 1 task" in " ".join(again.output.split())
    assert "another content" not in again.output
    assert len(workplace.tasks()["b.png"]["predictions"]) == 1
