"""What the Dockerfiles' own shell does with weights: their `weights` stage, run without Docker."""

import hashlib
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.weights.host import Host

ROOT = Path(__file__).parents[2]
SEGMENTATION, INTERACTIVE = "backends/segmentation", "backends/segment_anything_model"
BATCH = "batch"


def run_stage(image: str, folder: Path, arguments: dict[str, str]) -> None:
    """Run the stage's command with its folders below `folder`; `image`: the Dockerfile's folder."""
    text = (ROOT / image / "Dockerfile").read_text()
    stage = text.partition(" AS weights\n")[2].partition("\nFROM ")[0]
    command = re.search(r"^RUN (?:--mount\S+ (?:\\\n)?\s*)+(.*)", stage, re.MULTILINE | re.DOTALL)
    assert command is not None
    shell = command[1].replace("\\\n", " ")
    shell = re.sub(r"(?<![\w.])/(weights|var/cache)\b", rf"{folder}/\1", shell)
    program = folder / "bin" / "python"
    program.parent.mkdir(parents=True)
    program.symlink_to(sys.executable)
    path = f"{program.parent}:{os.environ['PATH']}"
    environ = {"PATH": path, "PYTHONPATH": str(ROOT), **arguments}
    subprocess.run(["sh", "-c", shell], env=environ, cwd=ROOT, check=True)


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@pytest.mark.parametrize("count", [1, 2])
def test_an_interactive_model_is_one_checkpoint_whether_a_file_or_a_folder(
    host: Host, tmp_path: Path, count: int
) -> None:
    contents = {"config.json": b"{}", "model.safetensors": b"tensors"}
    for name, content in contents.items():
        host.put(f"/mine/{name}", content)
    hashes = ",".join(f"{name}={digest(content)}" for name, content in contents.items())
    if count == 1:
        url, hashes = f"{host.url}/mine/model.safetensors", digest(b"tensors")
    else:
        url = f"{host.url}/mine"
    arguments = {"SAM_CHECKPOINT_URL": url, "SAM_CHECKPOINT_SHA256": hashes}
    run_stage(INTERACTIVE, tmp_path, arguments)
    weights = tmp_path / "weights"
    assert [path.name for path in weights.iterdir()] == ["checkpoint"]
    checkpoint = weights / "checkpoint"
    if count == 1:
        assert checkpoint.read_bytes() == b"tensors"
    else:
        assert {path.name: path.read_bytes() for path in checkpoint.iterdir()} == contents


def test_a_mirror_is_asked_in_place_of_the_weights_own_host(host: Host, tmp_path: Path) -> None:
    host.put("/copies/weights.example.org/mine.pth", b"tensors")
    arguments = {
        "SAM_CHECKPOINT_URL": "https://weights.example.org/mine.pth",
        "SAM_CHECKPOINT_SHA256": digest(b"tensors"),
        "WEIGHTS_MIRROR": f"{host.url}/copies",
    }
    run_stage(INTERACTIVE, tmp_path, arguments)
    assert (tmp_path / "weights" / "checkpoint").read_bytes() == b"tensors"


def test_without_an_address_nothing_is_fetched(tmp_path: Path) -> None:
    for number, image in enumerate((SEGMENTATION, INTERACTIVE, BATCH)):
        run_stage(image, tmp_path / str(number), {})
        assert not any((tmp_path / str(number) / "weights").iterdir())


def test_the_image_for_jobs_has_both_models_each_in_its_place(host: Host, tmp_path: Path) -> None:
    host.put("/mine.pth", b"interactive")
    files = {"config.json": b"{}", "model.safetensors": b"tensors"}
    for name, content in files.items():
        host.put(f"/clothes/{name}", content)
    arguments = {
        "SAM_CHECKPOINT_URL": f"{host.url}/mine.pth",
        "SAM_CHECKPOINT_SHA256": digest(b"interactive"),
        "SEGMENTATION_MODEL_URL": f"{host.url}/clothes",
        "SEGMENTATION_MODEL_SHA256": ",".join(f"{it}={digest(files[it])}" for it in files),
    }
    run_stage(BATCH, tmp_path, arguments)
    weights = tmp_path / "weights"
    assert (weights / "interactive").read_bytes() == b"interactive"
    assert {it.name: it.read_bytes() for it in (weights / "segmentation").iterdir()} == files
