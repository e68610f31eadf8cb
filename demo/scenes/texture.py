"""Fabrics: a colour, a mild pattern and folds, computed from figure coordinates at any size."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from demo.scenes.palette import Colour, lighter

Pattern: TypeAlias = Literal["plain", "striped", "pinstriped", "checked", "dotted", "ribbed"]
Grid: TypeAlias = NDArray[np.floating]

PATTERNS: tuple[Pattern, ...] = ("plain", "striped", "pinstriped", "checked", "dotted", "ribbed")


@dataclass(frozen=True)
class Fabric:
    """How a garment's surface looks; lengths are in figure units."""

    colour: Colour
    pattern: Pattern = "plain"
    second: Colour = (255, 255, 255)
    pitch: float = 0.03
    slant: float = 0.0
    folds: tuple[tuple[float, float, float], ...] = ()
    fold_depth: float = 0.07
    fan: float = 0.0
    sheen: float = 0.1


def weave(rng: np.random.Generator, colour: Colour, plain_share: float = 0.5) -> Fabric:
    """A fabric of the given colour with a random pattern and random folds."""
    pattern: Pattern = "plain"
    if rng.random() > plain_share:
        pattern = PATTERNS[int(rng.integers(1, len(PATTERNS)))]
    dark = sum(colour) < 260
    second = lighter(colour, rng.uniform(0.22, 0.4) if dark else rng.choice([0.32, -0.24]))
    return Fabric(
        colour=colour,
        pattern=pattern,
        second=second,
        pitch=float(rng.uniform(0.022, 0.042)),
        slant=float(rng.choice([0.0, 0.0, 1.0, 0.5])),
        folds=tuple(
            (float(rng.uniform(7, 22)), float(rng.uniform(-5, 5)), float(rng.uniform(0, 6.28)))
            for _ in range(3)
        ),
        fold_depth=float(rng.uniform(0.03, 0.06)),
        sheen=float(rng.uniform(0.06, 0.14)),
    )


def colours(fabric: Fabric, u: Grid, v: Grid, pixel: float, light: float) -> Grid:
    """Surface colours, float32 (h, w, 3), for points at (u, v) figure units.

    `pixel` is the size of a pixel in figure units (edges of a pattern are softened over it) and
    `light` is +1 for light from the right, -1 from the left.
    """
    base = np.array(fabric.colour, np.float32)
    amount = _pattern(fabric, u, v, pixel)
    surface = np.broadcast_to(base, (*np.broadcast_shapes(u.shape, v.shape), 3))
    if amount is not None:
        surface = base + amount[..., None] * (np.array(fabric.second, np.float32) - base)
    return surface * _shade(fabric, u, v, light)[..., None]


def _pattern(fabric: Fabric, u: Grid, v: Grid, pixel: float) -> Grid | None:
    if fabric.pattern == "plain":
        return None
    pitch = fabric.pitch
    soft = 2.0 * pixel / pitch
    if fabric.pattern == "dotted":
        row = np.floor(v / pitch)
        du = (u / pitch + 0.5 * (row % 2)) % 1 - 0.5
        dv = v / pitch - row - 0.5
        return _step(0.27 - np.sqrt(du * du + dv * dv), soft * 0.5)
    if fabric.pattern == "ribbed":
        wave = np.cos(2 * np.pi * u / (0.5 * pitch)) * max(0.0, 1 - soft)
        return np.broadcast_to(0.35 + 0.3 * wave, np.broadcast_shapes(u.shape, v.shape))
    if fabric.pattern == "checked":
        across = _step(np.abs((u / pitch) % 1 - 0.5) - 0.27, soft)
        down = _step(np.abs((v / pitch) % 1 - 0.5) - 0.27, soft)
        return 0.5 * across + 0.5 * down
    width = 0.25 if fabric.pattern == "striped" else 0.4
    along = u if fabric.pattern == "pinstriped" else v + 0.35 * fabric.slant * u
    stripe = _step(np.abs((along / pitch) % 1 - 0.5) - width, soft)
    return np.broadcast_to(stripe, np.broadcast_shapes(u.shape, v.shape))


def _shade(fabric: Fabric, u: Grid, v: Grid, light: float) -> Grid:
    # Folds of a flared garment run out from its waist: equal spacing in the angle, not in x.
    across = u / (0.35 + fabric.fan * np.maximum(v - 0.36, 0)) * 0.35 if fabric.fan else u
    shade = np.ones(np.broadcast_shapes(u.shape, v.shape), np.float32)
    depth = fabric.fold_depth * (0.55 + 0.9 * np.clip(v - 0.15, 0, 1))
    for frequency, lean, phase in fabric.folds:
        shade += depth * np.sin(2 * np.pi * (frequency * across + lean * v * 0.4) + phase)
    return shade + light * fabric.sheen * 6 * u.clip(-0.18, 0.18)


def _step(distance: Grid, soft: float) -> Grid:
    return np.clip(distance / max(soft, 1e-6) + 0.5, 0, 1)
