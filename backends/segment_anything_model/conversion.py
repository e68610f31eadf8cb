"""The official checkpoints' names and sizes, and transformers' names of the same weights.

The names are those of transformers' own conversion scripts (convert_sam2_to_hf.py,
convert_edgetam_to_hf.py, convert_sam_to_hf.py), which its package leaves out.
"""

import re
from collections.abc import Mapping
from typing import Any

import torch

State = dict[str, torch.Tensor]

# Official hiera configurations (sam2/configs): width of the first stage, blocks and heads of the
# stages, blocks that see the whole image, window of the stages, side of the background embedding.
_HIERA: dict[str, tuple[int, list[int], int, list[int], list[int], int]] = {
    "tiny": (96, [1, 2, 7, 2], 1, [5, 7, 9], [8, 4, 14, 7], 7),
    "small": (96, [1, 2, 11, 2], 1, [7, 10, 13], [8, 4, 14, 7], 7),
    "base-plus": (112, [2, 3, 16, 3], 2, [12, 16, 20], [8, 4, 14, 7], 14),
    "large": (144, [2, 6, 36, 4], 2, [23, 33, 43], [8, 4, 16, 8], 7),
}

# Official Segment Anything 2 -> transformers, applied in this order.
_SAM2_RULES = (
    (r"^sam_(mask_decoder|prompt_encoder)\.", r"\1."),
    (r"^image_encoder\.trunk\.body\.", "vision_encoder.backbone.timm_model."),
    (r"^image_encoder\.trunk\.", "vision_encoder.backbone."),
    (r"^image_encoder\.neck\.convs\.(\d+)\.conv\.", r"vision_encoder.neck.convs.\1."),
    (r"^no_mem_embed$", "no_memory_embedding"),
    (r"(backbone\.patch_embed)\.proj\.", r"\1.projection."),
    (r"(backbone\.blocks\.\d+|transformer\.layers\.\d+)\.norm", r"\1.layer_norm"),
    (r"\.norm_final_attn\.", ".layer_norm_final_attn."),
    (r"\.out_proj\.", ".o_proj."),
    (r"\.mlp\.layers\.0\.", ".mlp.proj_in."),
    (r"\.mlp\.layers\.1\.", ".mlp.proj_out."),
    (r"(_head|_mlps\.\d+)\.layers\.0\.", r"\1.proj_in."),
    (r"(_head|_mlps\.\d+)\.layers\.1\.", r"\1.layers.0."),
    (r"(_head|_mlps\.\d+)\.layers\.2\.", r"\1.proj_out."),
    (r"\.output_upscaling\.0\.", ".upscale_conv1."),
    (r"\.output_upscaling\.1\.", ".upscale_layer_norm."),
    (r"\.output_upscaling\.3\.", ".upscale_conv2."),
    (r"\.mask_downscaling\.0\.", ".mask_embed.conv1."),
    (r"\.mask_downscaling\.1\.", ".mask_embed.layer_norm1."),
    (r"\.mask_downscaling\.3\.", ".mask_embed.conv2."),
    (r"\.mask_downscaling\.4\.", ".mask_embed.layer_norm2."),
    (r"\.mask_downscaling\.6\.", ".mask_embed.conv3."),
    (r"\.pe_layer\.positional_encoding_gaussian_matrix", ".shared_embedding.positional_embedding"),
)
# What only videos need.
_MEMORY = re.compile(
    r"memory_|maskmem_|mask_downsample\.|obj_ptr_|no_mem_pos_enc|no_obj_|spatial_perceiver\."
)
_POSITIONS = "prompt_encoder.shared_embedding.positional_embedding"
_POINT = re.compile(r"prompt_encoder\.point_embeddings\.\d\.weight")

