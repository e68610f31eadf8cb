import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from transformers import SegformerForSemanticSegmentation, SegformerImageProcessor

from backends.segmentation.label_map import read_label_map
from backends.segmentation.model import SegmentationModel, _resizing
from backends.segmentation.settings import CLOTHES_LABEL_MAP
from backends.serving.errors import SettingsError
from tests.backends.random_checkpoints import segformer_b2_clothes
from tests.backends.segmentation.conftest import CLOTHES

RNG = np.random.default_rng(5)


def picture(height: int, width: int) -> np.ndarray:
    small = RNG.integers(0, 256, (8, 6, 3), dtype=np.uint8)
    rows = np.arange(height) * 8 // height
    columns = np.arange(width) * 6 // width
    return np.ascontiguousarray(small[rows][:, columns])


@pytest.mark.parametrize(
    ("height", "width"), [(200, 130), (37, 301), (96, 64), (7, 5), (3, 9), (1, 1)]
)
def test_classes_equal_upsampling_all_logits_then_argmax(
    checkpoint: Path, height: int, width: int
) -> None:
    image = picture(height, width)
    (answer,) = SegmentationModel(str(checkpoint), "cpu").predict([image])

    network = SegformerForSemanticSegmentation.from_pretrained(checkpoint).eval()
    processor = SegformerImageProcessor.from_pretrained(checkpoint)
    inputs = processor(images=[image], return_tensors="pt", input_data_format="channels_last")
    with torch.no_grad():
        logits = network(**inputs).logits
    full = torch.nn.functional.interpolate(logits, (height, width), mode="bilinear")
    expected = full.argmax(1)[0].numpy()
    assert answer.classes.shape == (height, width)
    # Only a tie within float rounding may fall to the other side.
    assert (answer.classes == expected).mean() > 0.999
    if height * width > 1000:
        assert len(np.unique(expected)) > 1


def test_a_batch_gives_what_single_images_give(checkpoint: Path) -> None:
    model = SegmentationModel(str(checkpoint), "cpu")
    images = [picture(120, 80), picture(40, 90), picture(96, 64)]
    for alone, together in zip(
        [model.predict([image])[0] for image in images], model.predict(images), strict=True
    ):
        assert (alone.classes == together.classes).mean() > 0.999
        assert np.abs(alone.certainty.astype(int) - together.certainty).max() <= 1


def test_certainty_is_a_probability_of_the_best_of_the_classes(checkpoint: Path) -> None:
    (answer,) = SegmentationModel(str(checkpoint), "cpu").predict([picture(90, 90)])
    assert answer.certainty.dtype == np.uint8
    assert answer.certainty.min() >= 255 // 4


def test_more_images_than_cores_give_what_single_images_give(checkpoint: Path) -> None:
    model = SegmentationModel(str(checkpoint), "cpu")
    images = [picture(60 + 7 * n, 80 - 5 * n) for n in range(2 * torch.get_num_threads() + 1)]
    for alone, together in zip(
        [model.predict([image])[0] for image in images], model.predict(images), strict=True
    ):
        assert (alone.classes == together.classes).mean() > 0.999


@pytest.mark.parametrize("resample", [2, 3], ids=["bilinear", "bicubic"])
def test_the_network_sees_just_what_its_processor_makes_of_an_image(
    checkpoint: Path, tmp_path: Path, resample: int
) -> None:
    folder = tmp_path / "model"
    shutil.copytree(checkpoint, folder)
    processor = SegformerImageProcessor.from_pretrained(checkpoint, resample=resample)
    processor.save_pretrained(folder)
    model = SegmentationModel(str(folder), "cpu")
    for height, width in ((301, 203), (20, 33), (1, 900), (512, 512)):
        image = RNG.integers(0, 256, (height, width, 3), dtype=np.uint8)
        expected = processor(
            images=[image], return_tensors="pt", input_data_format="channels_last"
        )["pixel_values"]
        assert torch.equal(model._pixels(image), expected)


def test_a_processor_that_resizes_otherwise_gets_images_as_they_are() -> None:
    usual = SegformerImageProcessor()

    class Otherwise:
        size, resample = usual.size, usual.resample

        def __call__(self, images: torch.Tensor, **options: Any) -> dict[str, torch.Tensor]:
            made = usual(images=images, **options)["pixel_values"]
            return {"pixel_values": made + (images.shape[-1] > 1000)}

    pixels = torch.zeros(3, 20, 30, dtype=torch.uint8)
    assert _resizing(usual, {})(pixels).shape == (3, 512, 512)
    assert _resizing(Otherwise(), {})(pixels) is pixels


def test_no_images_no_maps(checkpoint: Path) -> None:
    assert SegmentationModel(str(checkpoint), "cpu").predict([]) == []


def test_the_version_names_the_weights(checkpoint: Path, tmp_path: Path) -> None:
    version = SegmentationModel(str(checkpoint), "cpu").version
    assert version.startswith(checkpoint.name + "@")
    assert SegmentationModel(str(checkpoint), "cpu").version == version


@pytest.mark.integration  # 110 MB on disk and some seconds of forward pass.
def test_a_full_size_clothes_checkpoint_loads_by_its_folder_and_its_map_fits(
    tmp_path: Path,
) -> None:
    segformer_b2_clothes(tmp_path)
    (weights,) = tmp_path.glob("*.safetensors")
    assert weights.stat().st_size > 4 * 27_000_000
    model = SegmentationModel(str(tmp_path), "cpu")
    # The head's four stages and its mixing are one product each.
    assert sum(weights.numel() for weights in model._network.parameters()) > 24_900_000
    (answer,) = model.predict([picture(700, 450)])
    assert answer.classes.shape == (700, 450)
    assert set(np.unique(answer.classes)) <= set(CLOTHES)
    assert read_label_map(CLOTHES_LABEL_MAP, model.classes).labels["other tops"] == (4,)


def test_a_checkpoint_without_a_segmentation_head_is_refused(
    checkpoint: Path, tmp_path: Path
) -> None:
    # transformers itself only warns and fills the head with random numbers.
    network = SegformerForSemanticSegmentation.from_pretrained(checkpoint)
    network.segformer.save_pretrained(tmp_path)
    SegformerImageProcessor.from_pretrained(checkpoint).save_pretrained(tmp_path)
    with pytest.raises(SettingsError, match=r"lacks weights .*: decode_head"):
        SegmentationModel(str(tmp_path), "cpu")


def test_a_folder_that_is_no_checkpoint_is_refused_with_advice(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"SEGMENTATION_MODEL=.*config\.json"):
        SegmentationModel(str(tmp_path), "cpu")
