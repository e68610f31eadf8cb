"""The Segment Anything backend behind the HTTP contract, its images read over HTTP."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import torch
from flask.testing import FlaskClient

from backends.segment_anything_model.backend import SegmentAnythingBackend
from backends.segment_anything_model.engine import SegmentAnythingEngine
from backends.segment_anything_model.sam import SegmentAnything
from backends.segment_anything_model.settings import SegmentAnythingSettings
from backends.serving.app import create_app
from backends.serving.metrics import ENCODES
from backends.serving.model_loader import ModelLoader
from backends.serving.settings import ServingSettings
from masks.regions import mask_of
from tests.backends.files import TOKEN, Files
from tests.backends.segment_anything_model.conftest import photo
from tests.backends.servers import serve_wsgi

CONFIG = """<View>
  <Image name="picture" value="$photo"/>
  <BrushLabels name="masks" toName="picture" smart="false">
    <Label value="hat"/><Label value="scarf-gloves" predicted_values="scarf"/>
  </BrushLabels>
  <KeyPointLabels name="points" toName="picture" smart="true"><Label value="hat"/></KeyPointLabels>
</View>"""


def client_for(files: Files, checkpoint: Path, **more: str) -> FlaskClient:
    environment = {
        "SAM_CHECKPOINT": str(checkpoint),
        "LABEL_STUDIO_URL": files.url,
        "LABEL_STUDIO_API_KEY": TOKEN,
        "SAM_REFINE": "none",
        **more,
    }
    engine = SegmentAnythingEngine(SegmentAnythingSettings.from_environment(environment))
    settings = ServingSettings.from_environment({"MODEL_CLASS": "ours:SegmentAnythingBackend"})
    loader = ModelLoader(lambda: SegmentAnythingBackend(engine=engine), settings.model_class)
    loader.load_now()
    return create_app(settings, loader).test_client()


@pytest.fixture
def client(files: Files, checkpoint: Path) -> FlaskClient:
    return client_for(files, checkpoint)


def click(x: float, y: float, label: str | None = "hat", **more: object) -> dict:
    value = {"x": x, "y": y, "width": 0.2}
    if label is None:
        return {"type": "keypoint", "value": value, **more}
    return {"type": "keypointlabels", "value": {**value, "keypointlabels": [label]}, **more}


def ask(client: FlaskClient, url: object, *prompts: dict, config: str | None = CONFIG):
    body = {
        "tasks": [{"id": 7, "data": {"photo": url}}],
        "label_config": config,
        "params": {"context": {"result": list(prompts)}},
    }
    return client.post("/predict", json=body)


def test_a_click_becomes_a_region_in_the_configs_own_words(
    client: FlaskClient, files: Files
) -> None:
    answer = ask(client, files.put("a.png", photo(1)), click(30, 40))
    (prediction,) = answer.get_json()["results"]
    (region,) = prediction["result"]
    assert (region["from_name"], region["to_name"], region["type"]) == (
        "masks",
        "picture",
        "brushlabels",
    )
    assert region["value"]["brushlabels"] == ["hat"]
    assert mask_of(region, 120, 160).any()
    assert prediction["model_version"].startswith("sam-small@")


@pytest.mark.parametrize(
    ("label", "sent"), [("scarf", "scarf-gloves"), ("HAT", "hat"), ("sock", None), (None, None)]
)
def test_labels_are_the_mask_controls_own_and_unknown_ones_are_never_sent(
    client: FlaskClient, files: Files, label: str | None, sent: str | None
) -> None:
    answer = ask(client, files.put("a.png", photo(1)), click(30, 40, label))
    (region,) = answer.get_json()["results"][0]["result"]
    assert region["value"].get("brushlabels") == ([sent] if sent else None)


def test_prompts_of_two_labels_give_two_regions(client: FlaskClient, files: Files) -> None:
    answer = ask(client, files.put("a.png", photo(1)), click(30, 40, "hat"), click(70, 60, "scarf"))
    regions = answer.get_json()["results"][0]["result"]
    assert [region["value"]["brushlabels"] for region in regions] == [["hat"], ["scarf-gloves"]]


def test_negative_clicks_alone_are_told_what_to_do(client: FlaskClient, files: Files) -> None:
    answer = ask(client, files.put("a.png", photo(1)), click(30, 40, is_positive=False))
    assert answer.status_code == 400
    assert answer.get_json()["error"].startswith("begin with a click on the object")


SEVERAL = """<View>
  <Image name="front" value="$photo.url"/><Image name="pages" valueList="$pages"/>
  <Labels name="garment" toName="pages"><Label value="hat"/></Labels>
  <Brush name="masks" toName="pages"/>
  <BrushLabels name="front_masks" toName="front"><Label value="hat"/></BrushLabels>
