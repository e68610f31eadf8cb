"""Training prompts: boxes, points and corrections as a labeler gives them."""

import numpy as np
import torch

from demo.training import losses, prompts


def mask_with(*blocks: tuple[slice, slice]) -> np.ndarray:
    mask = np.zeros((128, 128), bool)
    for block in blocks:
        mask[block] = True
    return mask


SQUARE = mask_with((slice(40, 60), slice(20, 50)))


def test_a_box_lies_around_the_mask_in_pixels_of_the_input():
    box = prompts.box_around(np.random.default_rng(0), SQUARE)
    np.testing.assert_allclose(box, (40, 80, 100, 120), atol=12)


def test_a_point_lies_in_the_mask():
    rng = np.random.default_rng(0)
    for central in (True, False):
        x, y = prompts.point_in(rng, SQUARE, central)
        assert SQUARE[int(y // 2), int(x // 2)]


def test_a_correction_is_positive_on_what_is_missing():
    half = mask_with((slice(40, 60), slice(20, 30)))
    (x, y), label = prompts.correction(np.random.default_rng(0), half, SQUARE)
    assert label == 1
    assert (SQUARE & ~half)[int(y // 2), int(x // 2)]


def test_a_correction_is_negative_on_what_is_too_much():
    more = SQUARE | mask_with((slice(90, 120), slice(90, 120)))
    (x, y), label = prompts.correction(np.random.default_rng(0), more, SQUARE)
    assert label == 0
    assert (more & ~SQUARE)[int(y // 2), int(x // 2)]


def test_losses_fall_as_a_mask_gets_right():
    target = torch.from_numpy(SQUARE).float()[None]
    wrong, right = -4 * (2 * target - 1), 4 * (2 * target - 1)
    assert losses.dice(right, target) < 0.2 < losses.dice(wrong, target)
    for balanced in (0.0, 0.5, 1.0):
        assert losses.cross_entropy(right, target, balanced) < losses.cross_entropy(
            wrong, target, balanced
        )
    assert losses.overlap(right, target) == 1
    assert losses.overlap(wrong, target) == 0
