"""docs/tutorial.md: its files and commands, with drawn scenes in place of photographs."""

import json
import os
import re
import shutil
import subprocess
import zipfile
from pathlib import Path

import pytest

from tests.e2e.demo import ROOT, Demo
from tests.e2e.masks import label_of, masked

pytestmark = pytest.mark.integration

PAGE = ROOT / "docs" / "tutorial.md"
EMPTY = """
export_as() {
  curl --fail --silent --show-error --header "Authorization: Token $LABEL_STUDIO_API_KEY" \\
    "$LABEL_STUDIO_URL/api/projects/$project/export?exportType=$1"
}
export_as COCO >~/coco.zip
export_as YOLO >~/yolo.zip
"""
FILES = {"csv": "catalogue.csv", "xml": "labels.xml", "yaml": "project.yaml"}


def blocks(language: str) -> list[str]:
    fenced = rf"^```{language}\n(.*?)^```$"
    return re.findall(fenced, PAGE.read_text(), re.MULTILINE | re.DOTALL)


@pytest.fixture
def home(tmp_path: Path, demo: Demo) -> Path:
    """A home folder with the page's project in it."""
    autumn = tmp_path / "autumn"
    (autumn / "photos").mkdir(parents=True)
    for language, name in FILES.items():
        (text,) = blocks(language)
        (autumn / name).write_text(text)
    scenes = sorted((demo.state / "data").rglob("scene-*.jpg"))
    for name, scene in zip(("coat", "boots", "scarf"), scenes, strict=False):
        shutil.copy(scene, autumn / "photos" / f"{name}.jpg")
    return tmp_path


def run(script: str, home: Path, demo: Demo) -> str:
    """What bash prints, in the clone, where the running demo is found by itself."""
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=ROOT,
        env={**os.environ, "HOME": str(home), "ATELIER_STATE": str(demo.state)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_page_leads_from_a_folder_to_masks(demo: Demo, home: Path) -> None:
    start, apply, status, export, stop = blocks("sh")
    assert (start, stop) == ("make demo DETACH=1\n", "make demo-stop\n")

    run(apply, home, demo)

    projects = demo.api("GET", "/api/projects/", params={"page_size": 100})["results"]
    (project,) = (one["id"] for one in projects if one["title"] == "Autumn")
    query = {"project": project, "fields": "all"}
    tasks = demo.api("GET", "/api/tasks", params=query)["tasks"]
    named = {task["data"]["source"]: task["data"]["name"] for task in tasks}
    assert named == {
        "coat.jpg": "Wool coat",
        "boots.jpg": "Boots, brown",
        "scarf.jpg": "Silk scarf",
    }
    predictions = [task["predictions"][0]["result"] for task in tasks]
    regions = [region for result in predictions for region in masked(result)]
    labels = set(map(label_of, regions))
    assert {region["from_name"] for region in regions} == {"mask"}
    assert labels
    assert labels <= {"dress", "pants", "footwear"}

    for task, result in zip(tasks, predictions, strict=True):
        body = {"result": result}
        demo.api("POST", f"/api/tasks/{task['id']}/annotations/", json=body)
    assert re.search(r"tasks done\W+3", run(status, home, demo))

    run(export, home, demo)
    coco = home / "autumn" / "coco"
    found = [json.loads(path.read_text()) for path in coco.glob("annotations/*.json")]
    pictures = sorted(image["file_name"] for part in found for image in part["images"])
    assert pictures == ["boots.jpg", "coat.jpg", "scarf.jpg"]
    assert all((coco / "images" / name).is_file() for name in pictures)
    objects = [one for part in found for one in part["annotations"]]
    assert len(objects) == len(regions)
    names = {one["id"]: one["name"] for one in found[0]["categories"]}
    assert {names[one["category_id"]] for one in objects} == labels

    # What the page says of the other formats. If this fails, Label Studio can do more: say so.
    known = {"LABEL_STUDIO_URL": demo.url, "LABEL_STUDIO_API_KEY": demo.facts["token"]}
    given = "".join(f"{name}={value}\n" for name, value in {**known, "project": project}.items())
    run(given + EMPTY, home, demo)
    with zipfile.ZipFile(home / "coco.zip") as coco:
        assert json.loads(coco.read("result.json"))["annotations"] == []
    with zipfile.ZipFile(home / "yolo.zip") as yolo:
        files = [name for name in yolo.namelist() if re.fullmatch(r"labels/.+\.txt", name)]
        assert len(files) == 3
        assert not any(yolo.read(name) for name in files)

    demo.api("DELETE", f"/api/projects/{project}/")
