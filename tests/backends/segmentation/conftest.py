from pathlib import Path

import pytest
import torch
from transformers import SegformerConfig, SegformerForSemanticSegmentation, SegformerImageProcessor

# mattmdjaga/segformer_b2_clothes, config.json, id2label.
_NAMES = """Background, Hat, Hair, Sunglasses, Upper-clothes, Skirt, Pants, Dress, Belt, Left-shoe,
Right-shoe, Face, Left-leg, Right-leg, Left-arm, Right-arm, Bag, Scarf"""
CLOTHES = dict(enumerate(name.strip() for name in _NAMES.split(",")))
CLASSES = ["background", "hat", "left-shoe", "right-shoe"]


@pytest.fixture(scope="session")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SegFormer of a few thousand random weights, in the layout of a real one."""
    folder = tmp_path_factory.mktemp("segformer")
    torch.manual_seed(1)
    config = SegformerConfig(
        hidden_sizes=[8, 8, 16, 16],
        depths=[1, 1, 1, 1],
        num_attention_heads=[1, 1, 1, 1],
        decoder_hidden_size=16,
        id2label=dict(enumerate(CLASSES)),
        label2id={name: number for number, name in enumerate(CLASSES)},
    )
    network = SegformerForSemanticSegmentation(config)
    # Random weights give nearly flat logits; spread them so that argmax has something to decide.
    with torch.no_grad():
        network.decode_head.classifier.weight.mul_(200)
    network.save_pretrained(folder)
    SegformerImageProcessor(size={"height": 96, "width": 64}).save_pretrained(folder)
    return folder
