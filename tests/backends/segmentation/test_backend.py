"""The segmentation backend behind the HTTP contract, its images read over HTTP."""

from pathlib import Path

import numpy as np
import pytest
import torch
from flask.testing import FlaskClient

from backends.segmentation.backend import SegmentationBackend
from backends.segmentation.engine import SegmentationEngine
from backends.segmentation.model import SegmentationModel
from backends.segmentation.settings import SegmentationSettings
from backends.serving.app import create_app
from backends.serving.model_loader import ModelLoader
from backends.serving.settings import ServingSettings
from tests.backends.files import TOKEN, Files

CONFIG = """<View>
  <Image name="picture" value="$photo"/>
  <BrushLabels name="masks" toName="picture">
    <Label value="hat"/><Label value="footwear"/>
  </BrushLabels>
</View>"""
MAP = "labels: {hat: hat, left-shoe: footwear, right-shoe: footwear, background: null}"


@pytest.fixture
def engine(files: Files, checkpoint: Path, tmp_path: Path) -> SegmentationEngine:
    label_map = tmp_path / "test_map.yaml"
    label_map.write_text(MAP)
    environment = {
        "SEGMENTATION_MODEL": str(checkpoint),
        "SEGMENTATION_LABEL_MAP": str(label_map),
        "LABEL_STUDIO_URL": files.url,
        "LABEL_STUDIO_API_KEY": TOKEN,
        "SEGMENTATION_BATCH": "3",
        "DEVICE": "cpu",
    }
    return SegmentationEngine(SegmentationSettings.from_environment(environment))


@pytest.fixture
def client(engine: SegmentationEngine) -> FlaskClient:
    settings = ServingSettings.from_environment({"MODEL_CLASS": "ours:SegmentationBackend"})
    loader = ModelLoader(lambda: SegmentationBackend(engine=engine), settings.model_class)
    loader.load_now()
    return create_app(settings, loader).test_client()


