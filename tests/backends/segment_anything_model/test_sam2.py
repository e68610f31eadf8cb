"""Segment Anything 2.1 and EdgeTAM against what Meta's own predictors answered, same weights."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import torch

from backends.segment_anything_model.geometry import Squashed
from backends.segment_anything_model.model import Embedding, InteractiveModel
from backends.segment_anything_model.models import load_model
from backends.segment_anything_model.prompts import Click
from backends.segment_anything_model.sam2 import SegmentAnything2
from benchmarks.equality import SIZES, agreement, ours, picture, recorded
from benchmarks.official import write_checkpoint

OFFICIAL = Path(__file__).with_name("official")

pytestmark = pytest.mark.integration  # Some seconds of encoding an image, minutes when busy.


@pytest.fixture(scope="module", params=["sam2.1-tiny", "edgetam"])
def model(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory):
    """A full-size model from a file in the official format, which encodes no image twice."""
    path = write_checkpoint(request.param, tmp_path_factory.mktemp("official"))
    loaded = load_model(path, device="cpu")
    encode, known = loaded.encode, {}

    def encode_once(image: np.ndarray) -> Embedding:
        key = image.shape, image.tobytes()
        if key not in known:
            known[key] = encode(image)
        return known[key]

    loaded.encode = encode_once
    return request.param, loaded


def test_masks_are_those_of_the_official_predictor(model: tuple[str, InteractiveModel]) -> None:
    name, loaded = model
    for size, expected in recorded(OFFICIAL / f"{name}.npz"):
        found = list(ours(loaded, size))
        assert min(agreement(found, expected)) >= 0.99, size
        for answer, official in zip(found, expected, strict=True):
            assert answer.iou == pytest.approx(official.iou, abs=0.01)
        assert len({answer.mask.tobytes() for answer in found}) == len(found)


def test_the_description_names_model_and_weights(model: tuple[str, InteractiveModel]) -> None:
    name, loaded = model
    assert loaded.describe().startswith(f"{name}@")
    assert not loaded.is_demo


def test_an_embedding_is_three_tensors_of_17_megabytes(
    model: tuple[str, InteractiveModel],
) -> None:
    embedding = model[1].encode(picture(0, SIZES[2]))
    assert [tuple(feature.shape) for feature in embedding.features] == [
        (1, 32, 256, 256),
        (1, 64, 128, 128),
        (1, 256, 64, 64),
    ]
    assert embedding.nbytes == 4 * (32 * 256**2 + 64 * 128**2 + 256 * 64**2)
    assert embedding.original_size == SIZES[2]


def test_labelers_side_by_side_get_what_each_would_get_alone(
    model: tuple[str, InteractiveModel],
) -> None:
    loaded = model[1]
    embeddings = [loaded.encode(picture(0, size)) for size in SIZES[:2]]
    clicks = [[Click(10.0 * step, 8.0 * step)] for step in range(1, 5)]
    questions = [(embedding, click) for embedding in embeddings for click in clicks]
    alone = [loaded.decode(*question).logits for question in questions]
    with ThreadPoolExecutor(8) as labelers:
        together = list(labelers.map(lambda it: loaded.decode(*it).logits, questions))
    assert all(torch.equal(one, other) for one, other in zip(alone, together, strict=True))


def test_a_folder_of_transformers_gives_the_masks_of_the_official_file(
    model: tuple[str, InteractiveModel], tmp_path: Path
) -> None:
    name, from_file = model
    assert isinstance(from_file, SegmentAnything2)
    from_file._network.save_pretrained(tmp_path)  # type: ignore[operator]
    from_folder = load_model(tmp_path, device="cpu")
    assert from_folder.describe().startswith(f"{name}@")
    found, expected = (list(ours(model, SIZES[0])) for model in (from_folder, from_file))
    assert min(agreement(found, expected)) > 0.99


@pytest.mark.parametrize("size", [(3, 5000), (600, 1)])
def test_strips_get_masks_of_their_size(
    model: tuple[str, InteractiveModel], size: tuple[int, int]
) -> None:
    loaded = model[1]
    embedding = loaded.encode(picture(0, size))
    decoded = loaded.decode(embedding, [Click(size[1] / 2, size[0] / 2)])
    assert np.isfinite(decoded.iou)
    assert loaded.full_size(embedding, decoded).shape == size
    assert loaded.as_logits(embedding, np.ones(size, np.bool_)).shape == (1, 1, 256, 256)


def test_a_mask_as_prompt_is_squashed_like_the_image() -> None:
    mask = np.zeros((50, 400), np.bool_)
    mask[10:40, 100:300] = True
    geometry = Squashed((50, 400), 1024, 256)
    logits = geometry.as_logits(mask)
    assert logits.shape == (1, 1, 256, 256)
    assert (geometry.full_size(logits).mask() == mask).mean() > 0.99
