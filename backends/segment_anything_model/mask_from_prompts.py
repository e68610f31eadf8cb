"""One label's prompts on one image -> one mask."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from backends.segment_anything_model.embeddings import EncodedImage
from backends.segment_anything_model.model import Decoded, InteractiveModel
from backends.segment_anything_model.prompts import Box, Click, PromptGroup
from backends.serving.cache import SingleFlightCache
from masks.regions import mask_of

# The logits of earlier clicks, so that the fifth click decodes once and not five times.
REMEMBERED_BYTES = 64 * 1024 * 1024


@dataclass(frozen=True)
class _Shot:
    """The prompts for one run of the decoder, which takes one box at most."""

    clicks: tuple[Click, ...]
    box: Box | None


class MaskFromPrompts:
    """Prompts -> masks with a model and, where there is one, a refiner that sees the image.

    refine: called with pixels and mask of the model, and `box`, `points` and `labels`.
    """

    def __init__(
        self, model: InteractiveModel, refine: Callable[..., NDArray[np.bool_]] | None = None
    ) -> None:
        self._model = model
        self._refine = refine
        self._remembered: SingleFlightCache[tuple[str, _Shot], Decoded] = SingleFlightCache(
            REMEMBERED_BYTES, lambda decoded: decoded.logits.nbytes
        )

    def mask(self, image: EncodedImage, group: PromptGroup) -> tuple[NDArray[np.bool_], float]:
        """Return the mask, bool (H, W), for a label's prompts, and its score from 0 to 1.

        Each further click refines the mask of the clicks before it. Several boxes give the union of
        their masks; a click counts for the boxes that hold it, a negative one for all. A mask among
        the prompts is the one that the clicks refine.

        Raises:
            RegionError: an earlier mask that cannot be read.
        """
        result = np.zeros(image.embedding.original_size, dtype=np.bool_)
        earlier: torch.Tensor | None = None
        if group.masks:
            for region in group.masks:
                result |= mask_of(region, *result.shape)
            if not group.clicks and not group.boxes:
                return result, 1.0
            earlier = self._model.as_logits(image.embedding, result)
            result = np.zeros_like(result)
        scores: list[float] = []
        for shot in _shots(group):
            if earlier is None:
                decoded = self._replay(image, shot)
            else:
                decoded = self._model.decode(image.embedding, shot.clicks, shot.box, earlier)
            result |= self._full_size(image, shot, decoded)
            scores.append(decoded.iou)
        return result, min(max(float(np.mean(scores)), 0.0), 1.0)

    def _replay(self, image: EncodedImage, shot: _Shot) -> Decoded:
        """Decode the prompts click by click, each on the logits of those before it.

        The memory only saves repeated work: the answer depends on the prompts alone.
        """

        def decode() -> Decoded:
            before: torch.Tensor | None = None
            fewer = _Shot(shot.clicks[:-1], shot.box)
            if shot.clicks and (fewer.box is not None or any(c.positive for c in fewer.clicks)):
                before = self._replay(image, fewer).logits
            return self._model.decode(image.embedding, shot.clicks, shot.box, before)

        return self._remembered.get_or_compute((image.identity, shot), decode)

    def _full_size(self, image: EncodedImage, shot: _Shot, decoded: Decoded) -> NDArray[np.bool_]:
        mask = self._model.full_size(image.embedding, decoded)
        if self._refine is None or image.pixels is None:
            return mask
        return self._refine(
            image.pixels,
            mask,
            box=shot.box,
            points=[(click.x, click.y) for click in shot.clicks],
            labels=[int(click.positive) for click in shot.clicks],
        )


def _shots(group: PromptGroup) -> list[_Shot]:
    clicks = tuple(group.clicks)
    if len(group.boxes) <= 1:
        return [_Shot(clicks, group.boxes[0] if group.boxes else None)]
    shots = [
        _Shot(tuple(c for c in clicks if not c.positive or _inside(c, box)), box)
        for box in group.boxes
    ]
    outside = tuple(
        c for c in clicks if not c.positive or not any(_inside(c, box) for box in group.boxes)
    )
    if any(click.positive for click in outside):
        shots.append(_Shot(outside, None))
    return shots


def _inside(click: Click, box: Box) -> bool:
    return box[0] <= click.x <= box[2] and box[1] <= click.y <= box[3]