def picture(seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    small = rng.integers(0, 256, (5, 4, 3), dtype=np.uint8)
    return np.ascontiguousarray(np.kron(small, np.ones((30, 30, 1), np.uint8)))


def predict(client: FlaskClient, *urls: object):
    tasks = [{"id": number, "data": {"photo": url}} for number, url in enumerate(urls)]
    body = {"tasks": tasks, "label_config": CONFIG, "params": {"context": None}}
    return client.post("/predict", json=body).get_json()["results"]


def without_ids(prediction: dict) -> dict:
    regions = [
        {key: region[key] for key in region if key != "id"} for region in prediction["result"]
    ]
    return {**prediction, "result": regions}


def test_every_task_of_a_batch_gets_its_own_regions_and_score(
    client: FlaskClient, files: Files
) -> None:
    urls = [files.put(f"{seed}.png", picture(seed)) for seed in range(7)]
    together = predict(client, *urls)
    assert len(together) == 7
    for number, url in enumerate(urls):
        (alone,) = predict(client, url)
        assert without_ids(together[number]) == without_ids(alone)
    labels = {region["value"]["brushlabels"][0] for item in together for region in item["result"]}
    assert labels <= {"hat", "footwear"}
    assert labels
    assert all(0 < item["score"] <= 1 for item in together if item["result"])


def test_a_task_without_its_image_gets_the_reason_and_its_neighbours_their_regions(
    client: FlaskClient, files: Files, caplog: pytest.LogCaptureFixture
) -> None:
    good = files.put("good.png", picture(3))
    results = predict(client, good, "/data/upload/1/missing.png", None, good)
    assert [bool(item["result"]) for item in results] == [True, False, False, True]
    version = client.get("/health").get_json()["model_version"]
    assert [results[number]["model_version"] for number in (1, 2)] == [
        f"{version} cannot: Label Studio has no such file (404)",
        f"{version} cannot: its data has no image address under photo",
    ]
    assert "task 1: cannot" in caplog.text
    assert "task 2: cannot" in caplog.text


def test_the_model_version_names_weights_and_mapping(client: FlaskClient) -> None:
    version = client.get("/health").get_json()["model_version"]
    assert version.startswith("segformer")
    assert "+test_map-" in version


def test_setup_warns_of_labels_that_the_config_lacks(
    client: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    schema = CONFIG.replace('<Label value="footwear"/>', "")
    assert client.post("/setup", json={"schema": schema}).status_code == 200
    assert "no label for footwear" in caplog.text


def test_a_config_without_masks_is_refused_at_setup(client: FlaskClient) -> None:
    answer = client.post("/setup", json={"schema": "<View/>"})
    assert answer.status_code == 400
    assert "no control for masks" in answer.get_json()["error"]


SEVERAL = """<View>
  <Image name="front" value="$photo.url"/><Image name="pages" valueList="$pages"/>
  <Image name="map" value="$map"/>
  <Labels name="garment" toName="pages"><Label value="hat"/><Label value="footwear"/></Labels>
  <Brush name="masks" toName="pages"/>
  <BrushLabels name="tag" toName="front"><Label value="hat" alias="h"/></BrushLabels>
</View>"""


def test_every_image_of_a_task_is_pre_labelled(client: FlaskClient, files: Files) -> None:
    urls = [files.put(f"{seed}.png", picture(seed)) for seed in range(5)]
    tasks = [
        {"id": 1, "data": {"photo": {"url": urls[0]}, "pages": urls[1:5], "map": "no.png"}},
        {"id": 2, "data": {"photo": {"url": urls[0]}, "pages": []}},
        {"id": 3, "data": {"photo": {"url": urls[0]}, "pages": ["/data/upload/1/no.png", urls[1]]}},
        {"id": 4, "data": {"photo": {"url": urls[3]}, "pages": urls[2:3]}},
    ]
    body = {"tasks": tasks, "label_config": SEVERAL, "params": {"context": None}}
    first, second, third, fourth = client.post("/predict", json=body).get_json()["results"]
    # One image cannot be had: none of the task's pre-labels are made without it.
    assert second["result"] == third["result"] == []
    assert fourth["result"]
    shown = {(r["to_name"], r.get("item_index"), r["from_name"]) for r in first["result"]}
    assert shown >= {("pages", index, name) for index in range(4) for name in ("masks", "garment")}
    front = [r["value"]["brushlabels"] for r in first["result"] if r["to_name"] == "front"]
    assert front == [["h"]] * len(front) != []
    alone = predict(client, urls[2])[0]["result"]
    paged = [
        r["value"]["rle"]
        for r in first["result"]
        if r.get("item_index") == 1 and r["type"] == "brush"
    ]
    assert paged == [region["value"]["rle"] for region in alone]


def test_an_image_without_memory_on_its_core_is_tried_again_and_keeps_no_other_back(
    engine: SegmentationEngine, client: FlaskClient, files: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    cores = engine.model.cores
    assert cores is not None
    monkeypatch.setattr(cores, "count", 1)
    urls = [files.put(f"{seed}.png", picture(seed)) for seed in range(3)]
    whole = [without_ids(item) for item in predict(client, *urls)]
    segmented, tries = SegmentationModel.segmented, dict.fromkeys(range(3), 0)

    def short(self: SegmentationModel, image: np.ndarray):
        (seed,) = (seed for seed in tries if np.array_equal(image, picture(seed)))
        tries[seed] += 1
        if tries[seed] <= seed:
            raise MemoryError
        return segmented(self, image)

    monkeypatch.setattr(SegmentationModel, "segmented", short)
    first, second, third = predict(client, *urls)
    assert tries == {0: 1, 1: 2, 2: 2}
    assert [without_ids(first), without_ids(second)] == whole[:2]
    assert third == []
    noted = {item["task"]: item for item in client.get("/failures").get_json()["failures"]}
    assert "not enough memory" in noted[2]["reason"]


class TestShortMemory:
    """The GPU's memory is short: real errors, raised around the real model."""

    @pytest.fixture(autouse=True)
    def _as_on_a_gpu(self, engine: SegmentationEngine) -> None:
        engine.model.cores = None

    def out_of_memory(self, client: FlaskClient, monkeypatch, most: int) -> list[int]:
        """Let a batch of more than `most` images fail; return the sizes of the batches tried."""
        model, sizes = SegmentationModel.predict, []

        def predict_some(self: SegmentationModel, images: list[np.ndarray]):
            sizes.append(len(images))
            if len(images) > most:
                raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 5.96 GiB.")
            return model(self, images)

        monkeypatch.setattr(SegmentationModel, "predict", predict_some)
        return sizes

    def test_a_batch_is_halved_once_and_every_task_has_its_regions(
        self, client: FlaskClient, files: Files, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        urls = [files.put(f"{seed}.png", picture(seed)) for seed in range(3)]
        whole = [without_ids(item) for item in predict(client, *urls)]
        sizes = self.out_of_memory(client, monkeypatch, most=2)
        assert [without_ids(item) for item in predict(client, *urls)] == whole
        assert sizes == [3, 2, 1]

    def test_what_is_still_too_much_is_left_open(
        self, client: FlaskClient, files: Files, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        urls = [files.put(f"{seed}.png", picture(seed)) for seed in range(3)]
        self.out_of_memory(client, monkeypatch, most=1)
        results = predict(client, *urls)
        assert results[:2] == [[], []]
        assert results[2]["result"]
        noted = {item["task"]: item for item in client.get("/failures").get_json()["failures"]}
        assert "not enough memory" in noted[0]["reason"]


def test_strips_get_regions_of_their_own_size(client: FlaskClient, files: Files) -> None:
    for number, (height, width) in enumerate(((3, 5000), (5000, 3), (600, 1), (8, 20000), (1, 1))):
        strip = np.full((height, width, 3), 128, np.uint8)
        (prediction,) = predict(client, files.put(f"strip{number}.png", strip))
        assert " cannot: " not in prediction["model_version"]
        sizes = {(r["original_height"], r["original_width"]) for r in prediction["result"]}
        assert sizes <= {(height, width)}
