"""The gate on speed: what a click costs in work, counted, so that a busy machine decides nothing.

Seconds are compared by `make bench`. Here the demo's network answers clicks over the HTTP contract,
and what it encodes, decodes, fetches and sends is counted.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from flask.testing import FlaskClient

from backends.segment_anything_model.backend import SegmentAnythingBackend
from backends.segment_anything_model.engine import SegmentAnythingEngine
from backends.segment_anything_model.sam import SegmentAnything
from backends.segment_anything_model.settings import SegmentAnythingSettings
from backends.serving.app import create_app
from backends.serving.model_loader import ModelLoader
from backends.serving.settings import ServingSettings
from benchmarks.speed.__main__ import DEMO_CHECKPOINT
from benchmarks.speed.clicks import CONFIG, mask_of, point
from benchmarks.speed.pictures import SIZES
from demo.scenes import draw
from tests.backends.files import TOKEN, Files, serving_files

SIZE = "0.5"
# What a mask costs on the wire: its RLE as JSON, about four bytes a byte, and words around it.
BYTES_A_NUMBER, WORDS = 4, 700


class Counted:
    """The backend, and what its network did."""

    def __init__(self, client: FlaskClient, files: Files) -> None:
        self.encodes = 0
        self.decodes = 0
        self.files = files
        self._client = client
        self.address = files.put("scene.png", draw(3, SIZES[SIZE]).image)

    def click(self, *numbers: int) -> bytes:
        body = {
            "tasks": [{"id": 1, "data": {"image": self.address}}],
            "label_config": CONFIG,
            "params": {"context": {"result": [point(n, SIZE) for n in numbers]}},
        }
        answer = self._client.post("/predict", json=body)
        assert answer.status_code == 200, answer.text
        return answer.data


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> Iterator[Counted]:
    environment = {"SAM_CHECKPOINT": str(DEMO_CHECKPOINT), "SAM_REFINE": "none", "DEVICE": "cpu"}
    with serving_files() as files:
        environment |= {"LABEL_STUDIO_URL": files.url, "LABEL_STUDIO_API_KEY": TOKEN}
        engine = SegmentAnythingEngine(SegmentAnythingSettings.from_environment(environment))
        settings = ServingSettings.from_environment({"MODEL_CLASS": "a:B"})
        loader = ModelLoader(lambda: SegmentAnythingBackend(engine=engine), settings.model_class)
        loader.load_now()
        found = Counted(create_app(settings, loader).test_client(), files)
        encode, decode = SegmentAnything.encode, SegmentAnything.decode

        def encoded(self, *given, **named):
            found.encodes += 1
            return encode(self, *given, **named)

        def decoded(self, *given, **named):
            found.decodes += 1
            return decode(self, *given, **named)

        monkeypatch.setattr(SegmentAnything, "encode", encoded)
        monkeypatch.setattr(SegmentAnything, "decode", decoded)
        yield found


def test_an_image_is_fetched_and_encoded_once_however_many_click_on_it(counted: Counted) -> None:
    with ThreadPoolExecutor(4) as labelers:
        list(labelers.map(counted.click, range(12)))
    assert counted.encodes == 1
    assert len(counted.files.fetched) == 1


def test_each_further_click_of_a_mask_runs_the_decoder_once(counted: Counted) -> None:
    for count in range(1, 6):
        counted.click(*range(count))
        assert counted.decodes == count
    # Nor is anything decoded for a question that was asked already.
    counted.click(*range(5))
    assert counted.decodes == 5


def test_an_answer_is_the_masks_rle_and_little_else(counted: Counted) -> None:
    answer = counted.click(0)
    rows, columns = SIZES[SIZE]
    mask = mask_of(answer, SIZE)
    assert 0 < mask.sum() < rows * columns
    # A run is at most 27 bits, and a row of a mask has few of them (masks/rle.py).
    edges = int((mask.ravel()[1:] != mask.ravel()[:-1]).sum()) + 1
    longest = -(-rows * columns * 4 // (1 << 16))
    assert len(answer) < WORDS + BYTES_A_NUMBER * 27 * (edges + longest) / 8
    # As pixels it would be half a million numbers.
    assert len(answer) < rows * columns / 10
