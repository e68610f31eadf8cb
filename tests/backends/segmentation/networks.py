"""Random checkpoints of transformers' semantic segmentation models, in its folders."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import torch
from transformers import (
    BeitConfig,
    BeitForSemanticSegmentation,
    BeitImageProcessor,
    ConvNextConfig,
    DPTConfig,
    DPTForSemanticSegmentation,
    DPTImageProcessor,
    MobileNetV2Config,
    MobileNetV2ForSemanticSegmentation,
    MobileNetV2ImageProcessor,
    MobileViTConfig,
    MobileViTForSemanticSegmentation,
    MobileViTImageProcessor,
    SegformerImageProcessor,
    UperNetConfig,
    UperNetForSemanticSegmentation,
)

NAMES = ["wall", "bed ", "door", "person", "screen", "painting"]
LABELS: dict[str, Any] = {
    "id2label": dict(enumerate(NAMES)),
    "label2id": {name: number for number, name in enumerate(NAMES)},
}
SIZE = {"height": 64, "width": 64}


def beit() -> tuple[Any, Any]:
    config = cast(Any, BeitConfig)(
        image_size=64,
        patch_size=8,
        hidden_size=32,
        num_hidden_layers=4,
        num_attention_heads=2,
        intermediate_size=64,
        out_indices=[1, 2, 3, 4],
        use_relative_position_bias=True,
        use_absolute_position_embeddings=False,
        **LABELS,
    )
    processor = BeitImageProcessor(size=SIZE, do_center_crop=False, do_reduce_labels=True)
    return BeitForSemanticSegmentation(config), processor


def upernet() -> tuple[Any, Any]:
    backbone = cast(Any, ConvNextConfig)(
        depths=[1, 1, 1, 1],
        hidden_sizes=[8, 16, 24, 32],
        out_features=[f"stage{n}" for n in "1234"],
    )
    config = UperNetConfig(
        backbone_config=backbone,
        hidden_size=32,
        auxiliary_in_channels=24,
        auxiliary_channels=16,
        **LABELS,
    )
    processor = SegformerImageProcessor(size=SIZE, do_reduce_labels=True)
    return UperNetForSemanticSegmentation(config), processor


def dpt() -> tuple[Any, Any]:
    config = DPTConfig(
        image_size=64,
        patch_size=8,
        hidden_size=32,
        num_hidden_layers=4,
        num_attention_heads=2,
        intermediate_size=64,
        backbone_out_indices=[0, 1, 2, 3],
        neck_hidden_sizes=[16, 16, 32, 32],
        fusion_hidden_size=16,
        is_hybrid=False,
        **LABELS,
    )
    processor = DPTImageProcessor(size=SIZE, keep_aspect_ratio=True, ensure_multiple_of=8)
    return DPTForSemanticSegmentation(config), processor


def mobilevit() -> tuple[Any, Any]:
    config = MobileViTConfig(
        image_size=64,
        hidden_sizes=[16, 24, 32],
        neck_hidden_sizes=[8, 8, 16, 16, 16, 24, 32],
        num_attention_heads=2,
        aspp_out_channels=16,
        atrous_rates=[2, 3, 4],
        **LABELS,
    )
    processor = MobileViTImageProcessor(size={"shortest_edge": 72}, crop_size=SIZE)
    return MobileViTForSemanticSegmentation(config), processor


def mobilenet() -> tuple[Any, Any]:
    config = MobileNetV2Config(image_size=64, depth_multiplier=0.35, output_stride=16, **LABELS)
    processor = MobileNetV2ImageProcessor(size={"shortest_edge": 72}, crop_size=SIZE)
    return MobileNetV2ForSemanticSegmentation(config), processor


SMALL: dict[str, Callable[[], tuple[Any, Any]]] = {
    it.__name__: it for it in (beit, upernet, dpt, mobilevit, mobilenet)
}


def write(folder: Path, network: Any, processor: Any, **how: Any) -> Path:
    """Write a checkpoint whose classes have something to decide, and return its folder."""
    torch.manual_seed(4)
    with torch.no_grad():
        for name, weights in network.named_parameters():
            if weights.ndim > 1:
                weights.normal_(0, (2.0 / weights[0].numel()) ** 0.5)
            elif "bias" in name:
                weights.normal_(0, 0.02)
        # Through many layers a random signal vanishes, unless they are normalised for it.
        for module in network.modules():
            if isinstance(module, torch.nn.BatchNorm2d):
                module.momentum = 1.0
        network.train()(pixel_values=torch.rand(4, 3, 64, 64))
        network.eval()
    network.save_pretrained(folder, **how)
    processor.save_pretrained(folder)
    return folder
