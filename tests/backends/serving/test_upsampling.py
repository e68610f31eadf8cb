"""Where a grid is above 0 at an image's size, against torch's interpolation of every pixel."""

import numpy as np
import pytest
import torch
from torch.nn import functional

from backends.serving import upsampling


def outline(height: int, width: int) -> torch.Tensor:
    """A smooth object with a hole and a part that leaves the grid."""
    y, x = torch.meshgrid(torch.linspace(0, 1, height), torch.linspace(0, 1, width), indexing="ij")
    ring = 0.1 - ((x - 0.5).hypot(y - 0.45) - 0.28).abs()
    corner = 0.3 - (x - 1).hypot(y - 1)
    return torch.maximum(ring, corner) * 20 + 0.3 * torch.sin(40 * x) * torch.cos(31 * y)


def every_pixel(grid: torch.Tensor, height: int, width: int) -> torch.Tensor:
    size = (height, width)
    return functional.interpolate(grid[None, None], size, mode="bilinear", align_corners=False)[
        0, 0
    ]


@pytest.mark.parametrize(
    ("grid", "size"),
    [((256, 192), (1400, 1050)), ((96, 256), (301, 1203)), ((256, 3), (5000, 40)), ((1, 1), (9, 9)),
     ((200, 200), (200, 900)), ((200, 200), (100, 80))],
)  # fmt: skip
def test_a_mask_equals_that_of_all_pixels_interpolated(
    grid: tuple[int, int], size: tuple[int, int]
) -> None:
    values = outline(*grid)
    expected = every_pixel(values, *size)
    differing = upsampling.positive(values, *size) != (expected > 0).numpy()
    # Where they differ, the value is 0 but for rounding.
    assert not (differing & (expected.abs() > 1e-5).numpy()).any()
    assert differing.mean() < 1e-5


def test_noise_is_interpolated_all_at_once() -> None:
    torch.manual_seed(3)
    values = torch.randn(64, 64)
    found = upsampling.positive(values, 300, 280)
    assert np.array_equal(found, (every_pixel(values, 300, 280) > 0).numpy())


def test_a_mask_of_a_smooth_object_looks_at_few_pixels_one_by_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def all_at_once(*_: object) -> None:
        raise AssertionError("every pixel was interpolated")

    monkeypatch.setattr(upsampling, "_all_at_once", all_at_once)
    assert upsampling.positive(outline(256, 256), 1000, 1000).any()


def test_nothing_and_everything_stay_so() -> None:
    for value in (-1.0, 0.0, 1.0):
        found = upsampling.positive(torch.full((32, 32), value), 200, 150)
        assert found.all() if value > 0 else not found.any()
