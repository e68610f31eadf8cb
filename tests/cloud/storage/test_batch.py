"""An archive in a bucket, prepared into a bucket: stopped on the way, and gone on with."""

import io
import json
import os
import re
import subprocess
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from google.api_core.exceptions import NotFound
from PIL import Image

from tests.cloud.storage import names
from tests.cloud.storage.conftest import Place

pytestmark = pytest.mark.integration

ROOT = Path(__file__).resolve().parents[3]
PYTHON = ROOT / ".local" / "env" / "batch" / "bin" / "python"
CONFIG = ROOT / "templates" / "labeling" / "garments.xml"
MODELS = {
    "SEGMENTATION_MODEL": str(ROOT / "backends" / "segmentation" / "demo"),
    "SAM_CHECKPOINT": str(
        ROOT / "backends" / "segment_anything_model" / "demo" / "sam_small.safetensors"
    ),
}
WHOLE = 40
PATIENCE_SECONDS = 300


def picture(number: int) -> bytes:
    random = np.random.default_rng(number)
    pixels = np.full((60, 40, 3), 235, np.uint8)
    pixels[15:45, 10:30] = random.integers(0, 255, 3)
    body = io.BytesIO()
    Image.fromarray(pixels).save(body, "PNG")
    return body.getvalue()


@pytest.fixture
def archive(place: Place) -> Place:
    """40 pictures in a bucket, and one that is cut off."""
    for number in range(WHOLE):
        place.stand_in.put("source", f"scans/{number:03}.png", picture(number))
    place.stand_in.put("source", "scans/cut.png", picture(0)[:90])
    place.stand_in.put("source", "scans/notes.txt", b"no picture")
    return place


