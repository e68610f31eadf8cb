"""The small Segment Anything: official interfaces, checkpoints, the weights of the demo."""

from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file
from segment_anything import SamPredictor
from segment_anything.modeling import MaskDecoder, PromptEncoder, Sam

from backends.segment_anything_model.demo.small_sam import CheckpointError, build_small_sam
from demo.scenes import draw
from demo.training.data import HELD_OUT_SEED

WEIGHTS = Path(__file__).parents[4] / "backends/segment_anything_model/demo/sam_small.safetensors"


def test_it_is_the_official_model_around_a_small_encoder():
    sam = build_small_sam()
    assert isinstance(sam, Sam)
    assert isinstance(sam.prompt_encoder, PromptEncoder)
    assert isinstance(sam.mask_decoder, MaskDecoder)
    assert not sam.training
    assert sum(p.numel() for p in sam.parameters()) < 3_500_000


def test_the_encoder_gives_the_grid_that_the_decoder_takes():
    sam = build_small_sam()
    with torch.inference_mode():
        features = sam.image_encoder(torch.zeros(2, 3, 256, 256))
    assert features.shape == (2, 64, *sam.prompt_encoder.image_embedding_size)


def test_a_checkpoint_in_half_precision_gives_the_same_model(tmp_path):
    torch.manual_seed(3)
    one, path = build_small_sam(), tmp_path / "weights.safetensors"
    half = {k: v.half() if v.is_floating_point() else v for k, v in one.state_dict().items()}
    save_file(half, path)
    other = build_small_sam(path)
    for name, value in other.state_dict().items():
        if value.is_floating_point():
            assert value.dtype == torch.float32
            torch.testing.assert_close(value, half[name].float())


def test_a_missing_checkpoint_is_refused_by_path(tmp_path):
    with pytest.raises(CheckpointError, match=r"no checkpoint at .*nothing"):
        build_small_sam(tmp_path / "nothing.safetensors")


def test_a_cut_off_checkpoint_is_refused(tmp_path):
    path = tmp_path / "cut.safetensors"
    path.write_bytes(WEIGHTS.read_bytes()[:5000])
    with pytest.raises(CheckpointError, match="copy it again"):
        build_small_sam(path)


def test_another_model_s_checkpoint_is_refused_with_the_setting_to_use(tmp_path):
    path = tmp_path / "other.safetensors"
    save_file({"image_encoder.pos_embed": torch.zeros(1)}, path)
    with pytest.raises(CheckpointError, match="SAM_MODEL_TYPE"):
        build_small_sam(path)


def test_the_weights_in_the_repository_say_what_they_are():
    with safe_open(WEIGHTS, "pt") as file:
        metadata = file.metadata()
        kinds = {file.get_tensor(name).dtype for name in file.keys()}  # noqa: SIM118
    assert metadata["model_type"] == "small"
    assert "demo.training.train_segment_anything" in metadata["command"]
    assert metadata["date"]
    assert kinds <= {torch.float16, torch.int64}


def test_the_weights_in_the_repository_find_garments_in_held_out_scenes():
    predictor = SamPredictor(build_small_sam(WEIGHTS))
    found = []
    for seed in range(HELD_OUT_SEED + 500, HELD_OUT_SEED + 506):
        scene = draw(seed)
        predictor.set_image(scene.image)
        for garment in scene.garments:
            truth = scene.instances == garment.number
            if truth.sum() < 500:
                continue
            rows, columns = np.flatnonzero(truth.any(1)), np.flatnonzero(truth.any(0))
            box = np.array([columns[0], rows[0], columns[-1] + 1, rows[-1] + 1])
            mask = predictor.predict(box=box, multimask_output=False)[0][0]
            found.append((mask & truth).sum() / (mask | truth).sum())
    assert len(found) > 10
    assert np.mean(found) > 0.75
