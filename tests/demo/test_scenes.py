"""Drawn scenes: deterministic, consistent, whole."""

import numpy as np
import pytest

from demo.scenes import CLASSES, draw
from demo.scenes.palette import GARMENT, ROOM, distance

SEEDS = range(40)


@pytest.fixture(scope="module")
def scenes():
    return [draw(seed) for seed in SEEDS]


def test_the_same_seed_draws_the_same_pixels():
    one, other = draw(7), draw(7)
    np.testing.assert_array_equal(one.image, other.image)
    np.testing.assert_array_equal(one.instances, other.instances)
    assert one.garments == other.garments


def test_another_seed_draws_another_picture():
    assert (draw(7).image != draw(8).image).mean() > 0.2


def test_shapes_and_types_are_those_of_the_size_asked_for():
    scene = draw(3, (300, 210))
    assert scene.image.shape == (300, 210, 3)
    assert scene.instances.shape == scene.classes.shape == (300, 210)
    assert scene.image.dtype == scene.instances.dtype == scene.classes.dtype == np.uint8


@pytest.mark.parametrize("seed", [1, 5, 12])
def test_a_larger_size_shows_the_same_scene(seed):
    small, large = draw(seed, (384, 256)), draw(seed, (1152, 768))
    assert small.garments == large.garments
    agreed = large.classes[1::3, 1::3] == small.classes
    assert agreed.mean() > 0.98
    difference = large.image[1::3, 1::3].astype(int) - small.image
    assert np.median(np.abs(difference)) <= 4


@pytest.mark.parametrize("size", [(600, 900), (256, 256), (400, 150)])
def test_people_stand_whole_inside_pictures_of_other_aspects(size):
    classes = draw(4, size).classes
    edge = np.concatenate([classes[0], classes[-1], classes[:, 0], classes[:, -1]])
    assert not edge.any()
    assert classes.any()


def test_every_instance_has_the_class_of_its_garment(scenes):
    for scene in scenes:
        for garment in scene.garments:
            seen = np.unique(scene.classes[scene.instances == garment.number])
            assert seen.tolist() == [CLASSES.index(garment.kind)]


def test_instances_and_garments_name_the_same_numbers(scenes):
    for scene in scenes:
        numbers = {garment.number for garment in scene.garments}
        assert set(np.unique(scene.instances).tolist()) - {0} == numbers


def test_pixels_without_instance_are_background_or_skin(scenes):
    allowed = {CLASSES.index("background"), CLASSES.index("skin")}
    for scene in scenes:
        assert set(np.unique(scene.classes[scene.instances == 0]).tolist()) <= allowed


def test_every_class_occurs_and_people_fill_the_picture(scenes):
    seen = np.unique(np.concatenate([np.unique(scene.classes) for scene in scenes]))
    assert seen.tolist() == list(range(len(CLASSES)))
    heights = [np.flatnonzero(scene.classes.any(1)) for scene in scenes]
    assert min(rows[-1] - rows[0] for rows in heights) > 0.6 * 384


def test_some_scenes_show_two_people(scenes):
    counts = {max(garment.figure for garment in scene.garments) for scene in scenes}
    assert counts == {0, 1}


def test_no_garment_has_a_colour_of_the_room():
    nearest = min(distance(cloth, wall) for cloth in GARMENT.values() for wall in ROOM)
    assert nearest > 150


@pytest.mark.parametrize("size", [(63, 200), (200, 9000)])
def test_a_side_out_of_range_is_refused_with_the_range(size):
    with pytest.raises(ValueError, match=r"64\.\.8192"):
        draw(1, size)
