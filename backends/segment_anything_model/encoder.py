"""Segment Anything's image encoder in parts, with the same answer in less time and memory.

The official blocks work on all tokens at once. Their attention keeps the scores of all heads over
all pairs of 4096 tokens, gigabytes for one encode; every other step writes tens of megabytes, in
pages that the kernel has to bring, for the next step to read back from memory. Here a part goes
through several steps while it is in a processor's cache. And what windows at the edge are padded
with is not computed: behind the norm it is zeros, of which a projection leaves its bias.

Nor is what lies below or beside an image that is no square: until blocks look at all tokens, whole
windows of padding are the same for every image.
"""

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from backends.segment_anything_model.official import Sam, image_encoder
from backends.serving.linear import is_quick, linear, with_quick_layers

# Tokens that go through a projection or the MLP together on a processor: 13 MB of the MLP's.
TOKENS = 1024
# Scores that are kept at a time, 8 MB in float32.
SCORES = 512 * 4096
# The same where torch's own attention makes them. Below 768 queries at a time it takes smaller
# blocks of them (`flash_attention_kernel_impl` in ATen's FlashAttentionKernel.cpp).
OFFICIAL_SCORES = 1024 * 4096


def in_parts(sam: Sam) -> None:
    """Give a model the encoder of this module, where it has the official one."""
    if isinstance(sam.image_encoder, image_encoder.ImageEncoderViT):
        encoder: Any = EncoderInParts(sam.image_encoder)
        sam.image_encoder = encoder


