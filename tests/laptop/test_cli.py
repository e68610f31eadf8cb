"""The commands, as far as they go without the services."""

import socket
import sqlite3
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from laptop.cli import laptop, require_same_choice
from laptop.settings import LaptopError, load_settings


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    checkpoint = tmp_path / "sam.pth"
    checkpoint.touch()
    monkeypatch.setenv("ATELIER_STATE", str(tmp_path / "state"))
    monkeypatch.setenv("SAM_CHECKPOINT", str(checkpoint))
    monkeypatch.setenv("SEGMENTATION_MODEL", str(tmp_path))
    return tmp_path / "state"


def run(*arguments: str, answer: str = "") -> Result:
    return CliRunner().invoke(laptop, list(arguments), input=answer)


@pytest.mark.parametrize("detach", [(), ("--detach",)], ids=["foreground", "detached"])
def test_a_busy_port_ends_the_command_with_a_sentence(state: Path, detach: tuple[str, ...]) -> None:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        port = server.getsockname()[1]
        result = run("up", "--port", str(port), *detach)
    assert result.exit_code == 1
    assert f"Port {port} is in use" in result.output
    assert f"make demo PORT={port + 1}" in result.output
    assert not (state / "data").exists()


def test_a_stop_without_a_demo_says_so(state: Path) -> None:
    result = run("stop")
    assert (result.exit_code, result.output) == (0, "demo: none was running\n")


def test_a_reset_counts_what_it_would_delete_and_keeps_it_unless_told_yes(state: Path) -> None:
    folder = state / "data" / "label-studio"
    folder.mkdir(parents=True)
    with sqlite3.connect(folder / "label_studio.sqlite3") as database:
        database.execute("CREATE TABLE task_completion (id INTEGER)")
        database.execute("INSERT INTO task_completion VALUES (1), (2), (3)")
    database.close()
    result = run("reset", answer="n\n")
    assert result.exit_code == 1
    assert f"Delete the demo's project, images and 3 annotations in {state / 'data'}?" in (
        result.output
    )
    assert folder.is_dir()
    assert run("reset", answer="y\n").exit_code == 0
    assert not (state / "data").exists()
    assert run("reset", "--yes").output == "demo: there is nothing to delete\n"


@pytest.mark.parametrize("way", [(), ("--detach",), ("--docker",)], ids=lambda way: " ".join(way))
def test_models_and_images_that_there_are_not_are_refused_before_anything_starts(
    state: Path, monkeypatch: pytest.MonkeyPatch, way: tuple[str, ...]
) -> None:
    monkeypatch.setenv("IMAGES", str(state / "none"))
    result = run("up", *way)
    assert result.exit_code == 1
    assert f"demo: IMAGES: {state / 'none'} does not exist" in result.output
    monkeypatch.delenv("SAM_CHECKPOINT")
    monkeypatch.setenv("MODELS", "sam-vit-bb")
    result = run("up", *way)
    assert result.exit_code == 1
    assert "there is no model 'sam-vit-bb'. Did you mean sam-vit-b?" in result.output
    assert not state.exists()


def test_a_running_demo_is_not_taken_for_one_with_other_models(state: Path) -> None:
    demo = {"models": {"interactive": "sam-vit-b", "segmentation": "demo"}}
    asks = load_settings
    require_same_choice(asks({}), demo)
    require_same_choice(asks({"MODELS": "sam-vit-b"}), demo)
    for other in ({"MODELS": "photographs"}, {"MODELS": "demo"}, {"IMAGES": "/photos"}):
        with pytest.raises(LaptopError, match=r"already runs with sam-vit-b \(clicks and boxes\)"):
            require_same_choice(asks(other), demo)
    require_same_choice(asks({"IMAGES": "/photos"}), {**demo, "images": "/photos"})