</View>"""


def test_a_click_is_answered_from_the_image_that_it_is_on(
    client: FlaskClient, files: Files
) -> None:
    urls = [files.put(f"{seed}.png", photo(seed, 60 + 20 * seed, 100)) for seed in range(3)]
    task = {"id": 7, "data": {"photo": {"url": urls[0]}, "pages": urls[1:]}}

    def answered(**prompt: Any) -> list[dict]:
        context = {"result": [click(30, 40, **prompt)]}
        body = {"tasks": [task], "label_config": SEVERAL, "params": {"context": context}}
        return client.post("/predict", json=body).get_json()["results"][0]["result"]

    (region,) = answered(to_name="front")
    assert (region["from_name"], region["original_height"]) == ("front_masks", 60)
    for index in (0, 1):
        drawn, named = answered(to_name="pages", item_index=index)
        assert (drawn["type"], drawn["from_name"]) == ("brush", "masks")
        assert (named["type"], named["from_name"]) == ("labels", "garment")
        assert drawn["item_index"] == named["item_index"] == index
        assert drawn["original_height"] == 80 + 20 * index


def test_a_smart_tool_that_can_get_no_mask_is_refused_at_setup(client: FlaskClient) -> None:
    schema = CONFIG.replace("KeyPointLabels", "VectorLabels")
    answer = client.post("/setup", json={"schema": schema})
    assert answer.status_code == 400
    assert "a smart Vector gives no mask" in answer.get_json()["error"]


@pytest.mark.parametrize("url", ["/data/upload/1/missing.png", None, 5, "ftp://x/y", ""])
def test_a_click_on_a_task_without_a_usable_image_is_refused_in_a_sentence_and_logged(
    client: FlaskClient, url: object, caplog: pytest.LogCaptureFixture
) -> None:
    answer = ask(client, url, click(1, 1))
    assert answer.status_code == 422
    # Label Studio hands on the status line, and no body.
    assert answer.status == f"422 {answer.get_json()['error']}"
    assert "task 7: cannot" in caplog.text
    assert TOKEN not in caplog.text


@pytest.mark.parametrize(
    ("config", "said"),
    [
        (None, "label_config is missing"),
        ("<View>", "not a labeling config"),
        ("<View><Image name='a' value='$a'/></View>", "no control for masks"),
    ],
)
def test_a_config_that_holds_no_masks_is_refused(
    client: FlaskClient, files: Files, config: str | None, said: str
) -> None:
    answer = ask(client, files.put("a.png", photo(1)), click(1, 1), config=config)
    assert answer.status_code == 400
    assert said in answer.get_json()["error"]


def test_a_config_without_masks_is_refused_at_setup(client: FlaskClient) -> None:
    answer = client.post("/setup", json={"schema": "<View/>"})
    assert answer.status_code == 400
    assert "no control for masks" in answer.get_json()["error"]


def test_a_prompt_without_numbers_is_refused(client: FlaskClient, files: Files) -> None:
    prompt = {"type": "keypointlabels", "value": {"x": None, "y": 1}}
    answer = ask(client, files.put("a.png", photo(1)), prompt)
    assert answer.status_code == 400


def test_nine_users_nine_images_five_clicks_without_one_wrong_mask(
    client: FlaskClient, files: Files
) -> None:
    urls = [files.put(f"{seed}.png", photo(seed)) for seed in range(9)]
    prompts = [click(15 + 12 * step, 25 + 9 * step, is_positive=step != 3) for step in range(5)]
    app = client.application

    def user(url: str) -> list[list[int]]:
        with app.test_client() as mine:
            answers = [ask(mine, url, *prompts[: count + 1]) for count in range(5)]
        assert [answer.status_code for answer in answers] == [200] * 5
        return [answer.get_json()["results"][0]["result"][0]["value"]["rle"] for answer in answers]

    before = ENCODES._value.get()
    with ThreadPoolExecutor(9) as users:
        together = list(users.map(user, urls))
    assert ENCODES._value.get() - before == 9
    assert together == [user(url) for url in urls]
    assert len({str(masks[4]) for masks in together}) == 9


class TestWithoutClicks:
    @pytest.fixture
    def segmentation(self) -> Iterator[tuple[str, list[dict]]]:
        """A segmentation backend of somebody else's that remembers what it was asked."""
        from flask import Flask, jsonify, request

        seen: list[dict] = []
        app = Flask("segmentation")

        @app.post("/predict")
        def predict():
            if request.authorization is None or request.authorization.password != "pw":
                return jsonify(error="who?"), 401
            body = request.get_json()
            seen.append(body)
            if body["tasks"][0]["id"] == 500:
                return jsonify(error="broken"), 500
            results = [{"result": [], "score": 0.5, "model_version": "seg-1"}] * len(body["tasks"])
            return jsonify(results=results[: 0 if body["tasks"][0]["id"] == 0 else None])

        with serve_wsgi(app) as url:
            yield url, seen

    def tasks(self, *ids: int, url: str = "/data/upload/1/a.png") -> dict:
        tasks = [{"id": number, "data": {"photo": url}} for number in ids]
        return {"tasks": tasks, "label_config": CONFIG, "params": {"context": None}}

    def test_the_segmentation_backends_predictions_are_passed_on_and_the_image_is_encoded(
        self, files: Files, checkpoint: Path, segmentation: tuple[str, list[dict]]
    ) -> None:
        url, seen = segmentation
        client = client_for(
            files, checkpoint, SEGMENTATION_URL=url, SEGMENTATION_USER="u", SEGMENTATION_PASS="pw"
        )
        before = ENCODES._value.get()
        body = self.tasks(1, 2, url=files.put("a.png", photo(1)))
        answer = client.post("/predict", json=body)
        assert [item["model_version"] for item in answer.get_json()["results"]] == ["seg-1"] * 2
        assert seen[0]["label_config"] == CONFIG
        ask(client, body["tasks"][0]["data"]["photo"], click(30, 30))
        assert ENCODES._value.get() - before == 1

    @pytest.mark.parametrize(
        ("task", "password", "said"),
        [(1, "wrong", "answered 401"), (500, "pw", "answered 500"), (0, "pw", "one result per")],
    )
    def test_a_segmentation_backend_that_fails_is_said_and_nothing_is_stored(
        self,
        files: Files,
        checkpoint: Path,
        segmentation: tuple[str, list[dict]],
        task: int,
        password: str,
        said: str,
    ) -> None:
        client = client_for(
            files,
            checkpoint,
            SEGMENTATION_URL=segmentation[0],
            SEGMENTATION_USER="u",
            SEGMENTATION_PASS=password,
        )
        answer = client.post("/predict", json=self.tasks(task))
        assert answer.status_code == 503
        assert said in answer.get_json()["error"]

    def test_one_that_is_not_there_is_said(self, files: Files, checkpoint: Path) -> None:
        client = client_for(files, checkpoint, SEGMENTATION_URL="http://127.0.0.1:1")
        answer = client.post("/predict", json=self.tasks(1))
        assert answer.status_code == 503
        assert "gave no answer" in answer.get_json()["error"]

    def test_without_one_every_task_gets_an_empty_result(self, client: FlaskClient) -> None:
        answer = client.post("/predict", json=self.tasks(1, 2, 3))
        assert [item["result"] for item in answer.get_json()["results"]] == [[], [], []]


