"""The prompts for one mask on one image -> the mask."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from backends.segment_anything_model.embeddings import EncodedImage
from backends.segment_anything_model.model import Decoded, InteractiveModel
from backends.segment_anything_model.prompts import Box, Click, Prompts
from backends.serving.cache import SingleFlightCache
from backends.serving.errors import BadRequest
from masks.regions import mask_of
from masks.runs import Runs

# The logits of earlier clicks, so that the fifth click decodes once and not five times.
REMEMBERED_BYTES = 64 * 1024 * 1024
# A brush stroke is as many clicks, spread over it. One is enough where the object has one color
# (IoU .94 on 24 held-out garments, .91 with three, .90 with five); several tell of its other parts.
STROKE_CLICKS = 3


@dataclass(frozen=True)
class _Shot:
    """The prompts for one run of the decoder."""

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
            REMEMBERED_BYTES, lambda decoded: decoded.on_image.nbytes
        )

    def mask(self, image: EncodedImage, prompts: Prompts) -> tuple[Runs, float]:
        """Return the mask, of the image's own size, and its score from 0 to 1.

        Each further click refines the mask of the clicks before it. A drawn mask is what the clicks
        refine; without any, it is a stroke over the object and counts as clicks on it.

        Raises:
            RegionError: a drawn mask that cannot be read.
            BadRequest: an empty stroke.
        """
        shot = _Shot(prompts.clicks, prompts.box)
        earlier: torch.Tensor | None = None
        if prompts.drawn is not None:
            drawn = mask_of(dict(prompts.drawn), *image.embedding.original_size)
            if prompts.clicks:
                earlier = self._model.as_logits(image.embedding, drawn)
            else:
                shot = _Shot(clicks_along(drawn), None)
                if not shot.clicks:
                    raise BadRequest("the stroke is empty; paint over the object")
        found, decoded = self._model.brief.do(partial(self._decoded, image, shot, earlier))
        # For the next click on it, while this one's mask is on its way.
        self._model.brief.afterwards(decoded.complete)
        return self._refined(image, shot, found), min(max(decoded.iou, 0.0), 1.0)

    def _decoded(
        self, image: EncodedImage, shot: _Shot, earlier: torch.Tensor | None
    ) -> tuple[Runs, Decoded]:
        if earlier is None:
            decoded = self._replay(image, shot)
        else:
            decoded = self._model.decode(image.embedding, shot.clicks, shot.box, earlier)
        return self._model.full_size(image.embedding, decoded), decoded

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

    def _refined(self, image: EncodedImage, shot: _Shot, mask: Runs) -> Runs:
        if self._refine is None or image.pixels is None:
            return mask
        refined = self._refine(
            image.pixels,
            mask.mask(),
            box=shot.box,
            points=[(click.x, click.y) for click in shot.clicks],
            labels=[int(click.positive) for click in shot.clicks],
        )
        return Runs.of(refined)


def clicks_along(stroke: NDArray[np.bool_], most: int = STROKE_CLICKS) -> tuple[Click, ...]:
    """Return positive clicks spread over a stroke, bool (H, W): none for an empty one.

    The first is the point that is deepest inside; each further one is the deep point that is
    farthest from those before it.
    """
    if not stroke.any():
        return ()
    depth = cv2.distanceTransform(np.pad(stroke, 1).astype(np.uint8), cv2.DIST_L2, 3)[1:-1, 1:-1]
    rows, columns = np.nonzero(depth >= depth.max() / 2)
    chosen = [int(depth[rows, columns].argmax())]
    apart = np.full(len(rows), np.inf)
    while len(chosen) < min(most, len(rows)):
        last = chosen[-1]
        apart = np.minimum(apart, np.hypot(rows - rows[last], columns - columns[last]))
        chosen.append(int(apart.argmax()))
    return tuple(Click(columns[i] + 0.5, rows[i] + 0.5) for i in chosen)
