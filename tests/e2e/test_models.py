"""Real models from a catalogue to a mask: full-size random weights, fetched by `make demo MODELS=`
from a server of the test's own, on a folder of photographs."""

import hashlib
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from laptop.pictures import photograph_folder
from laptop.settings import ROOT
from tests.e2e.demo import Demo
from tests.e2e.test_demo import click
from tests.weights.host import Host, serving
from weights.file import File

pytestmark = pytest.mark.integration

ML_PYTHON = ROOT / ".local/env/ml/bin/python"


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    """A server with a ViT-B and a SegFormer-B2."""
    folder = tmp_path_factory.mktemp("random")
    command = [str(ML_PYTHON), "-m", "tests.backends.random_checkpoints", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True)
    with serving() as host:
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            host.put(f"/{path.relative_to(folder)}", path.read_bytes())
        shutil.rmtree(folder)
        yield host


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("photographs") / "Holiday"
    folder.mkdir()
    for name in ("astronaut.png", "chelsea.png"):
        shutil.copy(photograph_folder() / name, folder)
    return folder


@pytest.fixture(scope="module")
def demo(
    demo: Demo, host: Host, images: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Demo]:
    """A studio that was asked for both models and the folder; the first download is cut off.

    It begins on another machine with the demo's backup, which spares it Label Studio's migrations.
    """
    backup = demo.backup()
    folder = tmp_path_factory.mktemp("models")
    own = folder / "own.toml"
    own.write_text(own_catalogue(host))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environ = {
        "ATELIER_BACKUPS": str(folder / "backups"),
        "ATELIER_CATALOGUE": str(own),
        "XDG_CACHE_HOME": str(folder / "cache"),
        "MODELS": "random",
        "IMAGES": str(images),
    }
    demo = Demo(folder / "state", port, environ)
    demo.restore(backup)
    host.cuts = [100_000_000]
    demo.up()
    yield demo
    demo.stop()


def own_catalogue(host: Host) -> str:
    """Both models as a team would list its own."""
    models: dict[str, tuple[str, list[File]]] = {
        "random-b2": ("segmentation.random-b2", []),
        "random-vit-b": ("interactive.random-vit-b", []),
    }
    for path, content in host.files.items():
        name = "random-b2" if path.startswith("/segformer/") else "random-vit-b"
        models[name][1].append(host.put(path, content))
    text = '[sets]\nrandom = ["random-vit-b", "random-b2"]\n'
    for key, files in models.values():
        text += f'[{key}]\nlicence = "Apache-2.0"\nobliges = "nothing: the weights are random"\n'
        text += 'label_map = "segformer_b2_clothes"\n' * key.startswith("segmentation")
        for file in files:
            text += (
                f'[[{key}.files]]\nname = "{file.name}"\nurl = "{file.url}"\nsize = {file.size}\n'
                f'sha256 = "{file.sha256}"\n'
            )
    return text


def test_it_said_what_it_fetched_and_which_models_it_serves(demo: Demo) -> None:
    assert "random-vit-b for clicks and boxes: random-vit-b, 375." in demo.said
    assert "random-b2 for pre-labels: random-b2, 109." in demo.said
    assert "licence Apache-2.0: nothing: the weights are random" in demo.said
    assert "Models    random-vit-b (clicks and boxes), random-b2 (pre-labels)" in demo.said
    assert "demo weights" not in demo.said


def test_the_cut_download_went_on_where_it_stopped(demo: Demo, host: Host) -> None:
    asked = [(path, headers.get("Range")) for _, path, headers in host.asked]
    cut = [wanted for path, wanted in asked if path == "/sam_vit_b_random.pth"]
    assert cut == [None, "bytes=100000000-"]


def test_the_folder_is_the_project_and_every_photograph_was_segmented(demo: Demo) -> None:
    project = demo.api("GET", f"/api/projects/{demo.project}/")
    assert project["title"] == "Holiday"
    tasks = demo.tasks()
    assert {task["data"]["source"] for task in tasks} == {"astronaut.png", "chelsea.png"}
    for task in tasks:
        (prediction,) = task["predictions"]
        assert prediction["model_version"].startswith("random-b2@")


def test_a_click_is_answered_by_the_fetched_checkpoint(demo: Demo, host: Host) -> None:
    health = requests.get(f"{demo.services()['segment_anything_model']}/health", timeout=5).json()
    digest = hashlib.sha256(host.files["/sam_vit_b_random.pth"]).hexdigest()
    assert health["model_version"] == f"sam-vit_b@{digest[:8]}"
    backends = demo.api("GET", "/api/ml", params={"project": demo.project})
    (backend,) = (one["id"] for one in backends if one["is_interactive"])
    question = {"task": demo.tasks()[0]["id"], "context": {"result": [click()]}}
    answer = demo.api("POST", f"/api/ml/{backend}/interactive-annotating", json=question)
    results = answer["data"]["result"]
    assert any(result["value"].get("rle") for result in results)
    assert ["dress"] in [result["value"].get("labels") for result in results]


def test_the_next_start_needs_no_network_says_nothing_and_changes_nothing(
    demo: Demo, host: Host
) -> None:
    before = predictions(demo)
    demo.stop()
    host.asked.clear()
    said = demo.up()
    assert host.asked == []
    assert "licence" not in said
    assert "fetch" not in said
    assert predictions(demo) == before


def predictions(demo: Demo) -> dict[int, list[int]]:
    """The predictions of each task, by their ids."""
    return {task["id"]: [one["id"] for one in task["predictions"]] for task in demo.tasks()}
