"""On an NVIDIA GPU: memory that runs out and a device that breaks, for real.

.local/env/ml/bin/python -m pytest -q -s -m integration tests/backends/test_cuda_faults.py
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests
import torch

from backends.segmentation.backend import SegmentationBackend
from backends.segmentation.engine import SegmentationEngine
from backends.segmentation.settings import SegmentationSettings
from backends.serving.app import create_app
from backends.serving.faults import is_device_lost, is_out_of_memory
from backends.serving.model_loader import ModelLoader
from backends.serving.settings import ServingSettings
from demo.scenes.scene import draw
from tests.backends.files import TOKEN, Files
from tests.backends.servers import ROOT, serve_backend, wait_for_health

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="needs an NVIDIA GPU"),
]
CONFIG = (ROOT / "templates" / "labeling" / "garments.xml").read_text()


@contextmanager
def little_memory(megabytes: int) -> Iterator[None]:
    """Let torch's allocator have no more than this beyond what is in use; others' share stays."""
    torch.cuda.empty_cache()
    total = torch.cuda.get_device_properties(0).total_memory
    most = torch.cuda.memory_reserved() + megabytes * 2**20
    torch.cuda.set_per_process_memory_fraction(most / total)
    try:
        yield
    finally:
        torch.cuda.set_per_process_memory_fraction(1.0)


def test_torchs_own_error_for_short_memory_is_known() -> None:
    with little_memory(64), pytest.raises(RuntimeError) as caught:
        torch.empty(2**30, dtype=torch.uint8, device="cuda")
    assert isinstance(caught.value, torch.OutOfMemoryError)
    assert is_out_of_memory(caught.value)
    assert not is_device_lost(caught.value)


def test_a_batch_that_the_gpu_has_no_memory_for_is_left_open_and_answered_later(
    files: Files,
) -> None:
    environment = {
        "SEGMENTATION_MODEL": str(ROOT / "backends" / "segmentation" / "demo"),
        "LABEL_STUDIO_URL": files.url,
        "LABEL_STUDIO_API_KEY": TOKEN,
        "DEVICE": "cuda",
    }
    engine = SegmentationEngine(SegmentationSettings.from_environment(environment))
    loader = ModelLoader(lambda: SegmentationBackend(engine=engine), "ours:SegmentationBackend")
    loader.load_now()
    settings = ServingSettings.from_environment({"MODEL_CLASS": "ours:SegmentationBackend"})
    client = create_app(settings, loader).test_client()
    urls = [files.put(f"{seed}.png", draw(seed, (1024, 768)).image) for seed in range(4)]
    tasks = [{"id": number, "data": {"image": url}} for number, url in enumerate(urls)]
    body = {"tasks": tasks, "label_config": CONFIG}
    device = client.get("/health").get_json()["device"]
    assert device.startswith("cuda: ")
    print(device)
    with little_memory(2):
        assert client.post("/predict", json=body).get_json()["results"] == [[]] * 4
    reasons = {item["reason"] for item in client.get("/failures").get_json()["failures"]}
    assert reasons == {"there is not enough memory for it at this moment"}
    later = client.post("/predict", json=body).get_json()["results"]
    assert all(item["result"] for item in later)


def test_a_broken_gpu_ends_the_worker_and_the_next_one_answers(tmp_path: Path) -> None:
    model = "tests.backends.serving.foreign:OnGpu"
    with serve_backend(tmp_path / "log", MODEL_CLASS=model) as url:
        wait_for_health(url)

        def ask(image: str) -> requests.Response:
            body = {"tasks": [{"id": 1, "data": {"image": image}}]}
            return requests.post(f"{url}/predict", json=body, timeout=60)

        assert ask("a").status_code == 200
        broken = ask("assert")
        assert broken.status_code == 503
        assert "the device is lost" in broken.json()["error"]
        started = time.monotonic()
        while time.monotonic() - started < 120:
            try:
                if ask("a").status_code == 200:
                    break
            except requests.ConnectionError:
                pass
            time.sleep(0.2)
        print(f"answers again after {time.monotonic() - started:.1f} s")
        assert ask("a").status_code == 200
    log = (tmp_path / "log").read_text()
    print([line for line in log.splitlines() if "the device is lost" in line])
    assert log.count("Booting worker with pid") == 2
