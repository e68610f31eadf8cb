"""The README's six commands: from a folder as an archive has it to a data set that a trainer reads.

Makes the pictures of docs/archive.md, docs/lead.md and docs/datasets.md (tests/e2e/browser.py).
"""

import csv
import io
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import redirect_stdout
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Page, sync_playwright
from pycocotools.coco import COCO

from tests.e2e.browser import ARGUMENTS, PICTURES, chromium, knows_only, photograph
from tests.e2e.demo import ROOT, Demo
from tests.e2e.masks import label_of, mask_of, masked
from tests.e2e.screen import Screen

pytestmark = pytest.mark.browser

SECTION = r"^## From a folder to a data set\n\n(?:.+\n)+\n((?:    .+\n)+)"
SCENES = 8
# What a person adds to the file that `new` wrote.
LABELERS = """
labelers:
  - email: anna@example.org
  - email: ben@example.org
"""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, demo: Demo) -> Path:
    home = tmp_path_factory.mktemp("home")
    fill(home / "autumn", demo.state / "data" / "images")
    return home


def fill(folder: Path, images: Path) -> None:
    """A folder of scans: a table of Excel's, half a copy, a format for printers."""
    (folder / "loan").mkdir(parents=True)
    with (images / "catalogue.csv").open() as file:
        facts = list({row["file"]: row for row in csv.DictReader(file)}.values())[:SCENES]
    assert len(facts) == SCENES
    lines = ["Datei;Künstler;Typ"]
    for number, row in enumerate(facts):
        name = f"loan/{number}.jpg" if number % 4 == 3 else f"Scan {number}.jpg"
        shutil.copy(images / row["file"], folder / name)
        lines.append(f"{Path(name).stem.upper()};{row['Name']} & Söhne;{row['Typology']}")
    (folder / "Liste.csv").write_bytes("\r\n".join(lines).encode("cp1252"))
    (folder / "half.jpg").write_bytes((folder / "Scan 0.jpg").read_bytes()[:4000])
    (folder / "print.tif").write_bytes(b"II*\0")


@pytest.fixture(scope="module")
def page(demo: Demo) -> Iterator[Page]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium(), args=[*ARGUMENTS, knows_only("127.0.0.1")]
        )
        page = browser.new_page(viewport={"width": 1400, "height": 800})
        Screen(page, demo).log_in()
        yield page
        browser.close()


def run(command: str, home: Path, demo: Demo) -> str:
    """What bash prints, in the clone, where the running demo is found by itself."""
    done = subprocess.run(
        ["bash", "-euc", command],
        cwd=ROOT,
        env={**os.environ, "HOME": str(home), "ATELIER_STATE": str(demo.state), "COLUMNS": "160"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def label(demo: Demo, tasks: list[dict]) -> None:
    """Anna takes each pre-label as it is; Ben sees three of them, and one garment less on each."""
    known = {user["email"]: user["id"] for user in demo.api("GET", "/api/users")}
    for number, task in enumerate(tasks):
        (prediction,) = task["predictions"]
        whole = prediction["result"]
        first = whole[0]["id"]
        smaller = [region for region in whole if region["id"] != first]
        for who, result in (("anna", whole), *([("ben", smaller)] if number < 3 else [])):
            body = {
                "result": result,
                "completed_by": known[f"{who}@example.org"],
                "parent_prediction": prediction["id"],
                "lead_time": 20.0 + 7 * number,
            }
            demo.api("POST", f"/api/tasks/{task['id']}/annotations/", json=body)


def test_six_commands_lead_from_a_folder_to_a_data_set(demo: Demo, home: Path, page: Page) -> None:
    found = re.search(SECTION, (ROOT / "README.md").read_text(), re.MULTILINE)
    assert found is not None
    start, new, apply, status, snapshot, export = found[1].splitlines()
    assert start.split("#")[0].split() == ["make", "demo", "DETACH=1", "MODELS=photographs"]

    said = run(new, home, demo)
    assert f"{SCENES + 1} images in" in said
    assert f"{SCENES} images found by its column 'Datei'" in said
    assert "print.tif" in said
    file = home / "autumn.yaml"
    file.write_text(file.read_text() + LABELERS)

    said = run(apply, home, demo)
    assert f"import {SCENES} images" in said
    assert "half.jpg" in said
    assert "nothing to change" in run(apply, home, demo)
    project = next(
        one["id"]
        for one in demo.api("GET", "/api/projects/", params={"page_size": 100})["results"]
        if one["title"] == "autumn"
    )
    query = {"project": project, "fields": "all"}
    tasks = sorted(demo.api("GET", "/api/tasks", params=query)["tasks"], key=lambda one: one["id"])
    assert {"loan/3.jpg", "Scan 0.jpg"} < {task["data"]["source"] for task in tasks}
    assert all(task["data"]["Kunstler"].endswith(" & Söhne") for task in tasks)
    screen = Screen(page, replace(demo, facts={**demo.facts, "project": project}))
    screen.open_task(tasks[5]["id"])
    screen.wait_until_painted(0.02)
    shown = page.locator("body").inner_text()
    assert f"Künstler: {tasks[5]['data']['Kunstler']}" in shown
    assert "undefined" not in shown
    photograph(page, "archive.jpg")

    label(demo, tasks)
    said = run(status, home, demo)
    assert re.search(rf"tasks done\W+{SCENES}\b", said)
    assert re.search(r"anna@example\.org\W+8\b", said)
    run("scripts/studio report ~/autumn.yaml --to ~/report.html", home, demo)
    page.goto((home / "report.html").as_uri())
    page.get_by_role("heading", name="Agreement").evaluate("(heading) => heading.scrollIntoView()")
    photograph(page, "report.jpg")

    assert "snapshot v1 of 8 tasks" in run(snapshot, home, demo)
    for task in tasks:  # Whatever becomes of it afterwards.
        demo.api("POST", f"/api/tasks/{task['id']}/annotations/", json={"result": []})
    run(export, home, demo)
    place = home / "autumn-coco"
    read = {}
    for part in place.glob("annotations/*.json"):
        with redirect_stdout(io.StringIO()):
            coco = COCO(str(part))
        names = {one["id"]: one["name"] for one in coco.loadCats(coco.getCatIds())}
        for image in coco.imgs.values():
            objects = coco.loadAnns(coco.getAnnIds(imgIds=image["id"]))
            read[image["file_name"]] = [
                (names[one["category_id"]], coco.annToMask(one).astype(bool)) for one in objects
            ]
    assert set(read) == {task["data"]["source"] for task in tasks}
    for number, task in enumerate(tasks):
        drawn = masked(task["predictions"][0]["result"])
        if number < 3:  # Ben's are newer.
            first = task["predictions"][0]["result"][0]["id"]
            drawn = [region for region in drawn if region["id"] != first]
        objects = read[task["data"]["source"]]
        assert [name for name, _ in objects] == [label_of(region) for region in drawn]
        for (_, mask), region in zip(objects, drawn, strict=True):
            assert np.array_equal(mask, mask_of(region))
    PICTURES.mkdir(parents=True, exist_ok=True)
    shutil.copy(place / "contact-sheet.jpg", PICTURES / "data-set.jpg")
    demo.api("DELETE", f"/api/projects/{project}/")
