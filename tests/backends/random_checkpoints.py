"""Full-size checkpoints with random weights, in the real files' formats, for tests of everything
but what the masks look like.

    python -m tests.backends.random_checkpoints FOLDER
"""

import sys
from pathlib import Path

import torch
import yaml
from segment_anything import sam_model_registry
from transformers import SegformerConfig, SegformerForSemanticSegmentation, SegformerImageProcessor

from backends.segmentation.settings import CLOTHES_LABEL_MAP


def sam_vit_b(path: Path) -> None:
    """Write a Segment Anything ViT-B as its authors publish it: 375 MB."""
    torch.manual_seed(0)
    torch.save(sam_model_registry["vit_b"]().state_dict(), path)


def segformer_b2_clothes(folder: Path) -> None:
    """Write a SegFormer-B2 with the 18 classes of mattmdjaga/segformer_b2_clothes: 110 MB."""
    torch.manual_seed(0)
    labels = yaml.safe_load(CLOTHES_LABEL_MAP.read_text())["labels"]
    classes = dict(enumerate(labels))
    config = SegformerConfig(
        hidden_sizes=[64, 128, 320, 512],
        depths=[3, 4, 6, 3],
        decoder_hidden_size=768,
        id2label=classes,
        label2id={name: number for number, name in classes.items()},
    )
    SegformerForSemanticSegmentation(config).save_pretrained(folder)
    SegformerImageProcessor().save_pretrained(folder)


if __name__ == "__main__":
    target = Path(sys.argv[1])
    sam_vit_b(target / "sam_vit_b_random.pth")
    segformer_b2_clothes(target / "segformer")
