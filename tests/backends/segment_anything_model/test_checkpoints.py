from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from segment_anything.modeling import Sam

from backends.segment_anything_model.checkpoints import read_checkpoint
from backends.segment_anything_model.models import load_model
from backends.segment_anything_model.sam import SegmentAnything
from backends.serving.errors import SettingsError


def test_the_demos_file_loads_with_its_type_and_digest(sam: Sam, checkpoint: Path) -> None:
    found = read_checkpoint(checkpoint)
    assert found.type == "small"
    assert len(found.digest) == 8
    loaded = load_model(checkpoint, device="cpu")
    assert isinstance(loaded, SegmentAnything)
    assert loaded.is_demo
    assert loaded.describe() == f"sam-small@{found.digest}"
    state = sam.state_dict()
    assert all(torch.equal(value, state[key]) for key, value in loaded._sam.state_dict().items())


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("absent.pth", None, "does not exist"),
        ("text.pth", b"<html>404</html>", "not a PyTorch checkpoint"),
        ("list.pth", [1, 2], "no state dict"),
        (
            "other.pth",
            {"weight": torch.zeros(3)},
            "holds no known model; give an official checkpoint of Segment",
        ),
        (
            "odd.pth",
            {"image_encoder.pos_embed": torch.zeros(1, 64, 64, 100)},
            "holds no known model; give an official checkpoint of Segment",
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
        load_model(path)


def test_a_foreign_safetensors_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "other.safetensors"
    save_file({"weight": torch.zeros(2)}, path)
    with pytest.raises(SettingsError, match=r"model_type=None.*give its folder"):
        load_model(path)


def test_another_type_than_asked_for_is_refused(checkpoint: Path) -> None:
    with pytest.raises(SettingsError, match=r"SAM_MODEL_TYPE=vit_b, but .* holds small weights"):
        load_model(checkpoint, "vit_b")


def test_a_checkpoint_runs_no_code(tmp_path: Path) -> None:
    class Payload:
        def __reduce__(self):
            return (Path.touch, (tmp_path / "was-run",))

    path = tmp_path / "evil.pth"
    torch.save({"image_encoder.pos_embed": Payload()}, path)
    with pytest.raises(SettingsError, match="plain weights"):
        load_model(path)
    assert not (tmp_path / "was-run").exists()


def test_a_checkpoint_with_missing_weights_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "part.pth"
    torch.save({"image_encoder.pos_embed": torch.zeros(1, 64, 64, 768)}, path)
    with pytest.raises(SettingsError, match=r"not a whole vit_b checkpoint: .*Missing key"):
        load_model(path)
