"""SegFormer's decode head with the same weights and the same answer, in less work.

The official head brings the features of all four stages to one width, enlarges them to the size of
the largest, and mixes the four: two thirds of the whole network's time. All three steps are linear,
and enlarging treats all channels alike, so they may change places: here a stage is mixed while it
is small, by one product of both weights, and enlarged afterwards. Then come batch norm, which in
use is linear too, and the classes. Channels go through it in groups that a processor's cache holds.
"""

from collections.abc import Sequence
from typing import Any, TypeVar

import torch
from torch import Tensor, nn
from torch.nn import functional
from transformers import SegformerForSemanticSegmentation

# Channels of one image that go through the head together on a processor: of a grid of 128 x 128
# they take 6 MB.
CHANNELS = 96
Network = TypeVar("Network", bound=nn.Module)


def with_fast_head(network: Network) -> Network:
    """Give a SegFormer the head of this module; any other network stays as it is."""
    # Where the last stage is not reshaped, its features have no rows and columns.
    if isinstance(network, SegformerForSemanticSegmentation) and network.config.reshape_last_stage:
        head: Any = FastDecodeHead(network.decode_head)
        network.decode_head = head
    return network


class FastDecodeHead(nn.Module):
    """The weights of an official head, put together."""

    def __init__(self, official: Any) -> None:
        """Take over a head of transformers; its parts are typed as modules of any kind."""
        super().__init__()
        norm = official.batch_norm
        with torch.no_grad():
            scale = norm.weight.double() * (norm.running_var.double() + norm.eps).rsqrt()
            bias = norm.bias.double() - scale * norm.running_mean.double()
            mixing = official.linear_fuse.weight[:, :, 0, 0].double() * scale[:, None]
            # The official one puts the last stage first.
            mixed = mixing.chunk(len(official.linear_projections), 1)[::-1]
            projections = [stage.proj for stage in official.linear_projections]
            for mix, projection in zip(mixed, projections, strict=True):
                bias = bias + mix @ projection.bias.double()
            self.weights = nn.ParameterList(
                _frozen((mix @ projection.weight.double())[:, :, None, None])
                for mix, projection in zip(mixed, projections, strict=True)
            )
            self.bias = _frozen(bias)
        self.classifier: Any = official.classifier

    def forward(self, encoder_hidden_states: Sequence[Tensor], **_: object) -> Tensor:
        """Return the logits, (n, classes, h, w), of features (n, C, h, w), the largest first."""
        if encoder_hidden_states[0].is_cuda:
            return self._logits(encoder_hidden_states, len(self.bias))
        images = zip(*(features.split(1) for features in encoder_hidden_states), strict=True)
        return torch.cat([self._logits(image, CHANNELS) for image in images])

    def _logits(self, stages: Sequence[Tensor], channels: int) -> Tensor:
        largest, *others = stages
        logits = None
        for first in range(0, len(self.bias), channels):
            some = slice(first, first + channels)
            mixed = functional.conv2d(largest, self.weights[0][some], self.bias[some])
            for features, weight in zip(others, self.weights[1:], strict=True):
                small = functional.conv2d(features, weight[some])
                mixed += functional.interpolate(
                    small, size=largest.shape[-2:], mode="bilinear", align_corners=False
                )
            told = functional.conv2d(mixed.relu_(), self.classifier.weight[:, some])
            logits = told if logits is None else logits.add_(told)
        assert logits is not None
        return logits + self.classifier.bias[:, None, None]


def _frozen(values: Tensor) -> nn.Parameter:
    return nn.Parameter(values.float(), requires_grad=False)
