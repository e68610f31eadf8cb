"""Where a grid is above 0 at an image's size, against torch's interpolation of every pixel."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn import functional

from backends.serving import upsampling
from masks.runs import Runs


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
     ((200, 200), (200, 900)), ((200, 200), (100, 80)), ((200, 20), (40, 3000)),
     ((200, 200), (201, 203)), ((40, 40), (41, 1900))],
)  # fmt: skip
def test_a_mask_equals_that_of_all_pixels_interpolated(
    grid: tuple[int, int], size: tuple[int, int]
) -> None:
    values = outline(*grid)
    expected = every_pixel(values, *size)
    differing = upsampling.positive(values, *size).mask() != (expected > 0).numpy()
    # Where they differ, the value is 0 but for rounding.
    assert not (differing & (expected.abs() > 1e-5).numpy()).any()
    assert differing.mean() < 1e-5


def test_noise_is_interpolated_all_at_once() -> None:
    torch.manual_seed(3)
    values = torch.randn(64, 64)
    found = upsampling.positive(values, 300, 280).mask()
    assert np.array_equal(found, (every_pixel(values, 300, 280) > 0).numpy())


def test_a_mask_of_a_smooth_object_looks_at_few_pixels_one_by_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def all_at_once(*_: object) -> None:
        raise AssertionError("every pixel was interpolated")

    monkeypatch.setattr(upsampling, "_all_at_once", all_at_once)
    assert upsampling.positive(outline(256, 256), 1000, 1000).any()


@given(seed=st.integers(0, 2**32 - 1), waves=st.integers(1, 4), finer=st.floats(1.2, 6))
def test_runs_are_those_of_the_mask_whatever_the_object(
    seed: int, waves: int, finer: float
) -> None:
    """Objects that touch edges and corners, leave a row and begin the next, or are a pixel wide."""
    generator = torch.Generator().manual_seed(seed)
    few = torch.randn(1, 1, 1 + waves, 2 + waves, generator=generator)
    values = functional.interpolate(few, (60, 70), mode="bicubic", align_corners=True)[0, 0]
    size = round(60 * finer), round(70 * finer)
    found = upsampling.positive(values, *size)
    expected = every_pixel(values, *size)
    differing = found.mask() != (expected > 0).numpy()
    assert not (differing & (expected.abs() > 1e-5).numpy()).any()
    assert np.array_equal(found.ends, Runs.of(found.mask()).ends)


def test_nothing_and_everything_stay_so() -> None:
    for value in (-1.0, 0.0, 1.0):
        found = upsampling.positive(torch.full((32, 32), value), 200, 150).mask()
        assert found.all() if value > 0 else not found.any()


@pytest.mark.filterwarnings("ignore:invalid value")
@pytest.mark.parametrize("value", [float("inf"), float("-inf"), float("nan")])
def test_what_is_no_number_leaves_runs_of_the_images_size(value: float) -> None:
    values = outline(60, 70)
    values[20:24, 30:34] = value
    values[-1, -1] = value
    found = upsampling.positive(values, 301, 280)
    assert (np.diff(found.ends) > 0).all()
    assert found.ends[-1] == 301 * 280 - 1
    assert found.mask().shape == (301, 280)
