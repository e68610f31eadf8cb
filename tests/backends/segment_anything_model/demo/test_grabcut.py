"""GrabCut refinement: better edges, every click kept, the same answer each time."""

from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np
import pytest

from backends.segment_anything_model.demo.grabcut import refine


def disc(shape, centre, radius):
    mask = np.zeros(shape, np.uint8)
    cv2.circle(mask, centre, radius, 1, cv2.FILLED)
    return mask > 0


def overlap(one, other):
    return (one & other).sum() / (one | other).sum()


@pytest.fixture(scope="module")
def picture():
    """A red disc and a blue one on grey cloth, and the red one's true mask."""
    rng = np.random.default_rng(0)
    image = np.full((240, 320, 3), 190, np.uint8)
    truth = disc((240, 320), (130, 120), 70)
    image[truth] = (190, 40, 50)
    image[disc((240, 320), (270, 120), 35)] = (30, 60, 190)
    noise = rng.normal(0, 6, image.shape)
    return np.clip(image + noise, 0, 255).astype(np.uint8), truth


def test_a_rough_mask_moves_to_the_edges(picture):
    image, truth = picture
    rough = disc(truth.shape, (138, 112), 66)
    assert overlap(rough, truth) < 0.85
    assert overlap(refine(image, rough), truth) > 0.97


def test_a_box_alone_finds_the_object(picture):
    image, truth = picture
    found = refine(image, np.zeros_like(truth), box=(58, 48, 203, 193))
    assert overlap(found, truth) > 0.97


def test_nothing_outside_the_box_is_taken(picture):
    image, truth = picture
    found = refine(image, truth, box=(58, 48, 150, 193))
    assert not found[:, 156:].any()
    assert overlap(found[:, :150], truth[:, :150]) > 0.95


def test_every_click_is_kept(picture):
    image, truth = picture
    points = [(130.5, 120.5), (70.0, 60.0), (180.2, 120.9), (60.9, 119.1)]
    labels = [1, 1, 0, 0]
    found = refine(image, disc(truth.shape, (130, 120), 60), points=points, labels=labels)
    assert [int(found[int(y), int(x)]) for x, y in points] == labels


def test_a_negative_click_takes_a_part_away(picture):
    image, _ = picture
    both = disc(image.shape[:2], (130, 120), 70) | disc(image.shape[:2], (270, 120), 35)
    found = refine(image, both, points=[(130, 120), (270, 120)], labels=[1, 0])
    assert found[120, 130]
    assert not found[110:130, 260:280].any()


def test_a_mask_that_misses_the_box_does_not_count(picture):
    image, truth = picture
    elsewhere = disc(truth.shape, (270, 120), 35)
    assert overlap(refine(image, elsewhere, box=(58, 48, 203, 193)), truth) > 0.97


def test_a_positive_click_beside_the_mask_adds_what_looks_alike(picture):
    image, truth = picture
    blue = disc(truth.shape, (270, 120), 35)
    found = refine(image, truth, points=[(130, 120), (270, 120)], labels=[1, 1])
    assert overlap(found, truth | blue) > 0.95


def test_a_click_alone_finds_what_looks_alike(picture):
    image, truth = picture
    found = refine(image, np.zeros_like(truth), points=[(130, 120)], labels=[1])
    assert overlap(found, truth) > 0.9


def test_clicks_at_and_beyond_the_border_do_no_harm(picture):
    image, truth = picture
    clicks = [(0, 0), (319.99, 239.99), (-5, 20), (400, 500)]
    found = refine(image, truth, points=clicks, labels=[0, 0, 0, 0])
    assert overlap(found, truth) > 0.95


def test_a_flat_picture_keeps_the_net_s_mask():
    image = np.full((100, 100, 3), 128, np.uint8)
    rough = disc((100, 100), (50, 50), 25)
    assert overlap(refine(image, rough), rough) > 0.3


@pytest.mark.parametrize("shape", [(1, 1), (2, 5), (9, 3)])
def test_tiny_pictures_are_answered(shape):
    image = np.zeros((*shape, 3), np.uint8)
    assert refine(image, np.ones(shape, bool)).shape == shape


def test_nothing_to_start_from_gives_an_empty_mask(picture):
    image, truth = picture
    assert not refine(image, np.zeros_like(truth), points=[(5, 5)], labels=[0]).any()


def test_many_threads_get_the_answers_of_one(picture):
    image, truth = picture
    rough = [disc(truth.shape, (130 + dx, 115), 60) for dx in (-9, -3, 3, 9)]
    alone = [refine(image, mask) for mask in rough]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda i: refine(image, rough[i % 4]), range(16)))
    for i, found in enumerate(together):
        np.testing.assert_array_equal(found, alone[i % 4])


def test_a_twelve_megapixel_photograph_is_worked_on_small(picture, monkeypatch):
    seen = []
    grabcut = cv2.grabCut

    def watched(image, *rest):
        seen.append(image.shape[0] * image.shape[1])
        return grabcut(image, *rest)

    monkeypatch.setattr(cv2, "grabCut", watched)
    image, truth = picture
    large = cv2.resize(image, (4000, 3000), interpolation=cv2.INTER_LINEAR)
    mask = cv2.resize(truth.astype(np.uint8), (4000, 3000)) > 0
    found = refine(large, mask)
    assert found.shape == (3000, 4000)
    assert overlap(found, mask) > 0.95
    assert seen
    assert max(seen) <= 31_000


def test_arguments_that_do_not_fit_are_refused(picture):
    image, truth = picture
    with pytest.raises(ValueError, match="does not fit"):
        refine(image, truth[:-1])
    with pytest.raises(ValueError, match="2 points, but 1 labels"):
        refine(image, truth, points=[(1, 1), (2, 2)], labels=[1])
