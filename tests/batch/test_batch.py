"""The command on an archive with what archives have in them, stopped and killed on the way."""

import json
import os
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from backends.segment_anything_model.kept import KeptEmbeddings
from backends.segment_anything_model.models import load_model
from backends.segment_anything_model.packed import Packed
from backends.segmentation.engine import SegmentationEngine
from backends.segmentation.settings import SegmentationSettings
from batch.sources import Folder
from masks.labeling_config import labeling_config

pytestmark = pytest.mark.integration

ROOT = Path(__file__).resolve().parents[2]
PYTHON = ROOT / ".local" / "env" / "batch" / "bin" / "python"
CONFIG = ROOT / "templates" / "labeling" / "garments.xml"
MODELS = {
    "SEGMENTATION_MODEL": str(ROOT / "backends" / "segmentation" / "demo"),
    "SAM_CHECKPOINT": str(
        ROOT / "backends" / "segment_anything_model" / "demo" / "sam_small.safetensors"
    ),
}
WHOLE, ALL = 196, 200
PATIENCE_SECONDS = 300


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """200 pictures: one cut off, one that is a text, one that is gone, one that leads outside."""
    folder = tmp_path_factory.mktemp("archive")
    random = np.random.default_rng(3)
    root = folder / "scans"
    for number in range(WHOLE):
        down, across = np.mgrid[0:90, 0:60]
        centre, radius = random.uniform(20, 60, 2), random.uniform(10, 30)
        figure = np.hypot(down - centre[0], across - centre[1]) < radius
        pixels = np.where(figure[..., None], random.integers(0, 255, 3), 235).astype(np.uint8)
        path = root / f"box {number % 3}" / f"scan-{number:03}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(path)
    (root / "cut.png").write_bytes((root / "box 0" / "scan-000.png").read_bytes()[:90])
    (root / "text.png").write_text("a text with the wrong suffix")
    (root / "gone.png").symlink_to(root / "nowhere.png")
    Image.new("RGB", (60, 90)).save(folder / "outside.png")
    (root / "out.png").symlink_to(folder / "outside.png")
    return root


def started(*arguments: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [PYTHON, "-m", "batch", *map(str, arguments)],
        cwd=ROOT,
        env={**os.environ, **MODELS},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def ended(process: subprocess.Popen[str]) -> str:
    return process.communicate(timeout=PATIENCE_SECONDS)[0]


def entries(output: Path, kind: str) -> Iterator[dict]:
    for file in output.rglob(f"{kind}-*.json"):
        yield from json.loads(file.read_text())


def written(output: Path) -> dict[Path, tuple[int, int]]:
    """What there is of results, and which file and when: each is written once, and never over."""
    files = (
        path for kind in ("tasks", "failed", "done") for path in output.rglob(f"{kind}-*.json")
    )
    return {path: (path.stat().st_ino, path.stat().st_mtime_ns) for path in files}


def until_kept(output: Path, count: int, process: subprocess.Popen[str]) -> None:
    """Wait until so many images have an outcome."""
    ends = time.monotonic() + PATIENCE_SECONDS
    while sum(1 for kind in ("tasks", "failed") for _ in entries(output, kind)) < count:
        assert process.poll() is None, ended(process)
        assert time.monotonic() < ends
        time.sleep(0.05)


def test_an_archive_gets_what_the_backend_answers_whatever_stops_it(
    archive: Path, tmp_path: Path
) -> None:
    command = ("pre-labels", archive, tmp_path, "--config", CONFIG, "--shard", 16)

    interrupted = started(*command)
    until_kept(tmp_path, 16, interrupted)
    interrupted.send_signal(signal.SIGINT)
    said = ended(interrupted)
    assert interrupted.returncode == 130, said
    assert "The same command goes on from there." in said
    after_ctrl_c = written(tmp_path)
    assert 16 <= sum(1 for kind in ("tasks", "failed") for _ in entries(tmp_path, kind)) < ALL

    killed = started(*command)
    until_kept(tmp_path, 80, killed)
    killed.kill()
    ended(killed)
    kept = Counter(task["data"]["image"] for task in entries(tmp_path, "tasks"))
    assert 64 <= kept.total() < WHOLE
    # What the first had done was kept, and not done again.
    assert after_ctrl_c.items() <= written(tmp_path).items()

    # The rest is done as workers elsewhere do it: by a plan.
    planned = started(*command, "--plan-only")
    said = ended(planned)
    assert planned.returncode == 0, said
    worker = started("part", said.splitlines()[-1])
    said = ended(worker)
    assert worker.returncode == 0, said

    last = started(*command)
    said = ended(last)
    assert last.returncode == 1, said
    assert f"{ALL} images, 0 to do" in said
    assert f"{WHOLE} done, {ALL - WHOLE} failed" in said
    tasks = {task["data"]["image"]: task for task in entries(tmp_path, "tasks")}
    assert Counter(task["data"]["image"] for task in entries(tmp_path, "tasks")) == Counter(
        path.relative_to(archive).as_posix() for path in archive.glob("box*/*.png")
    )
    assert {
        entry["image"]: entry["kind"] for entry in entries(tmp_path, "failed")
    } == dict.fromkeys(("cut.png", "gone.png", "out.png", "text.png"), "cannot")

    settings = SegmentationSettings.from_environment(MODELS)
    engine = SegmentationEngine(settings)
    engine.images = Folder(archive).images(settings)
    names = sorted(tasks)
    asked = [{"id": name, "data": {"image": name}} for name in names]
    for name, answer in zip(
        names, engine.predict(asked, labeling_config(CONFIG.read_text()), None), strict=True
    ):
        assert isinstance(answer, dict)
        (stored,) = tasks[name]["predictions"]
        assert without_ids(stored) == without_ids(answer)
        digest = sha256((archive / name).read_bytes()).hexdigest()
        assert tasks[name]["meta"]["batch"]["content"] == f"sha256:{digest[:32]}"


def without_ids(prediction: dict) -> dict:
    """A prediction but for its regions' ids, which are drawn by lot."""
    regions = [{**region, "id": ""} for region in prediction["result"]]
    return {**prediction, "result": regions}


def test_embeddings_are_those_that_the_backend_finds_on_its_disk(
    archive: Path, tmp_path: Path
) -> None:
    names = [f"scan-{number:03}.png" for number in (0, 3)]
    few = tmp_path / "few"
    few.mkdir()
    for name in names:
        (few / name).write_bytes((archive / "box 0" / name).read_bytes())
    process = started("embeddings", few, tmp_path)
    said = ended(process)
    assert process.returncode == 0, said

    model = load_model(Path(MODELS["SAM_CHECKPOINT"]), device="cpu")
    kept = KeptEmbeddings(tmp_path / "embeddings", 2**40, model.describe())
    images = Folder(few).images(SegmentationSettings.from_environment({}))
    for name in names:
        image = images.load(name)
        # Wherever the same bytes lie, the backend finds them.
        packed = kept.get(image.identity.replace(name, "https://elsewhere.example.org/1.png"))
        assert packed is not None
        wanted = Packed.of(image.identity, model.encode(image.pixels))
        for there, here in zip(packed.features, wanted.features, strict=True):
            torch.testing.assert_close(there, here, rtol=0.01, atol=0.01)
