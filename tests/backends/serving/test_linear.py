"""Linear layers by oneDNN: torch's answers, on the way that is quick, where it is."""

import copy
import platform
from typing import Any

import pytest
import torch
from torch import nn
from torch.nn import functional

from backends.serving import linear as module
from backends.serving.linear import ROWS, Packed, is_quick, linear, with_quick_layers


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[torch.Tensor]:
    """The weights that oneDNN is given."""
    weights: list[torch.Tensor] = []
    step: Any = module._ONEDNN
    # A torch without the step must be noticed: it would only be slower.
    if platform.machine().lower() not in {"x86_64", "amd64"}:
        pytest.skip("only used on x86 processors")
    assert step is not None

    def noting(x: torch.Tensor, weight: torch.Tensor, *others: Any) -> torch.Tensor:
        weights.append(weight)
        return step(x, weight, *others)

    monkeypatch.setattr(module, "_ONEDNN", noting)
    return weights


@pytest.mark.parametrize("shape", [(ROWS, 24), (1, 5, 8, 24), (3, ROWS, 24), (1000, 24)])
@pytest.mark.parametrize("bias", [None, torch.linspace(-3, 3, 40)])
@torch.inference_mode()
def test_the_answer_is_torchs(
    asked: list[torch.Tensor], shape: tuple[int, ...], bias: torch.Tensor | None
) -> None:
    x, weight = torch.randn(*shape), torch.randn(40, 24)
    expected = functional.linear(x, weight, bias)
    found = linear(x, weight, bias)
    assert found.shape == expected.shape
    assert torch.allclose(found, expected, atol=1e-5)
    assert len(asked) == 1


@pytest.mark.parametrize(
    ("x", "weight"),
    [
        (torch.randn(24, 64).T, torch.randn(40, 24)),
        (torch.randn(64, 48)[:, ::2], torch.randn(40, 24)),
        (torch.randn(64, 24), torch.randn(24, 40).T),
        (torch.randn(64, 24), torch.randn(80, 24)[40:]),
    ],
    ids=["turned input", "every second column", "turned weight", "rows of a weight"],
)
@torch.inference_mode()
def test_numbers_may_lie_otherwise_in_memory(
    asked: list[torch.Tensor], x: torch.Tensor, weight: torch.Tensor
) -> None:
    assert torch.allclose(linear(x, weight), functional.linear(x, weight), atol=1e-5)
    assert len(asked) == 1


@torch.inference_mode()
def test_what_onednn_has_no_quick_way_for_is_left_to_torch(asked: list[torch.Tensor]) -> None:
    columns = torch.randn(18, 768)[:, 96:192]
    x = torch.randn(ROWS, 96)
    assert torch.equal(linear(x, columns), functional.linear(x, columns))
    linear(torch.randn(ROWS - 1, 24), torch.randn(40, 24))
    linear(torch.randn(ROWS, 24).double(), torch.randn(40, 24).double())
    assert asked == []


def test_gradients_and_half_precision_are_torchs(asked: list[torch.Tensor]) -> None:
    x, weight = torch.randn(64, 24), torch.randn(40, 24, requires_grad=True)
    linear(x, weight).sum().backward()
    assert weight.grad is not None
    with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16):
        assert not is_quick(x)
        assert linear(x, weight).dtype is torch.bfloat16
    assert asked == []


@torch.inference_mode()
def test_without_the_step_all_is_torchs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_ONEDNN", None)
    x, weight = torch.randn(64, 24), torch.randn(40, 24)
    assert not is_quick(x)
    assert torch.equal(linear(x, weight), functional.linear(x, weight))


@torch.inference_mode()
def test_a_module_keeps_its_weights_and_its_answer(asked: list[torch.Tensor]) -> None:
    official = nn.Sequential(nn.Linear(24, 40), nn.GELU(), nn.Sequential(nn.Linear(40, 8, False)))
    quick = with_quick_layers(copy.deepcopy(official))
    assert quick.state_dict().keys() == official.state_dict().keys()
    quick.load_state_dict(official.state_dict())
    x = torch.randn(2, 50, 24)
    assert torch.allclose(quick(x), official(x), atol=1e-5)
    assert len(asked) == 2


@torch.inference_mode()
def test_a_packed_layer_keeps_its_weights_and_its_answer(
    asked: list[torch.Tensor], monkeypatch: pytest.MonkeyPatch
) -> None:
    official = nn.Linear(256, 2048)
    packed = Packed(official)
    assert packed.state_dict().keys() == official.state_dict().keys()
    for rows in (1, 7, 8, 40):
        x = torch.randn(2, rows, 256)
        assert torch.allclose(packed(x), official(x), atol=1e-5)
    # In oneDNN's own order, not the weight itself.
    assert [weight.is_mkldnn for weight in asked] == [True] * 4
    monkeypatch.setattr(module, "_ONEDNN", None)
    assert torch.allclose(Packed(official)(x), official(x), atol=1e-5)
    assert torch.allclose(packed(x), official(x), atol=1e-5)
