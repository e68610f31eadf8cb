"""Segment Anything 2 on still images, and EdgeTAM, which is the same on a backbone for telephones.

Both by transformers, from its own folders or from the official checkpoints.
"""

from collections.abc import Sequence
from typing import Self, cast

import numpy as np
import torch
from numpy.typing import NDArray
from transformers import EdgeTamModel, Sam2Model
from transformers.utils.constants import IMAGENET_DEFAULT_MEAN, IMAGENET_DEFAULT_STD

from backends.segment_anything_model.checkpoints import Checkpoint
from backends.segment_anything_model.conversion import sam2_config, transformers_sam2_state
from backends.segment_anything_model.geometry import Squashed
from backends.segment_anything_model.model import Decoded, Embedding, InteractiveModel
from backends.segment_anything_model.prompts import Box, Click
from backends.serving import device as devices
from backends.serving.computing import Brief
from backends.serving.errors import SettingsError
from backends.serving.linear import with_quick_layers
from backends.serving.metrics import ENCODE_SECONDS, ENCODES
from backends.serving.precision import Precision, suffix, working_in
from backends.serving.pretrained import load_pretrained

Network = Sam2Model | EdgeTamModel

# The official predictor gives its logits back for refinement within these bounds.
MOST_LOGIT = 32.0


class SegmentAnything2(InteractiveModel):
    """A Sam2Model or an EdgeTamModel."""

    def __init__(
        self,
        network: Network,
        device: str = "auto",
        description: str = "sam2",
        precision: Precision = "fp32",
    ) -> None:
        self._precision: Precision = precision
        self._description = description + suffix(precision)
        self.device = devices.chosen(device)
        self.brief = Brief()
        # Convolutions of this layout are faster on CPUs, EdgeTAM's by a sixth.
        module = with_quick_layers(cast(torch.nn.Module, network)).eval()
        moved = module.to(device=self.device).to(memory_format=torch.channels_last)
        self._network = cast(Network, moved)
        self._mean = torch.tensor(IMAGENET_DEFAULT_MEAN, device=self.device).view(1, 3, 1, 1)
        self._std = torch.tensor(IMAGENET_DEFAULT_STD, device=self.device).view(1, 3, 1, 1)
        self._side = int(cast(int, network.prompt_encoder.input_image_size))
        self._logits_side = int(network.prompt_encoder.mask_input_size[0])

    @classmethod
    def load(
        cls, checkpoint: Checkpoint, device: str = "auto", precision: Precision = "fp32"
    ) -> Self:
        if checkpoint.is_folder:
            model = EdgeTamModel if checkpoint.type == "edgetam" else Sam2Model
            network = cast(Network, load_pretrained(model, str(checkpoint.path)))
        else:
            network = _official(checkpoint)
        return cls(network, device, f"{checkpoint.type}@{checkpoint.digest}", precision)

    def describe(self) -> str:
        return self._description

    @torch.inference_mode()
    def encode(self, image: NDArray[np.uint8]) -> Embedding:
        size = (image.shape[0], image.shape[1])
        geometry = Squashed(size, self._side, self._logits_side)
        resized = torch.as_tensor(geometry.resized(image), device=self.device)
        pixels = (resized.permute(2, 0, 1)[None].float() / 255 - self._mean) / self._std
        with ENCODE_SECONDS.time(), working_in(self._precision, self.device):
            features = self._network.get_image_embeddings(
                pixels.contiguous(memory_format=torch.channels_last)
            )
        ENCODES.inc()
        return Embedding(tuple(feature.float() for feature in features), geometry)

    @torch.inference_mode()
    def decode(
        self,
        embedding: Embedding,
        clicks: Sequence[Click],
        box: Box | None = None,
        earlier: torch.Tensor | None = None,
    ) -> Decoded:
        to_input = embedding.geometry.to_input
        points = labels = boxes = None
        if clicks:
            points = self._tensor(to_input(np.array([[click.x, click.y] for click in clicks])))
            labels = torch.tensor([int(click.positive) for click in clicks], device=self.device)
        if box is not None:
            boxes = self._tensor(to_input(np.array(box).reshape(2, 2)).reshape(1, 1, 4))
        if earlier is not None:
            earlier = earlier.to(self.device).clamp(-MOST_LOGIT, MOST_LOGIT)
        found = self._network(
            image_embeddings=list(embedding.features),
            input_points=None if points is None else points[None, None],
            input_labels=None if labels is None else labels[None, None],
            input_boxes=boxes,
            input_masks=earlier,
            multimask_output=len(clicks) == 1 and box is None and earlier is None,
        )
        ious = found.iou_scores[0, 0]
        best = int(ious.argmax())
        return Decoded(found.pred_masks[:, 0, best : best + 1], float(ious[best]))

    def _tensor(self, array: NDArray[np.float64]) -> torch.Tensor:
        return torch.as_tensor(array, dtype=torch.float, device=self.device)


def _official(checkpoint: Checkpoint) -> Network:
    state = transformers_sam2_state(checkpoint.state)
    # Without memory: every parameter and buffer comes from the checkpoint, or it is refused.
    with torch.device("meta"):
        config = sam2_config(checkpoint.type)
        network = (EdgeTamModel if checkpoint.type == "edgetam" else Sam2Model)(config)
    try:
        network.load_state_dict(state, assign=True)
    except RuntimeError as error:
        first = " ".join(str(error).split())[:300]
        raise SettingsError(
            f"{checkpoint.path} is not a whole {checkpoint.type} checkpoint: {first}"
        ) from error
    return network
