"""On an NVIDIA GPU both models answer as they do on a CPU, and the servers serve from it.

With `-s` it prints how long things take. Where torch was cut for the images, run it in them.
"""

import statistics
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import requests
import torch
from segment_anything import sam_model_registry

from backends.segment_anything_model.models import load_model
from backends.segment_anything_model.prompts import Click
from backends.segment_anything_model.sam import SegmentAnything
from backends.segmentation.model import SegmentationModel
from demo.scenes.scene import draw
from tests.backends.files import TOKEN, Files
from tests.backends.random_checkpoints import sam_vit_b, segformer_b2_clothes
from tests.backends.servers import ROOT, serve_backend, wait_for_health

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="needs an NVIDIA GPU"),
]
DEMO_SEGMENTATION = ROOT / "backends" / "segmentation" / "demo"
DEMO_SAM = ROOT / "backends" / "segment_anything_model" / "demo" / "sam_small.safetensors"
CONFIG = (ROOT / "templates" / "labeling" / "garments.xml").read_text()
MODEL = {
    "segmentation": "SegmentationBackend",
    "segment_anything_model": "SegmentAnythingBackend",
}
SIZE = (1024, 768)  # Height, width.


def milliseconds(what: str, work: Callable[[], object], times: int = 20) -> None:
    for _ in range(3):
        work()
    took: list[float] = []
    for _ in range(times):
        torch.cuda.synchronize()
        began = time.perf_counter()
        work()
        torch.cuda.synchronize()
        took.append((time.perf_counter() - began) * 1000)
    print(f"| {torch.cuda.get_device_name()} | {what} | {statistics.median(took):.1f} ms |")


def share_equal(one: np.ndarray, two: np.ndarray) -> float:
    return float((one == two).mean())


def test_the_demo_segmentation_gives_the_classes_that_it_gives_on_a_cpu() -> None:
    image = draw(7, SIZE).image
    on_cpu, on_gpu = (SegmentationModel(str(DEMO_SEGMENTATION), it) for it in ("cpu", "cuda"))
    (expected,), (found,) = on_cpu.predict([image]), on_gpu.predict([image])
    assert len(np.unique(expected.classes)) > 2
    assert share_equal(expected.classes, found.classes) > 0.999


def test_the_demo_segment_anything_gives_the_masks_that_it_gives_on_a_cpu() -> None:
    image = draw(7, SIZE).image
    masks = []
    for device in ("cpu", "cuda"):
        model = load_model(DEMO_SAM, device=device)
        embedding = model.encode(image)
        decoded = model.decode(embedding, [Click(SIZE[1] / 2, SIZE[0] / 2, True)])
        masks.append(model.full_size(embedding, decoded).mask())
    assert 0 < masks[0].mean() < 1
    assert share_equal(*masks) > 0.999


def test_a_full_size_segformer_is_as_on_a_cpu(tmp_path: Path) -> None:
    segformer_b2_clothes(tmp_path)
    image = draw(8, SIZE).image
    on_cpu, on_gpu = (SegmentationModel(str(tmp_path), it) for it in ("cpu", "cuda"))
    (expected,), (found,) = on_cpu.predict([image]), on_gpu.predict([image])
    # Random weights are undecided nearly everywhere: a share of ties goes the other way.
    assert share_equal(expected.classes, found.classes) > 0.98
    milliseconds("SegFormer-B2, one image of 1024x768, whole", lambda: on_gpu.predict([image]))


def test_a_full_size_segment_anything_is_as_on_a_cpu() -> None:
    torch.manual_seed(5)
    sam = sam_model_registry["vit_b"]().eval()
    image = draw(9, SIZE).image
    click = [Click(SIZE[1] / 2, SIZE[0] / 2, True)]
    on_cpu = SegmentAnything(sam, "cpu")
    expected = on_cpu.encode(image)
    logits = on_cpu.decode(expected, click).logits
    on_gpu = SegmentAnything(sam, "cuda")
    found = on_gpu.encode(image)
    (seen,), (wanted,) = found.features, expected.features
    error = (seen.cpu() - wanted).norm() / wanted.norm()
    assert error < 1e-2
    difference = (on_gpu.decode(found, click).logits.cpu() - logits).norm() / logits.norm()
    assert difference < 1e-2
    milliseconds("Segment Anything ViT-B, encoder", lambda: on_gpu.encode(image))
    milliseconds(
        "Segment Anything ViT-B, one click until the mask of 1024x768",
        lambda: on_gpu.full_size(found, on_gpu.decode(found, click)),
    )


@pytest.mark.parametrize("name", list(MODEL))
def test_a_server_answers_from_the_gpu(name: str, files: Files, tmp_path: Path) -> None:
    checkpoint = tmp_path / "sam_vit_b_random.pth"
    if name == "segment_anything_model":
        sam_vit_b(checkpoint)
    environment = {
        "MODEL_CLASS": f"backends.{name}.backend:{MODEL[name]}",
        "SEGMENTATION_MODEL": str(DEMO_SEGMENTATION),
        "SAM_CHECKPOINT": str(checkpoint),
        "DEVICE": "cuda",
        "LABEL_STUDIO_URL": files.url,
        "LABEL_STUDIO_API_KEY": TOKEN,
        "EXIT_WITHOUT_MODEL": "true",
    }
    task = {"id": 1, "data": {"image": files.put("scene.png", draw(7, SIZE).image)}}
    body = {"tasks": [task], "label_config": CONFIG, "project": "1.1", "params": {}}
    value = {"x": 50, "y": 50, "width": 0.3, "labels": ["dress"]}
    click = {"type": "keypoint", "from_name": "point", "to_name": "image", "value": value}
    click |= {"original_width": SIZE[1], "original_height": SIZE[0], "id": "a", "is_positive": True}
    if name == "segment_anything_model":
        body["params"] = {"context": {"result": [click]}}
    with serve_backend(tmp_path / "log", **environment) as url:
        wait_for_health(url)
        took: list[float] = []
        for _ in range(12):
            began = time.perf_counter()
            answer = requests.post(f"{url}/predict", json=body, timeout=60)
            took.append((time.perf_counter() - began) * 1000)
            assert answer.status_code == 200, answer.text
            assert answer.json()["results"][0]["result"], (tmp_path / "log").read_text()
    print(
        f"| {torch.cuda.get_device_name()} | {name}: /predict, first / median of 11 more "
        f"| {took[0]:.0f} / {statistics.median(took[1:]):.0f} ms |"
    )
