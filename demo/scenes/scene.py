"""A whole scene: a calm room, one or two dressed people, and the mask of every garment.

The scenes are easy on purpose. The wall and the floor are plain and muted, people stand upright
and whole in the picture, garments have saturated colours that the room never has, and nothing
stands in front of them. They teach two small nets what this demonstration needs and nothing about
photographs.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from demo.scenes.canvas import Canvas, Frame
from demo.scenes.outfit import CLASSES, Garment, Outfit, choose_outfit, paint_outfit
from demo.scenes.outline import ellipse
from demo.scenes.palette import ROOM, lighter

__all__ = ["CLASSES", "Garment", "Scene", "draw"]

SMALLEST = 64
LARGEST = 8192
# Standard deviation of the picture's noise, in grey levels.
GRAIN = np.float32(1.6)


@dataclass(frozen=True)
class Scene:
    """A picture and what is in it.

    image: uint8 (H, W, 3), RGB.
    instances: uint8 (H, W); 0 where no garment is visible, else a garment's `number`.
    classes: uint8 (H, W); an index into CLASSES. Every pixel of an instance has its class; skin
    and hair have the class `skin` and no instance.
    garments: what was put on, in order of `number`. A garment that others hide wholly is left out.
    """

    seed: int
    image: NDArray[np.uint8]
    instances: NDArray[np.uint8]
    classes: NDArray[np.uint8]
    garments: tuple[Garment, ...]


def draw(seed: int, size: tuple[int, int] = (384, 256)) -> Scene:
    """The scene of a seed at a size (height, width) in pixels.

    The same seed shows the same people in the same clothes at any size of the same aspect; the
    same seed and size give the same pixels.

    Raises ValueError for a side outside 64..8192 pixels.
    """
    height, width = size
    if not (SMALLEST <= height <= LARGEST and SMALLEST <= width <= LARGEST):
        raise ValueError(
            f"a scene's sides must lie in {SMALLEST}..{LARGEST} pixels, "
            f"got height {height} and width {width}"
        )
    rng = np.random.default_rng(seed)
    light = float(rng.choice([-1.0, 1.0]))
    floor = float(rng.uniform(0.74, 0.86))
    canvas = Canvas(_room(rng, height, width, floor, light), light)
    outfits = _people(rng)
    frames = [_frame(rng, size, i, len(outfits)) for i in range(len(outfits))]
    for frame in frames:
        _ground_shadow(canvas, frame, light)
    garments: list[Garment] = []
    for figure, (frame, outfit) in enumerate(zip(frames, outfits, strict=True)):
        garments += paint_outfit(canvas, frame, outfit, figure, first=len(garments) + 1)
    grain = np.random.default_rng([seed, height, width])
    canvas.image += GRAIN * grain.standard_normal((height, width, 1), dtype=np.float32)
    picture = np.clip(np.rint(canvas.image, out=canvas.image), 0, 255).astype(np.uint8)
    visible = np.bincount(canvas.instances.ravel(), minlength=256) > 0
    return Scene(
        seed=seed,
        image=picture,
        instances=canvas.instances,
        classes=canvas.kinds,
        garments=tuple(garment for garment in garments if visible[garment.number]),
    )


def _people(rng: np.random.Generator) -> list[Outfit]:
    count = 2 if rng.random() < 0.18 else 1
    return [choose_outfit(rng, alone=count == 1) for _ in range(count)]


def _frame(rng: np.random.Generator, size: tuple[int, int], figure: int, figures: int) -> Frame:
    height, width = size
    # A figure with its bag needs about 0.62 of its height in width, two stand close.
    room = width / (0.62 if figures == 1 else 0.94)
    scale = min(float(rng.uniform(0.84, 0.9)) * height, room)
    share = 0.5 if figures == 1 else (0.27, 0.73)[figure]
    middle = (share + float(rng.uniform(-0.03, 0.03)) / figures) * width
    sole = float(rng.uniform(0.945, 0.965)) * height
    lean = float(rng.uniform(-0.012, 0.012))
    return Frame(middle=middle, top=sole - scale, scale=scale, lean=lean)


def _room(
    rng: np.random.Generator, height: int, width: int, floor: float, light: float
) -> NDArray[np.float32]:
    wall_colour = ROOM[int(rng.integers(len(ROOM)))]
    wall = np.array(wall_colour, np.float32)
    ground = np.array(lighter(wall_colour, float(rng.uniform(-0.22, -0.1))), np.float32)
    y = (np.arange(height, dtype=np.float32)[:, None] + np.float32(0.5)) / height
    x = (np.arange(width, dtype=np.float32)[None] + np.float32(0.5)) / width
    glow = np.exp(-(((y - 0.35) / 0.45) ** 2)) * np.exp(-(((x - 0.5 - 0.12 * light) / 0.5) ** 2))
    below = 0.5 + 0.5 * np.tanh((y - floor) / 0.012)
    depth = 1.06 - 0.16 * (1 - np.clip((y - floor) / max(1 - floor, 1e-6), 0, 1))
    upper = (0.9 + 0.13 * glow) * (1 - below)
    lower = (0.94 + 0.06 * glow) * (below * depth)
    return (upper[..., None] * wall + lower[..., None] * ground).astype(np.float32)


def _ground_shadow(canvas: Canvas, frame: Frame, light: float) -> None:
    for dx, radii, strength in ((0.0, (0.12, 0.014), 0.4), (-0.07 * light, (0.22, 0.022), 0.22)):
        pool = ellipse((dx, 1.0), radii)
        canvas.tint(frame, pool, (40, 38, 40), strength, blur=0.012)