class EncoderInParts(nn.Module):
    """The official encoder. Its parameters have the same names."""

    def __init__(self, official: image_encoder.ImageEncoderViT) -> None:
        super().__init__()
        self.img_size = official.img_size
        self.patch_embed = official.patch_embed
        self.pos_embed = official.pos_embed
        self.blocks = nn.ModuleList(
            BlockInParts(with_quick_layers(block))
            if isinstance(block, image_encoder.Block) and block.attn.use_rel_pos
            else block
            for block in official.blocks
        )
        self.neck = official.neck
        # The blocks before the first that looks at all tokens. Their windows are of one size.
        looks = [bool(getattr(block, "window_size", 0)) for block in self.blocks]
        self._first = [*looks, False].index(False)
        self._of_padding: dict[tuple[int, int], Tensor] = {}

    def forward(self, x: Tensor, covered: tuple[int, int] | None = None) -> Tensor:
        """Return features (images, C, h, w) of images (images, 3, height, width).

        Args:
            covered: what of the height and width is no padding, which is zeros. By default all is.
        """
        tokens = self.patch_embed(x)
        if self.pos_embed is not None:
            tokens = tokens + self.pos_embed
        for axis in (1, 2):
            start = self._padding_from(x, tokens, axis, covered)
            if start < tokens.shape[axis]:
                seen = self._begun(tokens.narrow(axis, 0, start))
                padding = self._padding(tokens, axis, start).expand(len(tokens), -1, -1, -1)
                tokens = torch.cat([seen, padding], axis)
                break
        else:
            tokens = self._begun(tokens)
        for block in self.blocks[self._first :]:
            tokens = block(tokens)
        return self.neck(tokens.permute(0, 3, 1, 2))

    def _begun(self, tokens: Tensor) -> Tensor:
        for block in self.blocks[: self._first]:
            tokens = block(tokens)
        return tokens

    def _padding_from(
        self, x: Tensor, tokens: Tensor, axis: int, covered: tuple[int, int] | None
    ) -> int:
        """Return the row or column of tokens from which on windows hold nothing but padding."""
        count = tokens.shape[axis]
        if covered is None or not self._first:
            return count
        window: Any = self.blocks[0].window_size
        side = x.shape[axis + 1] // count * window
        return min(count, -(-covered[axis - 1] // side) * window)

    def _padding(self, tokens: Tensor, axis: int, start: int) -> Tensor:
        """Return what the first blocks make of padding from a row or column on, for one image."""
        made = self._of_padding.get((axis, start))
        if made is None:
            rest = tokens[:1].narrow(axis, start, tokens.shape[axis] - start)
            made = self._of_padding[axis, start] = self._begun(rest.clone())
        return made


class BlockInParts(nn.Module):
    """The official block with relative positions. Its parameters have the same names."""

    def __init__(self, official: image_encoder.Block) -> None:
        super().__init__()
        self.norm1 = official.norm1
        self.attn = official.attn
        self.norm2 = official.norm2
        self.mlp = official.mlp
        self.window_size = official.window_size

    def forward(self, x: Tensor) -> Tensor:
        """Take tokens (images, height, width, channels), and change and return them."""
        x = x.contiguous()
        for image in x:
            if self.window_size:
                self._look_in_windows(image)
            else:
                self._look_everywhere(image)
            for part in _parts(image):
                part += self.mlp(self.norm2(part))
        return x

    def _look_everywhere(self, image: Tensor) -> None:
        height, width, _ = image.shape
        heads, count = self.attn.num_heads, height * width
        # A head's queries, keys and values lie side by side.
        qkv, done = None, 0
        for part in _parts(image):
            made = self.attn.qkv(self.norm1(part)).view(len(part), 3, heads, -1)
            if qkv is None:
                qkv = made.new_empty(3, heads, count, made.shape[-1])
            qkv[:, :, done : done + len(part)] = made.permute(1, 2, 0, 3)
            done += len(part)
        assert qkv is not None
        q, k, v = qkv.unbind()
        from_rows, from_columns = _positions(self.attn, q.view(heads, height, width, -1))
        seen = q.new_empty(count, heads, q.shape[-1])
        most = SCORES if is_quick(q) else OFFICIAL_SCORES
        rows = max(1, min(height, most // (count * width)))
        for head in range(heads):
            for row in range(0, height, rows):
                here = slice(row, min(row + rows, height))
                asking = slice(here.start * width, here.stop * width)
                seen[asking, head] = _looking(
                    q[head, asking], k[head], v[head],
                    from_rows[head, here], from_columns[head, here],
                )  # fmt: skip
        for part, told in zip(_parts(image), _parts(seen.view(height, width, -1)), strict=True):
            part += self.attn.proj(told)

    def _look_in_windows(self, image: Tensor) -> None:
        height, width, _ = image.shape
        heads, side = self.attn.num_heads, self.window_size
        across = -(-width // side)
        nothing = 0 if self.attn.qkv.bias is None else self.attn.qkv.bias
        # On a processor the windows of one band at a time.
        for band in image.split(height if image.is_cuda else side):
            rows, down = len(band), -(-len(band) // side)
            made = self.attn.qkv(self.norm1(band))
            padded = made.new_empty(down * side, across * side, made.shape[-1])
            padded[:rows, :width] = made
            padded[:rows, width:] = nothing
            padded[rows:] = nothing
            split = padded.view(down, side, across, side, 3, heads, -1).permute(4, 0, 2, 5, 1, 3, 6)
            q, k, v = split.reshape(3, down * across * heads, side * side, -1).unbind()
            from_rows, from_columns = _positions(self.attn, q.view(len(q), side, side, -1))
            bias = q.new_empty(len(q), side, side, side, side)
            torch.add(from_rows[..., :, None], from_columns[..., None, :], out=bias)
            seen = _attention(q, k, v, bias).view(down, across, heads, side, side, -1)
            told = seen.permute(0, 3, 1, 4, 2, 5).reshape(*padded.shape[:2], -1)
            band += self.attn.proj(told[:rows, :width])


def _parts(image: Tensor) -> Iterator[Tensor]:
    """Yield tokens (height, width, channels) as views (n, channels): on a GPU all at once."""
    tokens = image.view(-1, image.shape[-1])
    yield from tokens.split(len(tokens) if tokens.is_cuda else TOKENS)


def _positions(attention: image_encoder.Attention, queries: Tensor) -> tuple[Tensor, Tensor]:
    """Return what relative positions add to scores, by row and by column of what is looked at.

    Args:
        queries: (heads, height, width, C').

    Returns:
        (heads, height, width, height) and (heads, height, width, width).
    """
    _, height, width, _ = queries.shape
    by_row = image_encoder.get_rel_pos(height, height, attention.rel_pos_h)
    by_column = image_encoder.get_rel_pos(width, width, attention.rel_pos_w)
    return (
        torch.einsum("nhwc,hkc->nhwk", queries, by_row),
        torch.einsum("nhwc,wkc->nhwk", queries, by_column),
    )


def _looking(q: Tensor, k: Tensor, v: Tensor, from_rows: Tensor, from_columns: Tensor) -> Tensor:
    """Return what queries see in a grid of h x w tokens, with relative positions, (n, C').

    Args:
        q: of some whole rows of the grid, (n, C').
        k, v: (h * w, C').
        from_rows: (rows, w, h), see `_positions`.
        from_columns: (rows, w, w).
    """
    by_row, by_column = from_rows[..., :, None], from_columns[..., None, :]
    if not is_quick(q):
        return _attention(q[None], k[None], v[None], by_row + by_column)[0]
    scores = linear(q * q.shape[-1] ** -0.5, k)
    scores.view(*from_rows.shape, from_columns.shape[-1]).add_(by_row).add_(by_column)
    return linear(torch.softmax(scores, -1, out=scores), v.T)


def _attention(q: Tensor, k: Tensor, v: Tensor, bias: Tensor) -> Tensor:
    """Return what queries (n, Q, C') see, with a bias of Q * K scores each, (n, Q, C')."""
    mask = bias.view(1, len(q), q.shape[1], k.shape[1])
    return functional.scaled_dot_product_attention(q[None], k[None], v[None], attn_mask=mask)[0]
