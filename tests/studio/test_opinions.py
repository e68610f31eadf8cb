"""Two people label some images without seeing each other's work; a consensus is adjudicated."""

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pytest
import requests

from masks.agreement import label_masks
from masks.labeling_config import labeling_config
from masks.regions import regions_of
from tests.label_studio import LabelStudioServer
from tests.studio.conftest import CONFIG, Workplace

pytestmark = pytest.mark.integration

PASSWORDS = {"anna@opinions.test": "anna-only-here", "bea@opinions.test": "bea-only-here"}
HEIGHT = WIDTH = 16


@contextmanager
def logged_in(server: LabelStudioServer, email: str) -> Iterator[requests.Session]:
    with requests.Session() as session:
        page = f"{server.url}/user/login/"
        session.get(page, timeout=30)
        form = {"email": email, "password": PASSWORDS[email]}
        form["csrfmiddlewaretoken"] = str(session.cookies["csrftoken"])
        session.post(page, data=form, headers={"Referer": page}, timeout=30)
        session.headers["X-CSRFToken"] = str(session.cookies["csrftoken"])
        yield session


def drawn(first_column: int) -> list[dict]:
    """A dress of eight columns."""
    mask = np.zeros((HEIGHT, WIDTH), np.bool_)
    mask[:, first_column : first_column + 8] = True
    control = labeling_config(CONFIG.read_text()).mask_controls[0]
    return regions_of(mask, control, control.label_for("dress"), 1.0)


def label_all_tasks(
    server: LabelStudioServer, project: int, email: str, results: list[dict]
) -> list[dict]:
    """Label as the button of that name does, until there is no more; return what was shown."""
    shown = []
    with logged_in(server, email) as session:
        query = {"id": "next_task", "project": project}
        while (
            answer := session.post(
                f"{server.url}/api/dm/actions", params=query, json={}, timeout=30
            )
        ).ok:
            shown.append(answer.json())
            session.post(
                f"{server.url}/api/tasks/{shown[-1]['id']}/annotations/",
                json={"result": results, "project": project},
                timeout=30,
            ).raise_for_status()
        assert answer.status_code == 404, answer.text
    return shown


def test_two_opinions_become_one_mask(with_backends: Workplace) -> None:
    server = with_backends.label_studio
    with_backends.add_images("blank.png", "damaged.png")
    with_backends.content["overlap"] = {"annotations": 2, "percent": 40}
    with_backends.content["labelers"] = [
        {"email": email, "password": password} for email, password in PASSWORDS.items()
    ]
    applied = with_backends.run("apply")
    assert applied.exit_code == 4, applied.output
    assert "have 40 % of the images labeled by 2 people" in applied.output
    assert "have 40 %" not in with_backends.run("apply").output
    number = with_backends.project()["id"]
    twice = {name for name, task in with_backends.tasks().items() if task["overlap"] == 2}
    assert len(twice) == 2

    # The model found nothing on `blank` (0.0), is fairly sure of three, and could not see the last.
    (tab,) = [
        one["id"]
        for one in server.get("/api/dm/views/", params={"project": number}).json()
        if one["data"]["title"] == "Most doubtful first"
    ]
    query = {"project": number, "view": tab, "include": "id,data,predictions_score"}
    listed = server.get("/api/tasks/", params=query).json()["tasks"]
    doubtful = [task["data"]["source"] for task in listed]
    assert (doubtful[0], doubtful[-1], len(doubtful)) == ("blank.png", "damaged.png", 5), listed

    annas = label_all_tasks(server, number, "anna@opinions.test", drawn(0))
    beas = label_all_tasks(server, number, "bea@opinions.test", drawn(4))
    assert len(annas) == 5, "Anna comes first, and gets each image once"
    assert {task["data"]["source"] for task in beas} == twice
    assert [task["annotations"] for task in beas] == [[], []], "Bea sees nothing of Anna's"

    made = with_backends.run("consensus")
    assert made.exit_code == 0, made.output
    assert "done: a consensus of 2 images" in made.output
    assert "nothing to change: 2 images with a consensus" in with_backends.run("consensus").output
    one, other = (with_backends.tasks()[name] for name in sorted(twice))
    (consensus,) = [p for p in one["predictions"] if p["model_version"].startswith("consensus")]
    ((_, _, label), mask), *_ = label_masks(consensus["result"]).masks.items()
    assert label == "dress"
    assert mask.nonzero()[1].tolist() == [4, 5, 6, 7] * HEIGHT, "where both say so"
    assert consensus["score"] == round(4 / 12, 4)

    body = {"result": consensus["result"], "parent_prediction": consensus["id"]}
    server.request("POST", f"/api/tasks/{one['id']}/annotations/", json=body)
    server.request("POST", f"/api/tasks/{other['id']}/annotations/", json={"result": []})
    again = with_backends.run("consensus").output
    assert "1 image adjudicated already, left alone" in again
    assert f"done: a consensus of 1 image: {other['data']['source']}" in again
    versions = with_backends.tasks()[other["data"]["source"]]["predictions_model_versions"]
    assert versions.count("consensus of 3") == versions.count("consensus") == 1
    assert "nothing to change" in with_backends.run("apply").output
