"""A canvas that keeps, beside the picture, what every pixel shows."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from demo.scenes.outline import Curve
from demo.scenes.palette import Colour
from demo.scenes.texture import Fabric, colours

# cv2 takes polygon coordinates as integers with this many fractional bits.
FRACTION_BITS = 5


@dataclass(frozen=True)
class Frame:
    """Where a figure stands: pixels = middle/top + scale * figure units, leaned about its feet."""

    middle: float
    top: float
    scale: float
    lean: float = 0.0

    def pixels(self, outline: Curve) -> NDArray[np.float32]:
        x = outline[:, 0] + self.lean * (1 - outline[:, 1])
        return np.stack([self.middle + self.scale * x, self.top + self.scale * outline[:, 1]], 1)


@dataclass(frozen=True)
class Mark:
    """What a stroke shows: instance number (0: none) and class number."""

    instance: int
    kind: int


class Canvas:
    """image: float32 (H, W, 3) RGB 0..255; instances, kinds: uint8 (H, W)."""

    def __init__(self, image: NDArray[np.float32], light: float) -> None:
        self.image = image
        self.light = light
        self.instances = np.zeros(image.shape[:2], np.uint8)
        self.kinds = np.zeros(image.shape[:2], np.uint8)

    def paint(
        self,
        frame: Frame,
        outline: Curve,
        fabric: Fabric | Colour,
        mark: Mark,
        round_off: float = 0.016,
        shadow: float = 0.0,
    ) -> None:
        """Lay a filled outline over what is there and mark the pixels it covers by half or more.

        round_off: width, in figure units, over which the surface darkens towards its outline.
        shadow: strength of the soft shadow that the shape throws on what lies below it.
        """
        where = self._window(frame, outline, margin=0.03 if shadow else 0.0)
        if where is None:
            return
        rows, columns, cover = where
        if shadow:
            self._drop_shadow(frame, rows, columns, cover, shadow)
        u, v = self._units(frame, rows, columns)
        if not isinstance(fabric, Fabric):
            fabric = Fabric(fabric, sheen=0.05)
        surface = colours(fabric, u, v, 1 / frame.scale, self.light)
        if round_off:
            inner = _blur(cover, round_off * frame.scale)
            surface = surface * (0.72 + 0.28 * np.clip((inner - 0.42) / 0.4, 0, 1))[..., None]
        self._blend(rows, columns, cover, surface)
        hit = cover >= 0.5
        self.instances[rows, columns][hit] = mark.instance
        self.kinds[rows, columns][hit] = mark.kind

    def tint(
        self,
        frame: Frame,
        outline: Curve,
        colour: Colour,
        strength: float,
        only: Mark | None = None,
        blur: float = 0.0,
    ) -> None:
        """Colour what is there without changing what it is: seams, buttons, cheeks, shadows.

        only: leave pixels alone that show something else. blur: in figure units.
        """
        where = self._window(frame, outline, margin=2.5 * blur)
        if where is None:
            return
        rows, columns, cover = where
        if blur:
            cover = _blur(cover, blur * frame.scale)
        cover = cover * np.float32(strength)
        if only is not None:
            same = (self.instances[rows, columns] == only.instance) & (
                self.kinds[rows, columns] == only.kind
            )
            cover = np.where(same, cover, np.float32(0))
        self._blend(rows, columns, cover, np.array(colour, np.float32))

    def _drop_shadow(
        self, frame: Frame, rows: slice, columns: slice, cover: NDArray[np.float32], strength: float
    ) -> None:
        soft = _blur(cover, 0.018 * frame.scale)
        down = max(1, round(0.008 * frame.scale))
        soft = np.roll(soft, down, axis=0)
        soft[:down] = 0
        # A shadow falls on the figure, not on the wall far behind it.
        soft = soft * (self.kinds[rows, columns] > 0) * np.float32(strength)
        self.image[rows, columns] *= (1 - soft)[..., None]

    def _window(
        self, frame: Frame, outline: Curve, margin: float
    ) -> tuple[slice, slice, NDArray[np.float32]] | None:
        height, width = self.kinds.shape
        pixels = frame.pixels(outline)
        extra = 2 + margin * frame.scale
        left, top = np.floor(pixels.min(axis=0) - extra).astype(int)
        right, bottom = np.ceil(pixels.max(axis=0) + extra).astype(int)
        left, top, right, bottom = max(left, 0), max(top, 0), min(right, width), min(bottom, height)
        if right - left < 2 or bottom - top < 2:
            return None
        cover = np.zeros((bottom - top, right - left), np.uint8)
        # Pixel centres lie at whole numbers for cv2 and at halves for us.
        shifted = (pixels - (left + 0.5, top + 0.5)) * (1 << FRACTION_BITS)
        polygon = np.round(shifted).astype(np.int32)
        cv2.fillPoly(cover, [polygon], 255, cv2.LINE_AA, FRACTION_BITS)
        return slice(top, bottom), slice(left, right), cover.astype(np.float32) / np.float32(255)

    def _units(
        self, frame: Frame, rows: slice, columns: slice
    ) -> tuple[NDArray[np.floating], NDArray[np.floating]]:
        y = np.arange(rows.start, rows.stop, dtype=np.float32)[:, None] + np.float32(0.5)
        x = np.arange(columns.start, columns.stop, dtype=np.float32)[None] + np.float32(0.5)
        v = (y - np.float32(frame.top)) / np.float32(frame.scale)
        u = (x - np.float32(frame.middle)) / np.float32(frame.scale)
        return u - np.float32(frame.lean) * (1 - v), v

    def _blend(
        self,
        rows: slice,
        columns: slice,
        cover: NDArray[np.float32],
        surface: NDArray[np.float32],
    ) -> None:
        view = self.image[rows, columns]
        view += cover[..., None] * (surface - view)


def with_fan(fabric: Fabric, fan: float) -> Fabric:
    """The fabric with folds that run out from the waist."""
    return replace(fabric, fan=fan, fold_depth=fabric.fold_depth * 1.5)


def _blur(cover: NDArray[np.float32], sigma: float) -> NDArray[np.float32]:
    sigma = max(sigma, 0.3)
    size = 2 * int(np.ceil(2.2 * sigma)) + 1
    soft = cv2.GaussianBlur(cover, (size, size), sigma, borderType=cv2.BORDER_CONSTANT)
    return soft.astype(np.float32, copy=False)
