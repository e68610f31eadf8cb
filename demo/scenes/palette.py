"""Colours: saturated ones for garments, muted ones for the room, natural ones for people."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np

Colour: TypeAlias = tuple[int, int, int]

GARMENT: dict[str, Colour] = {
    "crimson": (190, 28, 48),
    "scarlet": (222, 56, 38),
    "burgundy": (112, 20, 44),
    "tangerine": (236, 120, 28),
    "mustard": (214, 160, 24),
    "sunflower": (244, 196, 40),
    "olive": (98, 108, 28),
    "leaf": (76, 150, 54),
    "emerald": (14, 128, 84),
    "forest": (20, 76, 52),
    "teal": (8, 116, 124),
    "turquoise": (26, 168, 176),
    "azure": (40, 132, 212),
    "cobalt": (28, 72, 188),
    "navy": (24, 34, 88),
    "indigo": (70, 54, 158),
    "violet": (126, 66, 176),
    "plum": (96, 28, 96),
    "magenta": (190, 36, 128),
    "rose": (226, 84, 132),
    "ink": (28, 28, 36),
}
SKIN: tuple[Colour, ...] = (
    (244, 210, 186),
    (232, 190, 160),
    (212, 164, 130),
    (178, 126, 92),
    (138, 92, 64),
    (104, 68, 48),
)
HAIR: tuple[Colour, ...] = (
    (34, 26, 24),
    (62, 42, 30),
    (98, 64, 40),
    (150, 104, 58),
    (206, 168, 104),
    (128, 58, 34),
    (142, 138, 136),
)
ROOM: tuple[Colour, ...] = (
    (214, 210, 204),
    (202, 206, 210),
    (218, 212, 200),
    (198, 202, 196),
    (212, 204, 208),
    (190, 196, 204),
    (222, 218, 214),
)


def distance(one: Colour, other: Colour) -> float:
    """The "redmean" approximation of perceived colour distance, about 0 to 765."""
    red = (one[0] + other[0]) / 2
    r, g, b = (a - c for a, c in zip(one, other, strict=True))
    return float(np.sqrt((2 + red / 256) * r * r + 4 * g * g + (2 + (255 - red) / 256) * b * b))


def choose(rng: np.random.Generator, apart_from: Sequence[Colour], least: float = 190.0) -> str:
    """The name of a garment colour that keeps `least` distance from all the given ones.

    When none does, the one farthest from its nearest neighbour is taken.
    """
    names = list(GARMENT)
    rng.shuffle(names)
    spread = {
        name: min((distance(GARMENT[name], colour) for colour in apart_from), default=765.0)
        for name in names
    }
    return next(
        (name for name in names if spread[name] >= least), max(names, key=spread.__getitem__)
    )


def mix(one: Colour, other: Colour, share: float) -> Colour:
    """The colour at `share` of the way from one to the other."""
    r, g, b = (round(a + (c - a) * share) for a, c in zip(one, other, strict=True))
    return (r, g, b)


def lighter(colour: Colour, share: float) -> Colour:
    """The colour moved towards white (share > 0) or towards black (share < 0)."""
    return mix(colour, (255, 255, 255) if share > 0 else (0, 0, 0), abs(share))
