"""`make demo` from an empty state: real Label Studio, both backends, the demo project."""

import os
import stat

import pytest
import requests

from tests.e2e.demo import Demo, wait_until_up

pytestmark = pytest.mark.integration


def test_all_three_services_are_healthy(demo: Demo) -> None:
    for url in demo.services().values():
        assert requests.get(f"{url}/health", timeout=5).json()["status"] == "UP"


def test_the_demo_file_has_what_a_script_needs_and_is_for_its_owner_only(demo: Demo) -> None:
    assert {"url", "user", "password", "token", "project", "backends"} <= set(demo.facts)
    for backend in demo.facts["backends"].values():
        assert set(backend) == {"url", "user", "password"}
        auth = (backend["user"], backend["password"])
        assert requests.get(f"{backend['url']}/metrics", timeout=5).status_code == 401
        assert requests.get(f"{backend['url']}/metrics", auth=auth, timeout=5).status_code == 200
    assert stat.S_IMODE(os.stat(demo.state / "demo.json").st_mode) == 0o600


def test_every_garment_scene_has_its_catalogue_and_a_prediction_with_masks(demo: Demo) -> None:
    scenes = demo.scenes()
    assert len(scenes) == 12
    for task in scenes:
        assert all(task["data"][key] for key in ("Name", "Theme", "Typology", "Typology_sub"))
        (prediction,) = task["predictions"]
        assert prediction["model_version"].startswith("demo@")
        assert prediction["score"] > 0
        assert len(prediction["result"]) >= 2
        assert {region["type"] for region in prediction["result"]} == {"brush", "labels"}


def test_photographs_are_there_too(demo: Demo) -> None:
    assert len(demo.tasks()) - len(demo.scenes()) >= 3


def test_no_password_stands_in_a_log(demo: Demo) -> None:
    secrets = [demo.facts["password"], demo.facts["token"]]
    secrets += [backend["password"] for backend in demo.facts["backends"].values()]
    for log in (demo.state / "run").glob("*.log"):
        text = log.read_text(errors="replace")
        assert not [secret for secret in secrets if secret in text], log


def test_a_second_start_says_that_it_runs_already(demo: Demo) -> None:
    assert "already running" in demo.up()


@pytest.mark.parametrize("service", ["segmentation", "segment_anything_model", "frontend"])
def test_a_killed_service_comes_back_by_itself_and_no_annotation_is_lost(
    demo: Demo, service: str
) -> None:
    task = demo.scenes()[0]
    annotation = demo.api(
        "POST",
        f"/api/tasks/{task['id']}/annotations/",
        json={"result": task["predictions"][0]["result"]},
    )
    demo.kill(service)
    seconds = wait_until_up(demo.services()[service])
    print(f"{service} was back after {seconds:.1f} s")
    found = demo.api("GET", f"/api/annotations/{annotation['id']}/")
    assert found["result"] == annotation["result"]
    if service != "frontend":
        check = {"task": task["id"], "context": {"result": [click()]}}
        backend = interactive_backend(demo)
        answer = demo.api("POST", f"/api/ml/{backend}/interactive-annotating", json=check)
        assert answer["data"]["result"]
    demo.api("DELETE", f"/api/annotations/{annotation['id']}/")


def interactive_backend(demo: Demo) -> int:
    backends = demo.api("GET", "/api/ml", params={"project": demo.project})
    return next(backend["id"] for backend in backends if backend["is_interactive"])


def click() -> dict:
    value = {"x": 50, "y": 50, "width": 0.3, "labels": ["dress"]}
    return {"type": "keypoint", "from_name": "point", "to_name": "image", "value": value}
