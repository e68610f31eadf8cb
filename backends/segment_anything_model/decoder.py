"""Segment Anything's mask decoder with the same weights and the same answer, in less work.

Some ten tokens and 4096 places of the image attend to each other. The official decoder projects
each place to keys, values and queries, for a few tokens that look at them: attention.py does
without. Each core has its own share of the places for several steps. Of the masks only the wanted
one is made, and of that first what lies on the image and not on its padding. And what the first
layer makes of the image alone is made once an image.
"""

from collections.abc import Callable
from functools import partial
from itertools import pairwise
from typing import Any, NamedTuple, TypeVar

import torch
from torch import Tensor
from torch.nn import functional

from backends.segment_anything_model.attention import Asking, Look, Told, by_head
from backends.segment_anything_model.official import MaskDecoder
from backends.serving.computing import Brief
from backends.serving.linear import Packed, linear, with_quick_layers

T = TypeVar("T")

# Half of an image: what is made of them stays near its core. Fewer are not quicker, for the threads
# then ask for Python's lock more often.
PLACES_AT_A_TIME = 2048


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

    def __init__(self, official: MaskDecoder, dense_pe: Tensor, brief: Brief | None = None) -> None:
        """Take over a decoder on its device.

        Args:
            official: as `segment_anything` builds it; it gets quick linear layers.
            dense_pe: what `PromptEncoder.get_dense_pe` returns, (1, C, h, w).
            brief: the threads that share what is done with the places; by default torch's own.
        """
        # Its parts are typed as modules of any kind.
        self._official: Any = with_quick_layers(official)
        with torch.inference_mode():
            for layer in self._official.transformer.layers:
                layer.mlp.lin1, layer.mlp.lin2 = Packed(layer.mlp.lin1), Packed(layer.mlp.lin2)
        self._pe = _places(dense_pe).contiguous()
        self._brief = brief
        first, self._norm, self._act, second, self._last_act = self._official.output_upscaling
        self._first, self._second = _as_linear(first), _as_linear(second)

    def ready(self, features: Tensor, dense: Tensor) -> Ready:
        """Return what is the same for all prompts; as for a call, with the place holder `dense`."""
        layer = self._official.transformer.layers[0]
        to_image, from_image = layer.cross_attn_token_to_image, layer.cross_attn_image_to_token
        grid, holder = _places(features), _places(dense)

        def of_share(share: slice) -> tuple[Tensor, Tensor, Tensor]:
            image = grid[share] + holder[share]
            placed = image + self._pe[share]
            return (
                by_head(to_image.k_proj(placed), to_image.num_heads).transpose(1, 2),
                by_head(to_image.v_proj(image), to_image.num_heads),
                by_head(from_image.q_proj(placed), from_image.num_heads).transpose(1, 2),
            )

        keys, values, queries = zip(*self._each(of_share, len(self._pe)), strict=True)
        return Ready(torch.cat(keys, 2), torch.cat(values, 1), torch.cat(queries, 2))

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
        image = _Image(_places(features), _places(dense), torch.empty_like(self._pe))
        # Of the first token the IoUs are made, of the others a mask each; the first mask is that of
        # several prompts together.
        masks = slice(1, len(official.mask_tokens.weight)) if several else slice(0, 1)
        tokens = self._attend(torch.cat([outputs, sparse[0]]), image, masks, ready)
        ious = official.iou_prediction_head(tokens[0])
        best = int(ious[masks].argmax())
        chosen = masks.start + best
        mixed = official.output_hypernetworks_mlps[chosen](tokens[1 + best])
        height, width = features.shape[-2:]
        places = image.places.view(height, width, -1)
        logits, later = self._mask(places, mixed, seen or (height, width))
        return logits, float(ious[chosen]), later

    def _each(self, work: Callable[[slice], T], count: int) -> list[T]:
        """Return what `work` does with each core's share of `count` places, or rows, in order."""
        cores = self._brief.count if self._brief else 1
        ends = [count * number // cores for number in range(cores + 1)]
        shares = [slice(start, end) for start, end in pairwise(ends) if start < end]
        if self._brief is None:
            return [work(share) for share in shares]
        # It is a thread's own matter.
        return self._brief.each(torch.inference_mode()(work), shares)

    def _attend(
        self, prompts: Tensor, image: "_Image", masks: slice, ready: Ready | None
    ) -> Tensor:
        """As `TwoWayTransformer.forward`; the image's places are then as it leaves them.

        What tokens ask of an image does not depend on what its places have just seen of them. So
        each place sees the tokens and is then looked at by the next layer's, while it is at hand.

        Args:
            prompts: (T, C).
            image: whose places are not made yet.
            masks: those that are wanted.
            ready: what is known of the image before any prompt.

        Returns:
            The token for the IoUs, then those of the masks, (1 + M, C). At the end tokens look at
            the image once more, and nothing looks at the others any longer.
        """
        transformer = self._official.transformer
        layers = [*transformer.layers]
        tokens = _among_themselves(layers[0], prompts, prompts)
        asking = Asking(layers[0].cross_attn_token_to_image, tokens + prompts)
        is_new = True
        if ready is not None:
            told = asking.told_by(ready.keys, ready.values)
        else:
            ask = partial(self._asked, image, asking, is_new, None, None)
            told = asking.told(self._each(ask, len(self._pe)))
            is_new = False
        for number, layer in enumerate(layers):
            tokens = layer.norm2(tokens + told)
            tokens = layer.norm3(tokens + layer.mlp(tokens))
            look = Look(layer.cross_attn_image_to_token, tokens + prompts, tokens, layer.norm4)
            if number + 1 < len(layers):
                tokens = _among_themselves(layers[number + 1], tokens, prompts)
                attention = layers[number + 1].cross_attn_token_to_image
            else:
                wanted = [0, *(1 + mask for mask in range(masks.start, masks.stop))]
                tokens, prompts = tokens[wanted], prompts[wanted]
                attention = transformer.final_attn_token_to_image
            asking = Asking(attention, tokens + prompts)
            queries = None if ready is None else ready.queries
            ask = partial(self._asked, image, asking, is_new, look, queries)
            told = asking.told(self._each(ask, len(self._pe)))
            is_new, ready = False, None
        return transformer.norm_final_attn(tokens + told)

    def _asked(
        self,
        image: "_Image",
        asking: Asking,
        is_new: bool,
        look: Look | None,
        queries: Tensor | None,
        share: slice,
    ) -> list[Told]:
        """Let places see the tokens, and then tell what they are asked, some at a time.

        Args:
            is_new: whether the image's places have to be made first.
            look: how they see the tokens, if they do.
            queries: those of all places for `look`, if they are known, (heads, C', h * w).
            share: which places.
        """
        found = []
        for start in range(share.start, share.stop, PLACES_AT_A_TIME):
            some = slice(start, min(start + PLACES_AT_A_TIME, share.stop))
            places, pe = image.places[some], self._pe[some]
            if is_new:
                torch.add(image.features[some], image.dense[some], out=places)
            if look is not None and queries is not None:
                look.see(places, look.scores_of(queries[:, :, some]))
            elif look is not None:
                look.see(places, look.scores(places + pe))
            found.append(asking.of(places, places + pe))
        return found

    def _mask(self, image: Tensor, mixed: Tensor, seen: tuple[int, int]) -> tuple[Tensor, Later]:
        """Upscale places (h, w, C) to 4 x 4 pixels each, and mix them: the seen ones at once."""
        rows, columns = seen
        logits = image.new_zeros(image.shape[0] * 4, image.shape[1] * 4)
        self._fill(logits[: rows * 4, : columns * 4], image[:rows, :columns], mixed)

        @torch.inference_mode()
        def rest() -> None:
            self._fill(logits[: rows * 4, columns * 4 :], image[:rows, columns:], mixed)
            self._fill(logits[rows * 4 :], image[rows:], mixed)

        return logits[None, None], Later(rest)

    def _fill(self, logits: Tensor, places: Tensor, mixed: Tensor) -> None:
        """Upscale places (h, w, C) into logits (4h, 4w), as two transposed convolutions do."""
        height, width, channels = places.shape
        if not height * width:
            return

        def fill(rows: slice) -> None:
            parts = places[rows].reshape(-1, channels).split(PLACES_AT_A_TIME)
            pixels = torch.cat([self._pixels(part, mixed) for part in parts])
            # Row, column of the place; of the first doubling in it; of the second in that.
            blocks = pixels.view(-1, width, 2, 2, 2, 2).permute(0, 2, 4, 1, 3, 5)
            whole = blocks.reshape(-1, width * 4)
            logits[rows.start * 4 : rows.stop * 4] = whole

        self._each(fill, height)

    def _pixels(self, places: Tensor, mixed: Tensor) -> Tensor:
        """Return the 16 pixels of each of some places (n, C), (16 n)."""
        doubled = linear(places, *self._first).view(len(places) * 4, -1)
        doubled = functional.layer_norm(
            doubled, doubled.shape[1:], self._norm.weight, self._norm.bias, self._norm.eps
        )
        again = linear(self._act(doubled), *self._second)
        return self._last_act(again).view(-1, len(mixed)) @ mixed


class _Image(NamedTuple):
    """An image and what it becomes, each (h * w, C).

    Attributes:
        features: of the encoder.
        dense: an earlier mask, or its place holder.
        places: at first the sum of both.
    """

    features: Tensor
    dense: Tensor
    places: Tensor


def _among_themselves(layer: Any, tokens: Tensor, prompts: Tensor) -> Tensor:
    """Return tokens (T, C) that have looked at each other, as a layer begins."""
    if layer.skip_first_layer_pe:
        seen = layer.self_attn(q=tokens[None], k=tokens[None], v=tokens[None])[0]
        return layer.norm1(seen)
    asking = (tokens + prompts)[None]
    return layer.norm1(tokens + layer.self_attn(q=asking, k=asking, v=tokens[None])[0])


def _places(grid: Tensor) -> Tensor:
    """(1, C, h, w) -> (h * w, C), without a copy."""
    return grid[0].flatten(1).T


def _as_linear(doubling: torch.nn.ConvTranspose2d) -> tuple[Tensor, Tensor]:
    """Return a transposed convolution of 2 x 2 without overlap as weight and bias of a product.

    It takes places (n, C) and gives (n, 2 * 2 * D): row, column, channel.
    """
    weight = doubling.weight.detach()
    assert doubling.bias is not None
    return (
        weight.permute(2, 3, 1, 0).reshape(-1, weight.shape[0]).contiguous(),
        doubling.bias.detach().repeat(weight.shape[2] * weight.shape[3]),
    )
