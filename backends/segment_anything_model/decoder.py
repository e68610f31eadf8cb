"""Segment Anything's mask decoder with the same weights and the same answer, in less work.

Some ten tokens and 4096 places of the image attend to each other. The official decoder projects
each place to keys, values and queries, for a few tokens that look at them. Matrix products may be
put together in another order: here the tokens are projected into the space of the image instead.
What is the same for all places cancels out in a softmax over them. Of the masks only the wanted one
is made, and of that first what lies on the image and not on its padding. And what the first layer
makes of the image alone is made once an image.
"""

import math
import threading
from collections.abc import Callable, Iterable
from itertools import repeat
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from backends.segment_anything_model.official import Attention, MaskDecoder
from backends.serving.linear import linear

# A megabyte of places: what is made of them stays in a core's own cache, and no step brings
# new pages for the whole image.
PLACES_AT_A_TIME = 1024


class Ready(NamedTuple):
    """What the first layer's attentions make of an image without an earlier mask, by head.

    Attributes:
        keys, queries: (heads, C', h * w).
        values: (heads, h * w, C').
    """

    keys: Tensor
    values: Tensor
    queries: Tensor


class Later:
    """Work that is done once, when it is first called; by one thread at a time."""

    def __init__(self, work: Callable[[], None]) -> None:
        self._work: Callable[[], None] | None = work

    def __call__(self) -> None:
        if self._work is not None:
            self._work()
            # Not before: work that has failed is not done.
            self._work = None


