"""Any semantic segmentation checkpoint of transformers, against its own post-processing."""

import pickle
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import (
    AutoImageProcessor,
    AutoModelForSemanticSegmentation,
    BeitConfig,
    BeitForSemanticSegmentation,
)

from backends.segmentation.label_map import read_label_map
from backends.segmentation.model import SegmentationModel
from backends.serving.errors import SettingsError
from benchmarks.equality import picture
from tests.backends.segmentation.networks import NAMES, SMALL, write
from weights.carried import carried
from weights.catalogue import find

LABEL_MAPS = Path(__file__).parents[3] / "backends/segmentation/label_maps"

# A processor that cuts out the middle, or keeps a ratio that its network cannot take, is asked for
# the whole image in a square, as we ask it.
CROP = {"do_center_crop": False, "size": {"height": 64, "width": 64}}
WHOLE = {"mobilevit": CROP, "mobilenet": CROP, "dpt": {"keep_aspect_ratio": False}}


@pytest.fixture(scope="module", params=list(SMALL))
def checkpoint(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("auto") / request.param, *SMALL[request.param]())


def transformers_own(folder: Path, image: np.ndarray, **options: Any) -> np.ndarray:
    processor = AutoImageProcessor.from_pretrained(folder)
    network: Any = AutoModelForSemanticSegmentation.from_pretrained(folder).eval()
    inputs = processor(images=image, return_tensors="pt", **options)
    with torch.no_grad():
        outputs = network(pixel_values=inputs["pixel_values"])
    (found,) = processor.post_process_semantic_segmentation(outputs, [image.shape[:2]])
    return found.numpy()


def test_classes_are_those_of_transformers_own_post_processing(checkpoint: Path) -> None:
    model = SegmentationModel(str(checkpoint), "cpu")
    seen: set[int] = set()
    for size in [(64, 64), (90, 130), (200, 75)]:
        image = picture(3, size)
        expected = transformers_own(checkpoint, image, **WHOLE.get(checkpoint.name, {}))
        (found,) = model.predict([image])
        assert found.classes.shape == size
        assert (found.classes == expected).mean() > 0.999
        seen.update(np.unique(expected).tolist())
    assert len(seen) > 1


def test_images_of_many_shapes_go_together(checkpoint: Path) -> None:
    model = SegmentationModel(str(checkpoint), "cpu")
    images = [
        picture(seed, size) for seed, size in enumerate([(70, 90), (1, 700), (500, 3), (9, 9)])
    ]
    together = model.predict(images)
    assert [it.classes.shape for it in together] == [image.shape[:2] for image in images]
    for image, found in zip(images, together, strict=True):
        (alone,) = model.predict([image])
        assert (alone.classes == found.classes).mean() > 0.99


def test_names_are_read_without_the_spaces_around_them(checkpoint: Path) -> None:
    # ADE20K's checkpoints on the hub say "bed ".
    classes = SegmentationModel(str(checkpoint), "cpu").classes
    assert classes == dict(enumerate(name.strip() for name in NAMES))


def test_an_object_at_the_edge_is_seen(tmp_path: Path) -> None:
    """Processors that cut out the middle hide the edges from the network."""
    folder = write(tmp_path / "mobilenet", *SMALL["mobilenet"]())
    dark, bright_edge = np.zeros((60, 240, 3), np.uint8), np.zeros((60, 240, 3), np.uint8)
    bright_edge[:, :20] = 255
    model = SegmentationModel(str(folder), "cpu")
    one, other = (model.predict([image])[0] for image in (dark, bright_edge))
    assert (one.classes[:, :30] != other.classes[:, :30]).any()


def test_weights_of_another_shape_are_refused(tmp_path: Path) -> None:
    folder = write(tmp_path / "beit", *SMALL["beit"]())
    file = folder / "model.safetensors"
    weights = load_file(file)
    name = next(it for it in weights if it.startswith("decode_head.classifier.weight"))
    weights[name] = weights[name][:3].clone()
    save_file(weights, file, metadata={"format": "pt"})
    with pytest.raises(SettingsError, match=r"SEGMENTATION_MODEL=.*lacks weights.*classifier"):
        SegmentationModel(str(folder), "cpu")


def test_a_bin_checkpoint_is_read_as_plain_weights(tmp_path: Path) -> None:
    folder = write(tmp_path / "beit", *SMALL["beit"]())
    (expected,) = SegmentationModel(str(folder), "cpu").predict([picture(5, (64, 64))])
    torch.save(load_file(folder / "model.safetensors"), folder / "pytorch_model.bin")
    (folder / "model.safetensors").unlink()
    (found,) = SegmentationModel(str(folder), "cpu").predict([picture(5, (64, 64))])
    assert np.array_equal(found.classes, expected.classes)


def test_a_bin_checkpoint_runs_no_code(tmp_path: Path) -> None:
    class Payload:
        def __reduce__(self):
            return (Path.touch, (tmp_path / "was-run",))

    folder = write(tmp_path / "beit", *SMALL["beit"]())
    (folder / "model.safetensors").unlink()
    (folder / "pytorch_model.bin").write_bytes(pickle.dumps({"weight": Payload()}))
    with pytest.raises(SettingsError, match="cannot be loaded"):
        SegmentationModel(str(folder), "cpu")
    assert not (tmp_path / "was-run").exists()


@pytest.mark.integration  # 650 MB on disk and a minute of forward passes on a busy machine.
def test_the_general_model_of_the_catalogue_is_as_transformers_has_it(tmp_path: Path) -> None:
    general = find("beit-base-ade20k", "segmentation")
    for file in general.files:
        if (own := carried(file.sha256)) is not None:
            shutil.copyfile(own, tmp_path / file.name)
    torch.manual_seed(0)
    state = BeitForSemanticSegmentation(BeitConfig.from_pretrained(tmp_path)).state_dict()
    # The file on the hub is of 2021: positions were among the weights then.
    positions = torch.zeros(1601, 1601, dtype=torch.long)
    for layer in range(12):
        attention = f"beit.encoder.layer.{layer}.attention.attention"
        state[f"{attention}.relative_position_bias.relative_position_index"] = positions.clone()
    torch.save(state, tmp_path / "pytorch_model.bin")
    # 163 M parameters and the positions.
    size = next(file.size for file in general.files if file.name == "pytorch_model.bin")
    assert (tmp_path / "pytorch_model.bin").stat().st_size == pytest.approx(size, rel=0.01)
    model = SegmentationModel(str(tmp_path), "cpu")
    assert set(read_label_map(LABEL_MAPS / f"{general.label_map}.yaml", model.classes).labels)
    image = picture(6, (480, 700))
    (found,) = model.predict([image])
    assert (found.classes == transformers_own(tmp_path, image)).mean() > 0.999
