"""`studio status`: services, progress, what each labeler did, predictions missing."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.label_studio import serve_backend
from tests.studio.conftest import FOREIGN, Workplace, backend_entry

pytestmark = pytest.mark.integration


def cells(output: str) -> list[list[str]]:
    """Rows of the tables."""
    rows = [re.split(r"\s*[│┃]\s*", line.strip())[1:-1] for line in output.splitlines()]
    return [row for row in rows if row]


def test_services_and_work_are_shown(
    with_backends: Workplace, annotate: Callable[[int], None]
) -> None:
    with_backends.add_images("unavailable.png")
    assert with_backends.run("apply").exit_code == 3
    tasks = with_backends.tasks()
    annotate(tasks["a.png"]["id"])
    annotate(tasks["a.png"]["id"])
    annotate(tasks["b.png"]["id"])
    for name in ("b.png", "c.png"):
        skip = {"result": [], "was_cancelled": True}
        path = f"/api/tasks/{tasks[name]['id']}/annotations/"
        with_backends.label_studio.request("POST", path, json=skip)
    result = with_backends.run("status", COLUMNS="200")
    assert result.exit_code == 3, result.output
    rows = cells(result.output)
    number = with_backends.project()["id"]
    assert [*rows[1][:3]] == ["Label Studio", "up", "1.23.2"]
    assert [row[:3] for row in rows[2:4]] == [
        [f"segmentation (project {number})", "up", "foreign-1"],
        [f"segment-anything (project {number})", "up", "foreign-1"],
    ]
    assert rows[4][:2] == ["editor", "quick"]
    assert ["tasks", "4"] in rows
    assert ["tasks done", "2 (50 %)"] in rows
    assert ["tasks skipped", "1 (25 %)"] in rows
    assert ["tasks remaining", "1 (25 %)"] in rows
    assert ["tasks done today", "2"] in rows
    assert ["admin@atelier.test", "3", "3", "2"] in rows
    assert ["tasks without a current prediction", "1"] in rows
    assert "\x1b" not in result.output, "no colours in a file"
    sources = {task["id"]: name for name, task in tasks.items()}
    query = {"project": number}
    tabs = with_backends.label_studio.get("/api/dm/views/", params=query).json()
    shown = {
        tab["data"]["title"]: [
            sources[task["id"]]
            for task in with_backends.label_studio.get(
                "/api/tasks/", params={**query, "view": tab["id"]}
            ).json()["tasks"]
        ]
        for tab in tabs
    }
    page = with_backends.folder / "report.html"
    written = with_backends.run("report", "--to", str(page))
    assert written.exit_code == 0, written.output
    assert "<td>admin@atelier.test</td><td>3</td><td>2</td>" in page.read_text()
    assert shown == {
        "All": ["a.png", "b.png", "c.png", "unavailable.png"],
        "Not yet labeled": ["unavailable.png"],
        "Most doubtful first": ["unavailable.png"],
        "Labeled twice": ["a.png"],
        "Problems": ["b.png", "c.png", "unavailable.png"],
    }


def test_a_backend_that_went_down_is_said_and_ends_with_1(
    workplace: Workplace, tmp_path: Path
) -> None:
    auth = {"BASIC_AUTH_USER": "label-studio", "BASIC_AUTH_PASS": "only-for-tests"}
    with serve_backend(tmp_path, FOREIGN, **auth) as backend:
        workplace.content["backends"] = [backend_entry("segmentation", backend.url)]
        workplace.apply()
    result = workplace.run("status", COLUMNS="200")
    assert result.exit_code == 1
    assert cells(result.output)[2][1] == "down"


def test_a_project_that_is_not_there_is_said(workplace: Workplace) -> None:
    result = workplace.run("status")
    assert result.exit_code == 1
    assert f"Label Studio has no project {workplace.title!r}; `apply` creates it" in result.output


def test_a_wrong_token_is_said_without_showing_it(workplace: Workplace) -> None:
    result = workplace.run("status", LABEL_STUDIO_API_KEY="not-the-token")
    assert result.exit_code == 1
    assert "does not accept the token (Invalid token.)" in result.output
    assert "not-the-token" not in result.output


def test_annotations_that_hold_prompts_are_named_and_do_not_count(
    workplace: Workplace, annotate: Callable[[int], None]
) -> None:
    workplace.apply()
    tasks = workplace.tasks()
    annotate(tasks["a.png"]["id"])
    number = tasks["b.png"]["id"]
    common = {"id": "p", "to_name": "image", "original_width": 2, "original_height": 1}
    value = {"x": 50, "y": 50, "width": 0.3}
    point = {**common, "from_name": "point", "type": "keypoint", "value": value}
    named = {**common, "from_name": "garment", "type": "labels"}
    named["value"] = {**value, "labels": ["dress"]}
    workplace.label_studio.request(
        "POST", f"/api/tasks/{number}/annotations/", json={"result": [point, named]}
    )
    rows = cells(workplace.run("status", COLUMNS="200").output)
    assert ["tasks done", "1 (33 %)"] in rows
    assert [f"tasks submitted before a mask was accepted: {number}", "1"] in rows
