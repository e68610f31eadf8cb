"""SegFormer with the same weights and the same answer, in less work.

The official head brings the features of all four stages to one width, enlarges them to the size of
the largest, and mixes the four. All three steps are linear, and enlarging treats all channels
alike, so they may change places: here a stage is mixed while it is small, by one product of both
weights, and enlarged afterwards. Then come batch norm, which in use is linear too, and the classes.
Channels go through it in groups that a processor's cache holds.

And a place's channels lie side by side throughout, as its layers' products want them. torch
enlarges such a grid nine times as fast as one channel after the other. Between the products of a
layer is a convolution of each channel: of one image the official code hands it over in a form that
torch does not recognize, and it then takes ten times as long. Some rows go through all three steps
together.
"""

from collections.abc import Sequence
from typing import Any, TypeVar

import torch
from torch import Tensor, nn
from torch.nn import functional
from transformers import SegformerForSemanticSegmentation
from transformers.models.segformer.modeling_segformer import (
    SegformerMixMLP,
    SegformerSequenceReduction,
)

from backends.serving.linear import linear, with_quick_layers

# Numbers between the two products of a layer that are made at a time on a processor, 4 MB.
NUMBERS = 2**20
# Channels of one image that go through the head together on a processor: of a grid of 128 x 128
# they take 6 MB.
CHANNELS = 96
Network = TypeVar("Network", bound=nn.Module)


def in_less_work(network: Network) -> Network:
    """Give a SegFormer the parts of this module; any other network stays as it is."""
    # Where the last stage is not reshaped, its features have no rows and columns.
    if isinstance(network, SegformerForSemanticSegmentation) and network.config.reshape_last_stage:
        head: Any = FastDecodeHead(network.decode_head)
        network.decode_head = head
        for module in list(network.modules()):
            for name, child in list(module.named_children()):
                if isinstance(child, SegformerMixMLP):
                    setattr(module, name, FastMixMLP(child))
                elif isinstance(child, SegformerSequenceReduction):
                    setattr(module, name, FastSequenceReduction(child))
        with_quick_layers(network)
    return network


class FastSequenceReduction(nn.Module):
    """The official convolution, whose squares do not overlap, as one product, and its norm."""

    def __init__(self, official: Any) -> None:
        super().__init__()
        convolution = official.sequence_reduction
        self.side: int = convolution.kernel_size[0]
        self.weight = _frozen(convolution.weight.detach().permute(0, 2, 3, 1).flatten(1))
        self.bias = convolution.bias
        self.layer_norm = official.layer_norm

    def forward(self, hidden_states: Tensor, height: int, width: int) -> Tensor:
        """Take tokens (n, h * w, C) of `height` and `width` h, w and return those of squares."""
        rows, columns = height // self.side, width // self.side
        # Behind the last whole square a convolution sees nothing.
        grids = hidden_states.unflatten(1, (height, width))
        whole = grids[:, : rows * self.side, : columns * self.side]
        squares = whole.unflatten(2, (columns, self.side)).unflatten(1, (rows, self.side))
        places = squares.transpose(2, 3).reshape(len(grids), rows * columns, -1)
        return self.layer_norm(linear(places, self.weight, self.bias))


class FastMixMLP(nn.Module):
    """The official product, convolution of each channel, activation and product."""

    def __init__(self, official: Any) -> None:
        super().__init__()
        self.fc1, self.fc2 = official.fc1, official.fc2
        self.dwconv = official.dwconv
        self.activation_fn = official.activation_fn

    def forward(self, hidden_states: Tensor, height: int, width: int) -> Tensor:
        """Take tokens (n, h * w, C) of `height` and `width` h, w and return their next ones."""
        grids = hidden_states.unflatten(1, (height, width))
        if hidden_states.is_cuda:
            return self.fc2(self._between(grids, 0, height)).flatten(1, 2)
        rows = max(1, NUMBERS // (width * self.fc1.out_features))
        told = torch.cat(
            [
                self.fc2(self._between(grid, first, min(first + rows, height)).flatten(0, 2))
                for grid in grids.split(1)
                for first in range(0, height, rows)
            ]
        )
        return told.view(len(grids), height * width, -1)

    def _between(self, grids: Tensor, first: int, end: int) -> Tensor:
        """Return what is between the products, (n, rows, w, C'), of rows of grids (n, h, w, C)."""
        # The convolution sees one more on each side.
        above = max(0, first - 1)
        seen = self.fc1(grids[:, above : end + 1]).permute(0, 3, 1, 2)
        seen = self.dwconv.dwconv(seen)[:, :, first - above : end - above]
        return self.activation_fn(seen).permute(0, 2, 3, 1)


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
                _frozen(mix @ projection.weight.double())
                for mix, projection in zip(mixed, projections, strict=True)
            )
            self.bias = _frozen(bias)
            self.classes = _frozen(official.classifier.weight[:, :, 0, 0])
            self.classes_bias = _frozen(official.classifier.bias)

    def forward(self, encoder_hidden_states: Sequence[Tensor], **_: object) -> Tensor:
        """Return the logits, (n, classes, h, w), of features (n, C, h, w), the largest first."""
        stages = [features.permute(0, 2, 3, 1).contiguous() for features in encoder_hidden_states]
        if stages[0].is_cuda:
            return self._logits(stages, len(self.bias))
        images = zip(*(features.split(1) for features in stages), strict=True)
        return torch.cat([self._logits(image, CHANNELS) for image in images])

    def _logits(self, stages: Sequence[Tensor], channels: int) -> Tensor:
        largest, *others = stages
        size = largest.shape[1:3]
        logits = None
        for first in range(0, len(self.bias), channels):
            some = slice(first, first + channels)
            mixed = linear(largest, self.weights[0][some])
            for features, weight in zip(others, self.weights[1:], strict=True):
                # Enlarged, a bias stays what it is: it is added where there is least.
                bias = self.bias[some] if features is others[-1] else None
                small = linear(features, weight[some], bias).permute(0, 3, 1, 2)
                mixed += functional.interpolate(
                    small, size, mode="bilinear", align_corners=False
                ).permute(0, 2, 3, 1)
            told = linear(mixed.relu_(), self.classes[:, some].contiguous())
            logits = told if logits is None else logits.add_(told)
        assert logits is not None
        return (logits + self.classes_bias).permute(0, 3, 1, 2)


def _frozen(values: Tensor) -> nn.Parameter:
    return nn.Parameter(values.float(), requires_grad=False)
