"""The image for jobs over an archive, started by Docker: one job on a few pictures, no network."""

import json
import subprocess
from pathlib import Path

import pytest

from demo.scenes import folder as scenes
from tests.cloud.lab.images import CHECKOUT, Images
from tests.cloud.lab.lab import Lab

IMAGE = "atelier-lab-batch:1"
SCENES = 3
CONFIG = CHECKOUT / "templates" / "labeling" / "garments.xml"


@pytest.fixture(scope="module")
def image(lab: Lab) -> str:
    """As `batch: cloudrun` builds it, with the demo's weights; but for Beam its layers are old."""
    Images(lab).python()
    lab.docker("build", "-q", "-t", IMAGE, "-f", CHECKOUT / "batch" / "Dockerfile", CHECKOUT)
    return IMAGE


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that the image's user, who is nobody in particular, may read and write."""
    place = tmp_path_factory.mktemp("batch")
    pictures = place / "scans"
    pictures.mkdir()
    scenes.write(pictures, SCENES, (640, 480), 7)
    (pictures / "catalogue.csv").unlink()
    (pictures / "cut.jpg").write_bytes((pictures / "scene-001.jpg").read_bytes()[:900])
    (place / "labeling.xml").write_bytes(CONFIG.read_bytes())
    for path in (place, pictures):
        path.chmod(0o777)
    return place


def ran(lab: Lab, image: str, place: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run the command as one task of Cloud Run's does: on its own, and with what it is given."""
    isolated = ("--rm", "--network", "none", "--read-only", "--tmpfs", "/tmp")
    command = ("python", "-m", "batch", *words)
    return lab.docker(
        "run", *isolated, "--volume", f"{place}:/archive", image, *command, check=False
    )


def entries(place: Path, kind: str, output: str = "prepared") -> list[dict]:
    found = sorted((place / output).rglob(f"{kind}-*.json"))
    return [entry for file in found for entry in json.loads(file.read_text())]


def test_a_job_pre_labels_pictures_and_names_what_is_damaged(
    lab: Lab, image: str, place: Path
) -> None:
    job = ("pre-labels", "/archive/scans", "/archive/prepared", "--config", "/archive/labeling.xml")
    done = ran(lab, image, place, *job)
    print(done.stdout)
    assert done.returncode == 1, done.stdout + done.stderr  # One of them failed.
    tasks = entries(place, "tasks")
    assert len(tasks) == SCENES
    for task in tasks:
        (prediction,) = task["predictions"]
        assert prediction["model_version"].startswith("demo@")
        assert {region["type"] for region in prediction["result"]} >= {"brush"}
    (failed,) = entries(place, "failed")
    assert failed["image"].endswith("cut.jpg")


def test_the_same_image_makes_the_embeddings(lab: Lab, image: str, place: Path) -> None:
    done = ran(lab, image, place, "embeddings", "/archive/scans", "/archive/prepared")
    assert done.returncode == 1, done.stdout + done.stderr
    assert len(list((place / "prepared" / "embeddings").glob("*.embedding"))) == SCENES


def test_a_task_does_its_part_of_a_plan_as_cloud_run_starts_it(
    lab: Lab, image: str, place: Path
) -> None:
    job = ("pre-labels", "/archive/scans", "/archive/planned", "--config", "/archive/labeling.xml")
    planned = ran(lab, image, place, *job, "--plan-only")
    assert planned.returncode == 0, planned.stdout + planned.stderr
    (plan,) = (line for line in planned.stdout.splitlines() if "/archive/planned/plans/" in line)
    task = ran(lab, image, place, "part", plan)
    # What failed is told in the results, and is no fault of the task.
    assert task.returncode == 0, task.stdout + task.stderr
    assert f"task 0 of 1: {SCENES + 1} images" in task.stdout
    assert len(entries(place, "tasks", "planned")) == SCENES
    assert len(entries(place, "failed", "planned")) == 1
