"""What a person is told of the models, and how their weights get here: once."""

import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.console import Console

from laptop.models import advice, ensure_weights, served_words
from laptop.progress import Progress
from laptop.settings import LaptopError, load_settings, require_weights
from tests.weights.host import Host, serving

CHECKPOINT = b"c" * 6_000_000


@pytest.fixture
def host() -> Iterator[Host]:
    with serving() as host:
        yield host


@pytest.fixture
def environ(host: Host, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """A catalogue of the test's own, whose models its own server has."""
    monkeypatch.delenv("http_proxy", raising=False)
    one = host.put("/m/leaves.pth", CHECKPOINT)
    folder = [host.put(f"/f/{name}", name.encode()) for name in ("config.json", "model.bin")]
    text = '[sets]\nforest = ["leaf-clicks", "leaf-classes"]\n'
    for kind, name, files in (
        ("interactive", "leaf-clicks", [one]),
        ("segmentation", "leaf-classes", folder),
    ):
        text += f'[{kind}.{name}]\ntitle = "Leaves"\nlicence = "MIT"\nobliges = "thanks"\n'
        for file in files:
            text += (
                f'[[{kind}.{name}.files]]\nname = "{file.name}"\nurl = "{file.url}"\n'
                f'sha256 = "{file.sha256}"\nsize = {file.size}\n'
            )
    own = tmp_path / "own.toml"
    own.write_text(text)
    monkeypatch.setenv("ATELIER_CATALOGUE", str(own))
    return {"MODELS": "forest", "XDG_CACHE_HOME": str(tmp_path / "cache")}


def ensured(environ: dict[str, str]) -> str:
    """What a person reads."""
    output = io.StringIO()
    ensure_weights(load_settings(environ), Progress(Console(file=output, width=300)))
    return output.getvalue()


def test_it_is_said_what_is_fetched_how_large_and_what_the_licence_asks(
    environ: dict[str, str],
) -> None:
    said = ensured(environ)
    assert "demo: leaf-clicks for clicks and boxes: Leaves, 6.0 MB\n  licence MIT: thanks" in said
    assert "demo: leaf-classes for pre-labels: Leaves, 0.0 MB" in said
    assert "leaves.pth: 6.0 MB of 6.0 MB" in said, "a line each tenth, where there is no terminal"
    assert "the next start needs no network" in said
    settings = load_settings(environ)
    require_weights(settings)
    assert settings.sam_checkpoint.read_bytes() == CHECKPOINT
    files = {file.name for file in Path(settings.segmentation_model).iterdir()}
    assert files == {"config.json", "model.bin"}


def test_the_next_start_asks_nobody_and_says_nothing(environ: dict[str, str], host: Host) -> None:
    ensured(environ)
    host.asked.clear()
    assert ensured(environ) == ""
    assert host.asked == []


def test_demo_weights_are_fetched_from_nowhere(environ: dict[str, str], host: Host) -> None:
    assert ensured({**environ, "MODELS": ""}) == ""
    assert ensured({**environ, "MODELS": "demo"}) == ""
    assert host.asked == []


def test_weights_that_cannot_be_had_end_the_start_in_words(
    environ: dict[str, str], host: Host
) -> None:
    del host.files["/m/leaves.pth"]
    with pytest.raises(LaptopError, match=r"/m/leaves\.pth answers 404"):
        ensured(environ)


def test_an_own_address_has_no_known_licence(environ: dict[str, str], host: Host) -> None:
    file = host.put("/own/best.pth", b"best")
    said = ensured({**environ, "MODELS": f"{file.url}#sha256={file.sha256}"})
    assert "best.pth for clicks and boxes" in said
    assert "of unknown size" in said
    assert "whoever gave you the address" in said


def test_the_last_lines_say_how_to_have_real_weights_where_there_are_none() -> None:
    demo, real = load_settings({}).served, load_settings({"MODELS": "photographs"}).served
    assert "make demo MODELS=photographs IMAGES=folder" in advice(demo)
    assert advice(real) == ""
    half = load_settings({"MODELS": "sam2.1-tiny"}).served
    assert advice(half).startswith("The demo weights (pre-labels) know drawn scenes alone")
    assert served_words(half) == "sam2.1-tiny (clicks and boxes), demo weights (pre-labels)"