def started(archive: Place, *arguments: str) -> subprocess.Popen[str]:
    settings = {
        **archive.stand_in.environment,
        **MODELS,
        "GOOGLE_APPLICATION_CREDENTIALS": str(archive.key),
    }
    return subprocess.Popen(
        [*names.with_names(archive.stand_in.hosts), PYTHON, "-m", "batch", *arguments],
        cwd=ROOT,
        env={**os.environ, **settings},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def ended(process: subprocess.Popen[str]) -> str:
    return process.communicate(timeout=PATIENCE_SECONDS)[0]


def entries(archive: Place, kind: str) -> list[dict]:
    found = []
    for file in archive.stand_in.live("target"):
        if f"/{kind}-" in file.name:
            found += json.loads(archive.stand_in.read("target", file.name))
    return found


def test_a_bucket_gets_each_result_once_whatever_stops_the_run(archive: Place) -> None:
    command = ("pre-labels", "gs://source/scans/", "gs://target/ready", "--config", str(CONFIG))
    killed = started(archive, *command, "--shard", "4")
    ends = time.monotonic() + PATIENCE_SECONDS
    while len(entries(archive, "tasks")) < 8:
        assert killed.poll() is None, ended(killed)
        assert time.monotonic() < ends
        time.sleep(0.02)
    killed.kill()
    ended(killed)
    kept = len(entries(archive, "tasks"))
    assert kept < WHOLE
    # Between the tasks of a shard and the list of its images a kill can fall as well.
    (*_, last) = sorted(file.name for file in archive.stand_in.live("target"))
    assert "/tasks-" in last
    with suppress(NotFound):  # This kill did.
        archive.client.bucket("target").blob(last.replace("/tasks-", "/done-")).delete()

    process = started(archive, *command, "--shard", "4")
    said = ended(process)
    assert process.returncode == 1, said
    assert f"{WHOLE} done, 1 failed: gs://target/ready/pre-labels/" in said
    tasks = entries(archive, "tasks")
    assert Counter(task["data"]["image"] for task in tasks) == Counter(
        f"gs://source/scans/{number:03}.png" for number in range(WHOLE)
    )
    assert all(task["predictions"][0]["model_version"] for task in tasks)
    # What the studio knows an object by, from a listing.
    assert {task["data"]["image"]: task["meta"]["batch"]["content"] for task in tasks} == {
        f"gs://source/{file.name}": f"md5:{file.md5}"
        for file in archive.stand_in.live("source")
        if file.name.endswith(".png") and "cut" not in file.name
    }
    (failed,) = entries(archive, "failed")
    assert (failed["image"], failed["kind"]) == ("gs://source/scans/cut.png", "cannot")

    before = [(file.name, file.generation) for file in archive.stand_in.live("target")]
    again = started(archive, *command)
    assert f"{WHOLE + 1} images, 0 to do" in ended(again)
    after = [(file.name, file.generation) for file in archive.stand_in.live("target")]
    assert after == before


def test_embeddings_go_to_a_bucket_under_the_names_that_the_backend_looks_for(
    archive: Place,
) -> None:
    process = started(archive, "embeddings", "gs://source/scans/00", "gs://target")
    said = ended(process)
    assert process.returncode == 0, said
    embeddings = [
        file for file in archive.stand_in.live("target") if file.name.endswith(".embedding")
    ]
    assert len(embeddings) == len(entries(archive, "tasks")) == 10
    assert all(file.name.startswith("embeddings/") for file in embeddings)


def job_of(archive: Place, runner: str, folder: Path) -> tuple[dict[str, str], list[str]]:
    """What a stack says of itself, and a command that begins a job there."""
    stack = folder / "batch.json"
    told = {
        "runner": runner,
        "project": "demo-project",
        "region": "europe-west4",
        "bucket": "target",
        "image": "europe-west4-docker.pkg.dev/demo-project/atelier/batch@sha256:" + "0" * 64,
        "service_account": archive.account,
    }
    stack.write_text(json.dumps(told))
    command = ["pre-labels", "gs://source/scans/", "gs://target/ready", "--config", str(CONFIG)]
    return told, [*command, "--runner", runner, "--stack", str(stack)]


@pytest.mark.parametrize("runner", ["dataflow", "cloudrun"])
def test_a_job_is_described_and_not_begun(archive: Place, tmp_path: Path, runner: str) -> None:
    told, command = job_of(archive, runner, tmp_path)
    process = started(archive, *command, "--dry-run")
    said = ended(process)
    assert process.returncode == 0, said
    assert f"{WHOLE + 1} images on 3 x L4 ({runner}): about" in said
    made = json.loads(said[said.index("{") : said.rindex("}") + 1])
    if runner == "dataflow":
        # As Beam's own parser has it, after its runner made a job of it.
        accelerator = "worker_accelerator=type:nvidia-l4;count:1;install-nvidia-driver"
        assert accelerator in made["dataflow_service_options"]
        assert made["sdk_container_image"] == told["image"]
        assert made["service_account_email"] == archive.account
        assert (made["machine_type"], made["max_num_workers"]) == ("g2-standard-4", 3)
    else:
        # What tests/batch/golden has in full.
        assert made["template"]["taskCount"] == 1
        task = made["template"]["template"]
        (container,) = task["containers"]
        assert container["image"] == told["image"]
        assert container["args"][0] == "part"
        assert container["args"][1].startswith("gs://target/ready/plans/")
        assert task["serviceAccount"] == archive.account
    assert archive.stand_in.live("target") == []


@pytest.mark.parametrize("runner", ["dataflow", "cloudrun"])
def test_nothing_is_rented_where_nobody_agrees(archive: Place, tmp_path: Path, runner: str) -> None:
    _, command = job_of(archive, runner, tmp_path)
    process = started(archive, *command)
    said = ended(process)
    assert process.returncode == 2, said
    assert re.search(r": about [\d.]+ hours and [\d.,]+ dollars\.", said), "what it would cost"
    assert "nobody is here to agree; give --yes" in said
    assert archive.stand_in.live("target") == []


def test_a_bucket_that_may_not_be_written_is_named(archive: Place) -> None:
    archive.stand_in.cloud.grant("target", archive.account, "objectViewer")
    process = started(archive, "embeddings", "gs://source/scans/00", "gs://target")
    said = ended(process)
    assert process.returncode == 2, said
    assert "Cloud Storage refuses access to gs://target" in said
    assert "Storage Object User" in said
    assert "Traceback" not in said
    assert "while running" not in said
