"""Nine labelers at once on the running Segment Anything backend, over its real socket."""

import re
import shutil
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests

from tests.e2e.demo import ROOT, Demo, wait_until_up
from tests.e2e.masks import bounds, inner_point, mask_of

pytestmark = pytest.mark.integration

CONFIG = (ROOT / "templates" / "labeling" / "garments.xml").read_text()
USERS, CLICKS = 9, 5


class Backend:
    """The interactive backend, asked as Label Studio asks it."""

    def __init__(self, demo: Demo) -> None:
        facts = demo.facts["backends"]["segment_anything_model"]
        self._url, self._auth = facts["url"], (facts["user"], facts["password"])

    def predict(self, session: requests.Session, task: dict, prompts: list[dict]) -> Any:
        body = {
            "tasks": [task],
            "label_config": CONFIG,
            "params": {"context": {"result": prompts}},
        }
        answer = session.post(f"{self._url}/predict", json=body, auth=self._auth, timeout=60)
        assert answer.status_code == 200, answer.text
        return answer.json()["results"][0]["result"][0]["value"]["rle"]

    def encodes(self) -> int:
        text = requests.get(f"{self._url}/metrics", auth=self._auth, timeout=10).text
        found = re.search(r"^atelier_encodes_total (\S+)$", text, re.MULTILINE)
        assert found is not None
        return int(float(found[1]))


def prompts_for(task: dict) -> list[dict]:
    """Five clicks: on the image's largest garment, and beside it."""
    masks = [mask_of(region) for region in task["predictions"][0]["result"]]
    largest = max(masks, key=lambda mask: int(mask.sum()))
    x, y = inner_point(largest)
    x0, y0, x1, y1 = bounds(largest)
    points = [
        (x, y, True),
        (x, (y + y1) / 2, True),
        (max(0.0, x0 - 0.03), y0, False),
        (x, (y + y0) / 2, True),
        (min(0.99, x1 + 0.03), y1, False),
    ]
    return [
        {
            "type": "keypointlabels",
            "is_positive": positive,
            "value": {"x": 100 * px, "y": 100 * py, "width": 0.3, "keypointlabels": ["dress"]},
        }
        for px, py, positive in points
    ]


def test_nine_users_nine_images_five_clicks_get_no_wrong_mask(demo: Demo) -> None:
    tasks = demo.scenes()[:USERS]
    demo.kill("segment_anything_model")
    # What was encoded since the import outlives the process, and these images are to be cold.
    shutil.rmtree(demo.state / "embeddings")
    wait_until_up(demo.services()["segment_anything_model"])
    backend = Backend(demo)
    assert backend.encodes() == 0
    latencies: list[float] = []

    def user(task: dict) -> list[list[int]]:
        prompts = prompts_for(task)
        masks = []
        with requests.Session() as session:
            for count in range(1, CLICKS + 1):
                started = time.monotonic()
                masks.append(backend.predict(session, task, prompts[:count]))
                latencies.append(time.monotonic() - started)
        return masks

    with ThreadPoolExecutor(USERS) as users:
        together = list(users.map(user, tasks))
    assert backend.encodes() == USERS
    median = sorted(latencies)[len(latencies) // 2]
    print(f"{len(latencies)} clicks of {USERS} users: median {1000 * median:.0f} ms, "
          f"longest {1000 * max(latencies):.0f} ms")  # fmt: skip
    alone = [user(task) for task in tasks]
    wrong = sum(
        a != b
        for one, two in zip(together, alone, strict=True)
        for a, b in zip(one, two, strict=True)
    )
    assert wrong == 0
    assert len({str(masks[0]) for masks in together}) == USERS


def test_nine_users_on_one_cold_image_cost_one_encode(demo: Demo) -> None:
    task = demo.scenes()[-1]
    backend = Backend(demo)
    before = backend.encodes()
    prompts = prompts_for(task)[:1]

    def user(_: int) -> list[int]:
        with requests.Session() as session:
            return backend.predict(session, task, prompts)

    with ThreadPoolExecutor(USERS) as users:
        masks = list(users.map(user, range(USERS)))
    assert all(mask == masks[0] for mask in masks)
    assert backend.encodes() - before == 1