class FastDecoder:
    """The weights of an official decoder, for one image and one set of prompts at a time."""

    def __init__(self, official: MaskDecoder, dense_pe: Tensor) -> None:
        """Take over a decoder on its device.

        Args:
            official: as `segment_anything` builds it.
            dense_pe: what `PromptEncoder.get_dense_pe` returns, (1, C, h, w).
        """
        # Its parts are typed as modules of any kind.
        self._official: Any = official
        self._pe = _places(dense_pe).contiguous()
        # Fresh memory for the places costs more than what is done with them: each of its pages is
        # brought by the kernel on the first touch. So a thread keeps what it has.
        self._kept = threading.local()
        first, self._norm, self._act, second, self._last_act = self._official.output_upscaling
        self._first, self._second = _as_linear(first), _as_linear(second)

    def ready(self, features: Tensor, dense: Tensor) -> Ready:
        """Return what is the same for all prompts; as for a call, with the place holder `dense`."""
        layer = self._official.transformer.layers[0]
        to_image, from_image = layer.cross_attn_token_to_image, layer.cross_attn_image_to_token
        image = _places(features) + _places(dense)
        placed = image + self._pe
        keys, values = to_image.k_proj(placed), to_image.v_proj(image)
        queries = from_image.q_proj(placed)
        return Ready(
            _by_head(keys, to_image.num_heads).transpose(1, 2).contiguous(),
            _by_head(values, to_image.num_heads).contiguous(),
            _by_head(queries, from_image.num_heads).transpose(1, 2).contiguous(),
        )

    def __call__(
        self,
        features: Tensor,
        sparse: Tensor,
        dense: Tensor,
        several: bool,
        ready: Ready | None = None,
        seen: tuple[int, int] | None = None,
    ) -> tuple[Tensor, float, Later]:
        """Return the logits, (1, 1, 4h, 4w), and the predicted IoU of one mask, and what is left.

        Args:
            features: of the image encoder, (1, C, h, w).
            sparse: points and boxes of the prompt encoder, (1, N, C).
            dense: an earlier mask of the prompt encoder, or its place holder, (1, C, h, w).
            several: whether the prompts are ambiguous: take the best of three masks for them.
            ready: of the same features and `dense`, to save its making.
            seen: rows and columns of places that the image covers, by default all. Logits of the
                others are 0 until the third thing returned is called.
        """
        official = self._official
        outputs = torch.cat([official.iou_token.weight, official.mask_tokens.weight])
        image = self._room()
        torch.add(_places(features), _places(dense), out=image)
        # Of the first token the IoUs are made, of the others a mask each; the first mask is that of
        # several prompts together.
        masks = slice(1, len(official.mask_tokens.weight)) if several else slice(0, 1)
        tokens = self._attend(torch.cat([outputs, sparse[0]]), image, masks, ready)
        ious = official.iou_prediction_head(tokens[0])
        best = int(ious[masks].argmax())
        chosen = masks.start + best
        mixed = official.output_hypernetworks_mlps[chosen](tokens[1 + best])
        height, width = features.shape[-2:]
        logits, later = self._mask(image.view(height, width, -1), mixed, seen or (height, width))
        return logits, float(ious[chosen]), later

    def _room(self) -> Tensor:
        """This thread's memory for the places of one image, (h * w, C)."""
        room = getattr(self._kept, "room", None)
        if room is None:
            room = self._kept.room = torch.empty_like(self._pe)
        return room

    def _attend(self, prompts: Tensor, image: Tensor, masks: slice, ready: Ready | None) -> Tensor:
        """As `TwoWayTransformer.forward`, with the image changed in place.

        Args:
            prompts: (T, C).
            image: places (h * w, C).
            masks: those that are wanted.
            ready: what is known of the image before any prompt.

        Returns:
            The token for the IoUs, then those of the masks, (1 + M, C). At the end tokens look at
            the image once more, and nothing looks at the others any longer.
        """
        transformer = self._official.transformer
        tokens = prompts
        for layer in transformer.layers:
            if layer.skip_first_layer_pe:
                tokens = layer.self_attn(q=tokens[None], k=tokens[None], v=tokens[None])[0]
            else:
                asking = (tokens + prompts)[None]
                tokens = tokens + layer.self_attn(q=asking, k=asking, v=tokens[None])[0]
            tokens = layer.norm1(tokens)
            tokens = tokens + self._tokens_look(
                layer.cross_attn_token_to_image, tokens + prompts, image, ready
            )
            tokens = layer.norm2(tokens)
            tokens = layer.norm3(tokens + layer.mlp(tokens))
            look = _Look(layer.cross_attn_image_to_token, tokens + prompts, tokens)
            asked = ready.queries.split(PLACES_AT_A_TIME, 2) if ready else repeat(None)
            for (part, pe), queries in zip(self._parts(image), asked, strict=False):
                scores = look.scores(part + pe) if queries is None else look.scores_of(queries)
                part.copy_(layer.norm4(look(scores, part)))
            ready = None
        wanted = [0, *(1 + mask for mask in range(masks.start, masks.stop))]
        tokens, prompts = tokens[wanted], prompts[wanted]
        tokens = tokens + self._tokens_look(
            transformer.final_attn_token_to_image, tokens + prompts, image, None
        )
        return transformer.norm_final_attn(tokens)

    def _parts(self, image: Tensor) -> Iterable[tuple[Tensor, Tensor]]:
        """Places of the image (h * w, C), some at a time, each with its positional encoding."""
        return zip(image.split(PLACES_AT_A_TIME), self._pe.split(PLACES_AT_A_TIME), strict=True)

    def _tokens_look(
        self, attention: Attention, asking: Tensor, image: Tensor, ready: Ready | None
    ) -> Tensor:
        """As `attention(q=asking, k=image + pe, v=image)` for (T, C) and (h * w, C)."""
        heads, count, channels = attention.num_heads, *asking.shape
        queries = _by_head(attention.q_proj(asking), heads)
        size = queries.shape[2]
        queries = queries / math.sqrt(size)
        if ready is not None:
            out = (queries @ ready.keys).softmax(-1) @ ready.values
            return attention.out_proj(out.transpose(0, 1).reshape(count, -1))
        keys = attention.k_proj.weight.view(heads, size, channels)
        # The keys' bias adds the same to a token's scores of all places.
        wanted = (queries @ keys).reshape(heads * count, channels)
        scores = torch.cat([linear(wanted, part + pe) for part, pe in self._parts(image)], 1)
        seen = linear(scores.softmax(-1), image.T)
        values = attention.v_proj.weight.view(heads, size, channels).transpose(1, 2)
        out = (seen.view(heads, count, channels) @ values).transpose(0, 1).reshape(count, -1)
        return attention.out_proj(out + attention.v_proj.bias)

    def _mask(self, image: Tensor, mixed: Tensor, seen: tuple[int, int]) -> tuple[Tensor, Later]:
        """Upscale places (h, w, C) to 4 x 4 pixels each, and mix them: the seen ones at once."""
        rows, columns = seen
        logits = image.new_zeros(image.shape[0] * 4, image.shape[1] * 4)
        self._fill(logits[: rows * 4, : columns * 4], image[:rows, :columns], mixed)
        # The image's memory is the next click's.
        right, below = image[:rows, columns:].clone(), image[rows:].clone()

        @torch.inference_mode()
        def rest() -> None:
            self._fill(logits[: rows * 4, columns * 4 :], right, mixed)
            self._fill(logits[rows * 4 :], below, mixed)

        return logits[None, None], Later(rest)

    def _fill(self, logits: Tensor, places: Tensor, mixed: Tensor) -> None:
        """Upscale places (h, w, C) into logits (4h, 4w), as two transposed convolutions do."""
        height, width, channels = places.shape
        if not height * width:
            return
        parts = places.reshape(-1, channels).split(PLACES_AT_A_TIME)
        pixels = torch.cat([self._pixels(part, mixed) for part in parts])
        # Row, column of the place; of the first doubling in it; of the second in that.
        blocks = pixels.view(height, width, 2, 2, 2, 2).permute(0, 2, 4, 1, 3, 5)
        logits.copy_(blocks.reshape(height * 4, width * 4))

    def _pixels(self, places: Tensor, mixed: Tensor) -> Tensor:
        """Return the 16 pixels of each of some places (n, C), (16 n)."""
        doubled = torch.addmm(self._first[1], places, self._first[0]).view(len(places) * 4, -1)
        doubled = functional.layer_norm(
            doubled, doubled.shape[1:], self._norm.weight, self._norm.bias, self._norm.eps
        )
        again = torch.addmm(self._second[1], self._act(doubled), self._second[0])
        return self._last_act(again).view(-1, len(mixed)) @ mixed


