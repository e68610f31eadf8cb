"""How a few tokens and the many places of an image attend to each other, in less work.

Matrix products may be put together in another order than the official one: here tokens are
projected into the space of the image, and no place is projected for them. What is the same for all
places cancels out in a softmax over them.
"""

import math
from itertools import chain
from typing import NamedTuple

import torch
from torch import Tensor

from backends.segment_anything_model.official import Attention
from backends.serving.linear import linear


class Told(NamedTuple):
    """What some places tell tokens, by head and token: a softmax over all is made of several.

    Attributes:
        most: the highest score, (heads * T).
        share: what the place with that score has in these places' own softmax, (heads * T).
        seen: the sum of the places with their shares in it, (heads * T, C).
    """

    most: Tensor
    share: Tensor
    seen: Tensor


class Asking:
    """An attention of tokens to places, `attention(q=tokens, k=places + pe, v=places)`.

    Args:
        tokens: (T, C).
    """

    def __init__(self, attention: Attention, tokens: Tensor) -> None:
        self._attention = attention
        self._heads, self._count, self._channels = attention.num_heads, *tokens.shape
        queries = by_head(attention.q_proj(tokens), self._heads)
        self._size = queries.shape[2]
        self._queries = queries / math.sqrt(self._size)
        keys = attention.k_proj.weight.view(self._heads, self._size, self._channels)
        # The keys' bias adds the same to a token's scores of all places.
        self._wanted = (self._queries @ keys).reshape(-1, self._channels)

    def of(self, places: Tensor, placed: Tensor) -> Told:
        """Return what places (n, C) tell, without and with their positional encoding."""
        scores = linear(self._wanted, placed)
        shares = scores.softmax(1)
        return Told(scores.amax(1), shares.amax(1), linear(shares, places.T))

    def told(self, shares: list[list[Told]]) -> Tensor:
        """Return what the tokens are told by all places together, (T, C)."""
        most, share, seen = map(torch.stack, zip(*chain.from_iterable(shares), strict=True))
        # What the places have in a softmax over all is the sum of e to the power of their scores,
        # whose logarithm this is.
        weights = (most - share.log()).softmax(0)
        mixed = (weights[..., None] * seen).sum(0)
        values = self._attention.v_proj.weight.view(self._heads, self._size, self._channels)
        projected = mixed.view(self._heads, self._count, -1) @ values.transpose(1, 2)
        return self._out(projected, self._attention.v_proj.bias)

    def told_by(self, keys: Tensor, values: Tensor) -> Tensor:
        """Return the same where what the attention makes of all places is known, by head.

        Args:
            keys: (heads, C', h * w).
            values: (heads, h * w, C').
        """
        return self._out((self._queries @ keys).softmax(-1) @ values, 0)

    def _out(self, projected: Tensor, bias: Tensor | int) -> Tensor:
        together = projected.transpose(0, 1).reshape(self._count, -1)
        return self._attention.out_proj(together + bias)


class Look:
    """An attention of places to tokens, `norm(places + attention(q=places, k=tokens, v=values))`.

    Args:
        tokens, values: (T, C).
    """

    def __init__(
        self, attention: Attention, tokens: Tensor, values: Tensor, norm: torch.nn.LayerNorm
    ) -> None:
        heads, count, channels = attention.num_heads, *tokens.shape
        keys = by_head(attention.k_proj(tokens), heads)
        size = keys.shape[2]
        keys = keys / math.sqrt(size)
        offered = keys @ attention.q_proj.weight.view(heads, size, channels)
        held = by_head(attention.v_proj(values), heads)
        told = held @ attention.out_proj.weight.view(channels, heads, size).permute(1, 2, 0)
        self._keys = keys
        self._offered = offered.reshape(heads * count, channels)
        self._always = keys @ attention.q_proj.bias.view(heads, size, 1)
        # A place's shares of a head's tokens add up to 1, so the bias can be told with them.
        self._told = (told + attention.out_proj.bias / heads).reshape(heads * count, channels)
        self._norm = norm

    def scores(self, placed: Tensor) -> Tensor:
        """Return how much places with their positional encoding, (n, C), look at each token.

        By head, (heads, T, n).
        """
        return linear(self._offered, placed).view(*self._always.shape[:2], -1) + self._always

    def scores_of(self, queries: Tensor) -> Tensor:
        """Return the same for places whose queries are known, (heads, C', n)."""
        return self._keys @ queries

    def see(self, places: Tensor, scores: Tensor) -> None:
        """Add to places (n, C) what they see with such scores."""
        # A token's scores of all places lie side by side: the softmax over seven tokens then runs
        # over places at once, several times faster than place by place.
        shares = scores.softmax(1).view(len(self._offered), -1)
        places.copy_(self._norm(places.addmm_(shares.T, self._told)))


def by_head(projected: Tensor, heads: int) -> Tensor:
    """(n, heads * C') -> (heads, n, C')."""
    return projected.view(len(projected), heads, -1).transpose(0, 1)