# transformers -> official Segment Anything, applied in this order.
_SAM_RULES = (
    (r"^vision_encoder\.layers\.", "image_encoder.blocks."),
    (r"^vision_encoder\.", "image_encoder."),
    (r"\.patch_embed\.projection\.", ".patch_embed.proj."),
    (r"\.neck\.conv1\.", ".neck.0."),
    (r"\.neck\.layer_norm1\.", ".neck.1."),
    (r"\.neck\.conv2\.", ".neck.2."),
    (r"\.neck\.layer_norm2\.", ".neck.3."),
    (r"\.mask_embed\.conv1\.", ".mask_downscaling.0."),
    (r"\.mask_embed\.layer_norm1\.", ".mask_downscaling.1."),
    (r"\.mask_embed\.conv2\.", ".mask_downscaling.3."),
    (r"\.mask_embed\.layer_norm2\.", ".mask_downscaling.4."),
    (r"\.mask_embed\.conv3\.", ".mask_downscaling.6."),
    (r"\.upscale_conv1\.", ".output_upscaling.0."),
    (r"\.upscale_layer_norm\.", ".output_upscaling.1."),
    (r"\.upscale_conv2\.", ".output_upscaling.3."),
    (r"\.layer_norm", ".norm"),
    (r"(_head|_mlps\.\d+)\.layers\.0\.", r"\1.layers.1."),
    (r"(_head|_mlps\.\d+)\.proj_in\.", r"\1.layers.0."),
    (r"(_head|_mlps\.\d+)\.proj_out\.", r"\1.layers.2."),
    (r"\.point_embed\.", ".point_embeddings."),
    (r"\.shared_embedding\.positional_embedding", ".pe_layer.positional_encoding_gaussian_matrix"),
)


def transformers_sam2_state(official: Mapping[str, torch.Tensor]) -> State:
    """Return an official SAM 2, SAM 2.1 or EdgeTAM state under transformers' names, float32.

    What only videos need is left out. Unknown names stay as they are.
    """
    state: State = {}
    for name, value in official.items():
        if not _MEMORY.match(name):
            state[_renamed(name, _SAM2_RULES)] = _own(value)
    points = sorted(name for name in state if _POINT.fullmatch(name))
    if points:
        state["prompt_encoder.point_embed.weight"] = torch.cat([state.pop(n) for n in points])
    if _POSITIONS in state:
        state["shared_image_embedding.positional_embedding"] = state[_POSITIONS].clone()
    return state


def official_sam_state(converted: Mapping[str, torch.Tensor]) -> State:
    """Return the state of transformers' SamModel under the names of `segment_anything`."""
    return {
        _renamed(name, _SAM_RULES): value
        for name, value in converted.items()
        if not name.startswith("shared_image_embedding.")
    }


def hiera_size(width: int, blocks: int) -> str | None:
    """Return the name of an official Segment Anything 2 size, or None.

    Args:
        width: channels of the first stage.
        blocks: of all stages together.
    """
    for size, (its_width, stages, *_) in _HIERA.items():
        if (its_width, sum(stages)) == (width, blocks):
            return size
    return None


def sam2_config(model_type: str) -> Any:
    """Return transformers' configuration of "edgetam", or of a "sam2.1-tiny" and its like."""
    from transformers import (
        EdgeTamConfig,
        EdgeTamVisionConfig,
        Sam2Config,
        Sam2HieraDetConfig,
        Sam2VisionConfig,
        TimmWrapperConfig,
    )

    if model_type == "edgetam":
        levels = {"in_chans": 3, "features_only": True, "out_indices": (0, 1, 2, 3)}
        repvit = TimmWrapperConfig(architecture="repvit_m1.dist_in1k", model_args=levels)
        return EdgeTamConfig(vision_config=EdgeTamVisionConfig(backbone_config=repvit))
    width, blocks, heads, global_blocks, windows, background = _HIERA[model_type.partition("-")[2]]
    widths = [width * 2**stage for stage in range(4)]
    hiera = Sam2HieraDetConfig(
        hidden_size=width,
        num_attention_heads=heads,
        blocks_per_stage=blocks,
        embed_dim_per_stage=widths,
        num_attention_heads_per_stage=[heads * 2**stage for stage in range(4)],
        window_size_per_stage=windows,
        global_attention_blocks=global_blocks,
        window_positional_embedding_background_size=[background, background],
    )
    return Sam2Config(
        vision_config=Sam2VisionConfig(backbone_config=hiera, backbone_channel_list=widths[::-1])
    )


def _renamed(name: str, rules: tuple[tuple[str, str], ...]) -> str:
    for pattern, replacement in rules:
        name = re.sub(pattern, replacement, name)
    return name


def _own(value: torch.Tensor) -> torch.Tensor:
    """Copy out of the checkpoint's file, which may be replaced while the model serves."""
    return value.float().clone() if value.is_floating_point() else value.clone()
