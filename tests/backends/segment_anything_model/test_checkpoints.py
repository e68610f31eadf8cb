from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from segment_anything import sam_model_registry
from segment_anything.modeling import Sam

from backends.segment_anything_model.checkpoints import load_sam
from backends.segment_anything_model.prompts import Click
from backends.segment_anything_model.sam import SegmentAnything
from backends.serving.errors import SettingsError
from tests.backends.segment_anything_model.conftest import photo


def test_the_demos_file_loads_with_its_type_and_digest(sam: Sam, checkpoint: Path) -> None:
    loaded, model_type, digest = load_sam(checkpoint)
    assert model_type == "small"
    assert len(digest) == 8
    state = sam.state_dict()
    assert all(torch.equal(value, state[key]) for key, value in loaded.state_dict().items())


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("absent.pth", None, "is not a file"),
        ("text.pth", b"<html>404</html>", "not a PyTorch checkpoint"),
        ("list.pth", [1, 2], "no state dict"),
        ("other.pth", {"weight": torch.zeros(3)}, "is not an official Segment Anything checkpoint"),
        (
            "odd.pth",
            {"image_encoder.pos_embed": torch.zeros(1, 64, 64, 100)},
            "is not an official Segment Anything checkpoint",
        ),
    ],
)
def test_what_is_no_checkpoint_is_refused_with_the_reason(
    tmp_path: Path, name: str, content: object, said: str
) -> None:
    path = tmp_path / name
    if isinstance(content, bytes):
        path.write_bytes(content)
    elif content is not None:
        torch.save(content, path)
    with pytest.raises(SettingsError, match=said):
        load_sam(path)


def test_a_foreign_safetensors_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "other.safetensors"
    save_file({"weight": torch.zeros(2)}, path)
    with pytest.raises(SettingsError, match="model_type=None"):
        load_sam(path)


def test_another_type_than_asked_for_is_refused(checkpoint: Path) -> None:
    with pytest.raises(SettingsError, match=r"SAM_MODEL_TYPE=vit_b, but .* holds small weights"):
        load_sam(checkpoint, "vit_b")


def test_a_checkpoint_runs_no_code(tmp_path: Path) -> None:
    class Payload:
        def __reduce__(self):
            return (Path.touch, (tmp_path / "was-run",))

    path = tmp_path / "evil.pth"
    torch.save({"image_encoder.pos_embed": Payload()}, path)
    with pytest.raises(SettingsError, match="plain weights"):
        load_sam(path)
    assert not (tmp_path / "was-run").exists()


def test_a_checkpoint_with_missing_weights_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "part.pth"
    torch.save({"image_encoder.pos_embed": torch.zeros(1, 64, 64, 768)}, path)
    with pytest.raises(SettingsError, match=r"not a whole vit_b checkpoint: .*Missing key"):
        load_sam(path)


@pytest.mark.integration  # 375 MB on disk, 3 GB of memory and 10-20 s of encoding.
def test_a_full_size_official_checkpoint_is_recognised_and_serves(tmp_path: Path) -> None:
    path = tmp_path / "sam_vit_b_random.pth"
    torch.manual_seed(0)
    original = sam_model_registry["vit_b"]()
    torch.save(original.state_dict(), path)
    loaded, model_type, _ = load_sam(path)
    assert model_type == "vit_b"
    model = SegmentAnything(loaded, "cpu")
    embedding = model.encode(photo(1, 300, 200))
    assert embedding.features.shape == (1, 256, 64, 64)
    mask = model.full_size(embedding, model.decode(embedding, [Click(100, 150)]))
    assert mask.shape == (300, 200)
    assert mask.dtype == np.bool_
