"""A task that a labeler opens has its embedding before the first click: the real Label Studio, the
real backend, and the requests that the page makes."""

import io
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import pytest
import requests
from PIL import Image

from tests.label_studio import ROOT, LabelStudioServer, Server, serve_backend

pytestmark = pytest.mark.integration

AUTH = ("label-studio", "only-for-tests")
SAM = "backends.segment_anything_model.backend:SegmentAnythingBackend"
CONFIG = """<View><Image name="image" value="$image"/>
<KeyPointLabels name="point" toName="image" smart="true"><Label value="dress"/></KeyPointLabels>
<BrushLabels name="tag" toName="image"><Label value="dress"/></BrushLabels></View>"""


@dataclass
class Studio:
    """A project of four pictures with two interactive backends: ours, and another maker's."""

    label_studio: LabelStudioServer
    ours: Server
    other: Server
    project: int
    tasks: list[int]
    backend: int

    def encodes(self) -> int:
        return self.counted(self.ours, r"atelier_encodes_total (\d+)")

    def counted(self, server: Server, pattern: str) -> int:
        text = requests.get(f"{server.url}/metrics", auth=AUTH, timeout=10).text
        found = re.search(pattern, text)
        return int(found[1]) if found else 0

    def labeler(self) -> requests.Session:
        """Somebody who has logged in, as a browser does."""
        session, url = requests.Session(), f"{self.label_studio.url}/user/login/"
        session.get(url, timeout=60)
        form = {
            "email": self.label_studio.user,
            "password": self.label_studio.password,
            "csrfmiddlewaretoken": session.cookies["csrftoken"],
        }
        answer = session.post(url, data=form, headers={"Referer": url}, timeout=60)
        assert answer.ok
        return session


@pytest.fixture(scope="module")
def studio(server: LabelStudioServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    folder = tmp_path_factory.mktemp("opened")
    checkpoint = ROOT / "backends/segment_anything_model/demo/sam_small.safetensors"
    settings = {
        "LABEL_STUDIO_URL": server.url,
        "LABEL_STUDIO_API_KEY": server.token,
        "SAM_CHECKPOINT": str(checkpoint),
        "BASIC_AUTH_USER": AUTH[0],
        "BASIC_AUTH_PASS": AUTH[1],
    }
    with (
        serve_backend(folder, SAM, **settings) as ours,
        serve_backend(folder, "tests.backends.serving.foreign:Stuck") as other,
    ):
        asked = {"title": "opened tasks", "label_config": CONFIG}
        # Else Label Studio asks the first backend for the prediction of a task that has none.
        asked |= {"show_collab_predictions": False}
        project = server.request("POST", "/api/projects/", json=asked).json()["id"]
        for seed in range(4):
            files = {"file": (f"{seed}.png", picture(seed))}
            server.request("POST", f"/api/projects/{project}/import", files=files)
        found = server.get("/api/tasks/", params={"project": project}).json()["tasks"]
        tasks = sorted(task["id"] for task in found)
        common = {"project": project, "is_interactive": True}
        body = {**common, "url": ours.url, "title": "ours", "auth_method": "BASIC_AUTH"}
        body |= {"basic_auth_user": AUTH[0], "basic_auth_pass": AUTH[1]}
        backend = server.request("POST", "/api/ml/", json=body).json()["id"]
        server.request("POST", "/api/ml/", json={**common, "url": other.url, "title": "other"})
        yield Studio(server, ours, other, project, tasks, backend)


def picture(seed: int) -> bytes:
    """A disc on a plain ground."""
    rows, columns = np.ogrid[:200, :300]
    pixels = np.full((200, 300, 3), 40 + 20 * seed, np.uint8)
    pixels[(rows - 100) ** 2 + (columns - 150) ** 2 < 70**2] = (230, 60, 40)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


def eventually(holds: Callable[[], bool], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_a_task_that_is_opened_has_its_embedding_before_the_first_click(studio: Studio) -> None:
    url, labeler = studio.label_studio.url, studio.labeler()
    assert studio.encodes() == 0

    # The label stream asks for the next task, and the ones after it are on their way too.
    query = {"id": "next_task", "project": studio.project}
    opened = labeler.post(f"{url}/api/dm/actions", params=query, json={}, timeout=60).json()
    assert opened["id"] == studio.tasks[0]
    eventually(lambda: studio.encodes() == 3)

    # A program that reads a task is no labeler.
    studio.label_studio.get(f"/api/tasks/{studio.tasks[3]}/")
    time.sleep(1)
    assert studio.encodes() == 3

    # The Data Manager opens one by its number.
    query = {"project": studio.project, "interaction": "timer"}
    labeler.get(f"{url}/api/tasks/{studio.tasks[3]}", params=query, timeout=60).raise_for_status()
    eventually(lambda: studio.encodes() == 4)

    point = {"x": 50, "y": 50, "width": 0.2, "labels": ["dress"], "keypointlabels": ["dress"]}
    prompt = {"type": "keypointlabels", "from_name": "point", "to_name": "image", "id": "p"}
    prompt |= {"original_width": 300, "original_height": 200, "is_positive": True, "value": point}
    for task in studio.tasks:
        answer = labeler.post(
            f"{url}/api/ml/{studio.backend}/interactive-annotating",
            json={"task": task, "context": {"result": [prompt]}},
            timeout=60,
        )
        assert answer.status_code == 200, answer.text
        assert answer.json()["data"]["result"]
    assert studio.encodes() == 4
    assert studio.counted(studio.ours, r"embedding_cache_misses_total (\d+)") == 0

    # A backend without the route is asked once, and then left alone.
    refused = r'requests_total\{route="\w+",status="404"\} (\d+)'
    assert studio.counted(studio.other, refused) == 1
