"""Which numbers a network works in, and that masks and classes hardly notice."""

import numpy as np
import pytest
import torch

from backends.segment_anything_model.models import load_model
from backends.segment_anything_model.prompts import Click
from backends.segmentation.model import SegmentationModel
from backends.serving import precision
from backends.serving.errors import SettingsError
from backends.serving.precision import chosen, working_in
from demo.scenes.scene import draw
from tests.backends.servers import ROOT

CPU = torch.device("cpu")
DEMO_SEGMENTATION = ROOT / "backends" / "segmentation" / "demo"
DEMO_SAM = ROOT / "backends" / "segment_anything_model" / "demo" / "sam_small.safetensors"


@pytest.mark.parametrize(
    ("bf16", "taken"), [(0.5, "bf16"), (0.7, "fp32"), (1.0, "fp32"), (40.0, "fp32")]
)
def test_half_precision_is_taken_where_it_is_much_quicker(
    monkeypatch: pytest.MonkeyPatch, bf16: float, taken: str
) -> None:
    seconds = {"fp32": 1.0, "bf16": bf16}
    monkeypatch.setattr(precision, "seconds_of_a_product", lambda *_: seconds)
    assert chosen("auto", CPU) == taken
    assert chosen("fp32", CPU) == "fp32"
    assert chosen("bf16", CPU) == "bf16", "whoever asks for it has it"


@pytest.mark.parametrize(("bf16", "taken"), [(0.19, "bf16"), (0.21, "bf16"), (0.9, "fp16")])
def test_a_gpu_takes_the_same_half_after_each_start(
    monkeypatch: pytest.MonkeyPatch, bf16: float, taken: str
) -> None:
    seconds = {"fp32": 1.0, "bf16": bf16, "fp16": 0.2}
    monkeypatch.setattr(precision, "seconds_of_a_product", lambda *_: seconds)
    assert chosen("auto", torch.device("cuda")) == taken


def test_what_a_processor_has_not_is_refused() -> None:
    with pytest.raises(SettingsError, match="fp16 wants a GPU"):
        chosen("fp16", CPU)


def test_a_product_is_timed_and_made_in_the_chosen_numbers() -> None:
    seconds = precision.seconds_of_a_product(("fp32", "bf16"), CPU)
    assert seconds.keys() == {"fp32", "bf16"}
    assert all(taken > 0 for taken in seconds.values())
    ones = torch.ones(2, 2)
    with working_in("bf16", CPU):
        assert (ones @ ones).dtype == torch.bfloat16
    with working_in("fp32", CPU):
        assert (ones @ ones).dtype == torch.float32


def test_a_mask_in_half_precision_is_nearly_the_same_and_has_another_version() -> None:
    scene = draw(3, (192, 128)).image
    whole, half = (load_model(DEMO_SAM, "auto", "cpu", kind) for kind in ("fp32", "bf16"))
    assert half.describe() == f"{whole.describe()}-bf16"
    masks = []
    for model in (whole, half):
        embedding = model.encode(scene)
        assert {feature.dtype for feature in embedding.features} == {torch.float32}
        decoded = model.decode(embedding, [Click(96.0, 64.0)])
        masks.append(model.full_size(embedding, decoded).mask())
    assert masks[0].any()
    assert (masks[0] & masks[1]).sum() / (masks[0] | masks[1]).sum() > 0.95


def test_classes_in_half_precision_are_nearly_the_same_and_have_another_version() -> None:
    scene = draw(3, (192, 128)).image
    whole, half = (SegmentationModel(str(DEMO_SEGMENTATION), "cpu", it) for it in ("fp32", "bf16"))
    assert half.version == f"{whole.version}-bf16"
    (exact,), (near,) = whole.predict([scene]), half.predict([scene])
    assert len(np.unique(exact.classes)) > 2
    assert (exact.classes == near.classes).mean() > 0.98