@pytest.mark.parametrize(
    ("width", "height"), [(5000, 3), (3, 5000), (600, 1), (1, 600), (20000, 8), (3, 3), (1, 1)]
)
def test_a_click_on_a_strip_gives_a_mask_of_its_size_or_a_sentence(
    client: FlaskClient, files: Files, width: int, height: int
) -> None:
    answer = ask(client, files.put("strip.png", photo(3, height, width)), click(50, 50))
    if answer.status_code == 400:
        assert answer.get_json()["error"].startswith("the model found nothing there")
        return
    assert answer.status_code == 200, answer.get_json()
    for region in answer.get_json()["results"][0]["result"]:
        assert (region["original_width"], region["original_height"]) == (width, height)
        assert mask_of(region, height, width).any()


def test_a_lack_of_memory_that_lasts_is_told_to_the_labeler(
    client: FlaskClient, files: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    def encode(*args: object) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 5.96 GiB.")

    monkeypatch.setattr(SegmentAnything, "encode", encode)
    answer = ask(client, files.put("a.png", photo(1)), click(1, 1))
    assert answer.status == "503 there is not enough memory for it at this moment"


def settled(client: FlaskClient, *tasks: dict, why: str = "created") -> list[dict]:
    """How far tasks are once none of them waits."""
    told: dict[int, dict] = {}
    deadline = time.monotonic() + 120
    while waiting := [task for task in tasks if task["id"] not in told]:
        assert time.monotonic() < deadline
        body = {"tasks": waiting, "label_config": CONFIG, "why": why}
        answer = client.post("/prepare", json=body)
        assert answer.status_code == 200, answer.text
        for state in answer.get_json()["tasks"]:
            if state["state"] in ("ready", "failed"):
                told[state["id"]] = state
    return [told[task["id"]] for task in tasks]


def test_what_is_prepared_is_encoded_before_the_first_click(
    client: FlaskClient, files: Files
) -> None:
    urls = [files.put(f"{seed}.png", photo(seed)) for seed in range(2)]
    tasks = [{"id": number, "data": {"photo": url}} for number, url in enumerate(urls)]
    missing = {"id": 5, "data": {"photo": "/data/upload/1/missing.png"}}
    nowhere = {"id": 6, "data": {}}
    found = settled(client, *tasks, missing, nowhere)
    assert [state["state"] for state in found] == ["ready", "ready", "failed", "failed"]
    assert "no such file" in found[2]["reason"]
    assert "no image address" in found[3]["reason"]
    before = ENCODES._value.get()
    files.fetched.clear()
    assert ask(client, urls[1], click(30, 40)).status_code == 200
    assert ENCODES._value.get() == before
    # The missing one may be tried once more, since it was asked for with those that took longer.
    assert set(files.fetched) <= {missing["data"]["photo"]}


def test_new_tasks_that_a_webhook_tells_of_are_prepared(client: FlaskClient, files: Files) -> None:
    url = files.put("a.png", photo(1))
    before = ENCODES._value.get()
    payload = {
        "action": "TASKS_CREATED",
        "tasks": [{"id": 7, "data": {"photo": url}, "project": 3}],
        "project": {"id": 3, "label_config": CONFIG},
    }
    assert client.post("/webhook", json=payload).get_json() == {"status": "preparing"}
    deadline = time.monotonic() + 10
    while ENCODES._value.get() == before:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    ignored = client.post("/webhook", json={**payload, "action": "ANNOTATION_CREATED"})
    assert ignored.get_json() == {"status": "ignored"}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"why": "click"}, "why must be one of opened, next, created"),
        ({"tasks": None}, "tasks must be a list"),
        ({"label_config": None}, "label_config is missing"),
    ],
)
def test_a_request_that_cannot_be_prepared_is_explained(
    client: FlaskClient, change: dict, said: str
) -> None:
    body = {"tasks": [], "label_config": CONFIG, "why": "opened", **change}
    answer = client.post("/prepare", json=body)
    assert answer.status_code == 400
    assert said in answer.get_json()["error"]
