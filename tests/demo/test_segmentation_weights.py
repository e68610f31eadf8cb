"""The small SegFormer of the demo: loads as any SegFormer does, knows the scenes' classes."""

from pathlib import Path

import numpy as np
import pytest
import torch
import yaml
from transformers import SegformerForSemanticSegmentation, SegformerImageProcessor

from demo.scenes import CLASSES, draw
from demo.training.data import HELD_OUT_SEED

FOLDER = Path(__file__).parents[2] / "backends/segmentation/demo"


@pytest.fixture(scope="module")
def model():
    return SegformerForSemanticSegmentation.from_pretrained(FOLDER, dtype=torch.float32).eval()


def test_its_classes_are_those_that_the_scenes_draw(model):
    assert tuple(model.config.id2label[i] for i in range(len(CLASSES))) == CLASSES


def test_the_label_map_says_something_about_every_class():
    labels = yaml.safe_load((FOLDER / "label_map.yaml").read_text())["labels"]
    assert set(labels) == set(CLASSES)
    assert labels["background"] is None
    assert labels["skin"] is None


def test_it_names_most_pixels_of_held_out_scenes_rightly(model):
    processor = SegformerImageProcessor.from_pretrained(FOLDER)
    right = []
    for seed in range(HELD_OUT_SEED + 500, HELD_OUT_SEED + 503):
        scene = draw(seed, (600, 400))
        with torch.inference_mode():
            pixels = processor(images=scene.image, return_tensors="pt")["pixel_values"]
            logits = model(pixel_values=pixels).logits
        full = torch.nn.functional.interpolate(logits, scene.classes.shape, mode="bilinear")
        worn = scene.instances > 0
        right.append((full.argmax(1)[0].numpy() == scene.classes)[worn].mean())
    assert np.mean(right) > 0.85
