"""The smooth masks that stand for what random weights answer."""

import numpy as np
import torch

from benchmarks.segment_anything import overlap
from benchmarks.speed.garment import garment
from benchmarks.speed.mask_figures import garment_mask
from benchmarks.speed.outfit import outfit
from benchmarks.speed.studios import PROBE, center, regions
from masks.rle import decode_mask


def noise(seed: int, *shape: int) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def test_noise_becomes_a_garment_of_a_third_of_the_picture_with_a_short_outline() -> None:
    mask = (garment(noise(0, 1, 1, 256, 256))[0, 0] > 0).numpy()[:, :170]
    assert 0.15 < mask.mean() < 0.5
    assert (mask[:, 1:] != mask[:, :-1]).sum() < 6 * 256
    assert mask[int(256 * PROBE[1]), int(170 * PROBE[0])]


def test_another_answer_of_the_decoder_is_another_mask_and_the_same_is_the_same() -> None:
    one, other = (garment(noise(seed, 1, 1, 256, 256)) > 0 for seed in (1, 2))
    assert overlap(one.numpy(), other.numpy()) < 0.95
    assert torch.equal(one, garment(noise(1, 1, 1, 256, 256)) > 0)


def test_a_networks_noise_becomes_the_outfits_classes() -> None:
    classes = outfit(noise(0, 2, 18, 128, 128)).argmax(1)[0].numpy()
    assert {0, 4, 5, 9, 16} <= set(np.unique(classes))
    assert (classes[:, 1:] != classes[:, :-1]).mean() < 0.05


def test_no_mask_of_a_task_lies_where_a_clicks_mask_is_looked_for() -> None:
    for count in (8, 30):
        for number, region in enumerate(regions("0.5", count)):
            size = region["original_height"], region["original_width"]
            mask = decode_mask(region["value"]["rle"], *size)
            x, y = center(number, count)
            assert mask[int(y * size[0]), int(x * size[1])]
            assert not mask[int(PROBE[1] * size[0]), int(PROBE[0] * size[1])]


def test_a_mask_of_twelve_megapixels_is_as_smooth_as_a_small_one() -> None:
    small, large = garment_mask(300, 200), garment_mask(3000, 2000)
    assert abs(small.mean() - large.mean()) < 0.01
