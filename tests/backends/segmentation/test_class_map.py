"""The class map against the plain way: all logits of all pixels, then argmax."""

import numpy as np
import pytest
import torch
from torch.nn import functional

from backends.segmentation.class_map import class_map

RNG = np.random.default_rng(11)
SIZES = [(97, 61), (200, 333), (16, 16), (1, 1), (1, 40), (40, 1), (7, 5), (3, 500)]


def plain(logits: torch.Tensor, height: int, width: int) -> np.ndarray:
    full = functional.interpolate(logits[None], (height, width), mode="bilinear")
    return full[0].argmax(0).numpy()


def noise(classes: int, height: int, width: int) -> torch.Tensor:
    return torch.from_numpy(RNG.standard_normal((classes, height, width)).astype(np.float32))


def objects(classes: int, height: int, width: int) -> torch.Tensor:
    """A few classes that are far ahead in patches, as networks answer."""
    small = noise(classes, 4, 3)[None] * 9
    large = functional.interpolate(small, (height, width), mode="bicubic")
    return large[0] + noise(classes, height, width) / 10


def narrow(classes: int, height: int, width: int) -> torch.Tensor:
    """Leads of a few roundings, under logits that are large."""
    steps = torch.from_numpy(RNG.integers(-2, 3, (classes, height, width)).astype(np.float32))
    return 300 + steps * float(np.spacing(np.float32(300)))


def crossing(classes: int, height: int, width: int) -> torch.Tensor:
    """Classes that win between cells and in none of them."""
    slope = torch.linspace(-8, 8, width).repeat(height, 1)
    flat = torch.zeros(height, width)
    return torch.stack([slope.sign() * 8, flat - slope.sign() * 8, *[flat + 1] * (classes - 2)])


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("low", [(16, 12), (1, 1), (1, 9), (31, 2)])
@pytest.mark.parametrize("scene", [noise, objects, crossing])
def test_classes_equal_those_of_all_logits(scene, low: tuple[int, int], size: tuple[int, int]):
    logits = scene(5, *low)
    assert np.array_equal(class_map(logits, *size).classes, plain(logits, *size))


def test_classes_equal_where_a_lead_is_as_small_as_rounding() -> None:
    # The plain way's own order of additions decides there: both are right within a rounding.
    logits = narrow(4, 12, 9)
    found = class_map(logits, 120, 99).classes
    full = functional.interpolate(logits[None].double(), (120, 99), mode="bilinear")[0].numpy()
    taken = np.take_along_axis(full, found[None].astype(np.intp), 0)[0]
    assert (full.max(0) - taken).max() <= 6 * np.spacing(np.float32(300))


def test_of_equal_classes_the_first_is_taken() -> None:
    logits = objects(3, 9, 9)[[2, 0, 0, 1, 2]]
    assert np.array_equal(class_map(logits, 70, 81).classes, plain(logits, 70, 81))
    assert class_map(torch.zeros(6, 5, 5), 30, 30).classes.max() == 0


def test_one_logit_far_above_all_others_hides_none_of_them() -> None:
    logits = objects(6, 14, 10)
    logits[2, 3, 3] = 1e9
    assert np.array_equal(class_map(logits, 140, 101).classes, plain(logits, 140, 101))


def test_many_classes_on_a_large_image() -> None:
    logits = objects(150, 32, 32)
    found, expected = class_map(logits, 480, 640).classes, plain(logits, 480, 640)
    assert np.array_equal(found, expected)
    assert len(np.unique(found)) > 5
