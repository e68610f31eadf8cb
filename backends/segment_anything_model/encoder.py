"""Segment Anything's image encoder in a part of the memory, with the same answer.

The official attention keeps the scores of all heads over all pairs of the 4096 image tokens, and
makes more copies of them: gigabytes for one encode. Here a few hundred queries of one head are
looked at at a time.
"""

import torch
from segment_anything.modeling import Sam
from segment_anything.modeling.image_encoder import Attention, get_rel_pos
from torch import Tensor, nn
from torch.nn import functional

# Scores that are kept at a time, 8 MB in float32: about what a processor's cache holds.
SCORES = 512 * 4096


def spare_memory(sam: Sam) -> None:
    """Give a model the attention of this module, where its encoder has the official one."""
    for module in list(sam.image_encoder.modules()):
        for name, child in list(module.named_children()):
            if isinstance(child, Attention) and child.use_rel_pos:
                setattr(module, name, ChunkedAttention(child))


class ChunkedAttention(nn.Module):
    """The official attention with relative positions, some of its queries at a time.

    Its parameters are those of the official one, by the same names.
    """

    def __init__(self, official: Attention) -> None:
        super().__init__()
        self.num_heads = official.num_heads
        self.qkv = official.qkv
        self.proj = official.proj
        self.rel_pos_h = official.rel_pos_h
        self.rel_pos_w = official.rel_pos_w

    def forward(self, x: Tensor) -> Tensor:
        """Take and return (windows, height, width, channels)."""
        windows, height, width, _ = x.shape
        tokens, heads = height * width, windows * self.num_heads
        parts = self.qkv(x).view(windows, tokens, 3, self.num_heads, -1).permute(2, 0, 3, 1, 4)
        q, k, v = parts.reshape(3, heads, tokens, -1).unbind(0)
        grid = q.view(heads, height, width, -1)
        from_rows = torch.einsum(
            "bhwc,hkc->bhwk", grid, get_rel_pos(height, height, self.rel_pos_h)
        )
        from_columns = torch.einsum(
            "bhwc,wkc->bhwk", grid, get_rel_pos(width, width, self.rel_pos_w)
        )
        out = torch.empty_like(q)
        rows = max(1, min(height, SCORES // (tokens * width)))
        together = max(1, SCORES // (tokens * rows * width))
        for head in range(0, heads, together):
            some = slice(head, head + together)
            for row in range(0, height, rows):
                here = slice(row, row + rows)
                asking = slice(row * width, (row + rows) * width)
                bias = from_rows[some, here, :, :, None] + from_columns[some, here, :, None, :]
                out[some, asking] = functional.scaled_dot_product_attention(
                    q[None, some, asking],
                    k[None, some],
                    v[None, some],
                    attn_mask=bias.flatten(1, 2).flatten(2)[None],
                )[0]
        merged = out.view(windows, self.num_heads, height, width, -1).permute(0, 2, 3, 1, 4)
        return self.proj(merged.reshape(windows, height, width, -1))
