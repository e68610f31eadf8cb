"""The first Segment Anything: vit_b, vit_l and vit_h, and the demo's small one.

The official `SamPredictor` holds one image at a time, and two labelers on one predictor get masks
of each other's images. Here no state is shared but the weights.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Self, cast

import numpy as np
import torch
from numpy.typing import NDArray

from backends.segment_anything_model.checkpoints import Checkpoint
from backends.segment_anything_model.conversion import official_sam_state
from backends.segment_anything_model.decoder import FastDecoder, Ready
from backends.segment_anything_model.demo.small_sam import build_small_sam
from backends.segment_anything_model.encoder import EncoderInParts, in_parts
from backends.segment_anything_model.geometry import Padded
from backends.segment_anything_model.model import Decoded, Embedding, InteractiveModel
from backends.segment_anything_model.official import Sam, sam_model_registry
from backends.segment_anything_model.prompt_encoder import FastPromptEncoder
from backends.segment_anything_model.prompts import Box, Click
from backends.serving import device as devices
from backends.serving.computing import Brief
from backends.serving.errors import SettingsError
from backends.serving.metrics import ENCODE_SECONDS, ENCODES
from backends.serving.precision import Precision, suffix, working_in


class SegmentAnything(InteractiveModel):
    """A model of `segment_anything`."""

    def __init__(
        self,
        sam: Sam,
        device: str = "auto",
        description: str = "sam",
        is_demo: bool = False,
        precision: Precision = "fp32",
    ) -> None:
        self.is_demo = is_demo
        self._precision: Precision = precision
        self._description = description + suffix(precision)
        in_parts(sam)
        self._sam = sam.to(devices.chosen(device)).eval()
        self.device = self._sam.device
        self.brief = Brief(in_parts=self.device.type == "cpu")
        with torch.inference_mode():
            self._prompts = FastPromptEncoder(self._sam.prompt_encoder)
            dense_pe = self._sam.prompt_encoder.get_dense_pe()
            self._decoder = FastDecoder(self._sam.mask_decoder, dense_pe, self.brief)

    @classmethod
    def load(
        cls, checkpoint: Checkpoint, device: str = "auto", precision: Precision = "fp32"
    ) -> Self:
        is_demo = checkpoint.type == "small"
        sam = build_small_sam(checkpoint.path) if is_demo else _official(checkpoint)
        name = f"sam-{checkpoint.type}@{checkpoint.digest}"
        return cls(sam, device, name, is_demo, precision)

    def describe(self) -> str:
        return self._description

    @torch.inference_mode()
    def encode(self, image: NDArray[np.uint8]) -> Embedding:
        side = self._sam.image_encoder.img_size
        size = (image.shape[0], image.shape[1])
        geometry = Padded(size, side, self._sam.prompt_encoder.mask_input_size[0])
        resized = torch.as_tensor(geometry.resized(image), device=self._sam.device)
        pixels = resized.permute(2, 0, 1)[None].float()
        with ENCODE_SECONDS.time(), working_in(self._precision, self.device):
            features = self._encoded(self._sam.preprocess(pixels), geometry.input_size)
        ENCODES.inc()
        return Embedding((features.float(),), geometry)

    def _encoded(self, square: torch.Tensor, covered: tuple[int, int]) -> torch.Tensor:
        encoder = self._sam.image_encoder
        if isinstance(encoder, EncoderInParts):
            return encoder(square, covered)
        return encoder(square)

    @torch.inference_mode()
    def readied(self, embedding: Embedding) -> Embedding:
        dense = self._prompts.dense(None)
        return replace(embedding, ready=self._decoder.ready(embedding.features[0], dense))

    @torch.inference_mode()
    def decode(
        self,
        embedding: Embedding,
        clicks: Sequence[Click],
        box: Box | None = None,
        earlier: torch.Tensor | None = None,
    ) -> Decoded:
        places = [(click.x, click.y) for click in clicks]
        if box is not None:
            places += [box[:2], box[2:]]
        points = embedding.geometry.to_input(np.array(places))
        sparse = self._prompts.sparse(clicks, points, box is not None)
        if earlier is not None:
            earlier = earlier.to(self._sam.device)
        dense = self._prompts.dense(earlier)
        single_click = len(clicks) == 1 and box is None and earlier is None
        ready = Ready(*embedding.ready) if embedding.ready and earlier is None else None
        features = embedding.features[0]
        geometry = cast(Padded, embedding.geometry)
        seen = geometry.covered(features.shape[-1])
        return Decoded(*self._decoder(features, sparse, dense, single_click, ready, seen))


def _official(checkpoint: Checkpoint) -> Sam:
    if checkpoint.type not in sam_model_registry:
        raise SettingsError(f"{checkpoint.path} holds {checkpoint.type}, which is another model")
    if checkpoint.is_folder:
        from transformers import SamModel

        from backends.serving.pretrained import load_pretrained

        state = official_sam_state(load_pretrained(SamModel, str(checkpoint.path)).state_dict())
    else:
        state = checkpoint.state
    sam = cast(Sam, sam_model_registry[checkpoint.type]())
    try:
        sam.load_state_dict(state)
    except RuntimeError as error:
        first = " ".join(str(error).split())[:300]
        raise SettingsError(
            f"{checkpoint.path} is not a whole {checkpoint.type} checkpoint: {first}"
        ) from error
    return sam