class _Look:
    """An attention of places to tokens, `attention(q=places, k=tokens, v=values)`, for any places.

    Args:
        tokens, values: (T, C).
    """

    def __init__(self, attention: Attention, tokens: Tensor, values: Tensor) -> None:
        heads, count, channels = attention.num_heads, *tokens.shape
        keys = _by_head(attention.k_proj(tokens), heads)
        size = keys.shape[2]
        keys = keys / math.sqrt(size)
        offered = keys @ attention.q_proj.weight.view(heads, size, channels)
        held = _by_head(attention.v_proj(values), heads)
        told = held @ attention.out_proj.weight.view(channels, heads, size).permute(1, 2, 0)
        self._keys = keys
        self._offered = offered.reshape(heads * count, channels)
        self._always = keys @ attention.q_proj.bias.view(heads, size, 1)
        # A place's shares of a head's tokens add up to 1, so the bias can be told with them.
        self._told = (told + attention.out_proj.bias / heads).reshape(heads * count, channels)

    def scores(self, places: Tensor) -> Tensor:
        """Return how much places (n, C) look at each token, by head, (heads, T, n)."""
        return linear(self._offered, places).view(*self._always.shape[:2], -1) + self._always

    def scores_of(self, queries: Tensor) -> Tensor:
        """Return the same for places whose queries are known, (heads, C', n)."""
        return self._keys @ queries

    def __call__(self, scores: Tensor, places: Tensor) -> Tensor:
        """Return places (n, C) and what they see with such scores added up, (n, C)."""
        # A token's scores of all places lie side by side: the softmax over seven tokens then runs
        # over places at once, several times faster than place by place.
        shares = scores.softmax(1).view(len(self._offered), -1)
        return torch.addmm(places, shares.T, self._told)


def _places(grid: Tensor) -> Tensor:
    """(1, C, h, w) -> (h * w, C), without a copy."""
    return grid[0].flatten(1).T


def _by_head(projected: Tensor, heads: int) -> Tensor:
    """(n, heads * C') -> (heads, n, C')."""
    return projected.view(len(projected), heads, -1).transpose(0, 1)


def _as_linear(doubling: torch.nn.ConvTranspose2d) -> tuple[Tensor, Tensor]:
    """Return a transposed convolution of 2 x 2 without overlap as weight and bias of a product.

    It takes places (n, C) and gives (n, 2 * 2 * D): row, column, channel.
    """
    weight = doubling.weight.detach()
    assert doubling.bias is not None
    return (
        weight.permute(0, 2, 3, 1).reshape(weight.shape[0], -1).contiguous(),
        doubling.bias.detach().repeat(weight.shape[2] * weight.shape[3]),
    )
