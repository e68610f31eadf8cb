"""The person in the clothes: proportions, pose, skin, face and hair."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np

from demo.scenes.canvas import Canvas, Frame, Mark
from demo.scenes.outline import Curve, Point, curve, ellipse, flipped, limb, mirrored, toward
from demo.scenes.palette import HAIR, SKIN, Colour, lighter, mix
from demo.scenes.texture import Fabric

HairCut: TypeAlias = Literal["short", "bob", "long", "bun"]
HAIR_CUTS: tuple[HairCut, ...] = ("short", "bob", "long", "bun")

# Heights at which the body's half-width is given, crown 0 to sole 1.
LEVELS = (0.165, 0.19, 0.235, 0.285, 0.395, 0.5, 0.56)


@dataclass(frozen=True)
class Figure:
    """One person; left/right are the picture's sides. Arms: (shoulder, elbow, wrist)."""

    widths: tuple[float, ...]
    arms: tuple[tuple[Point, Point, Point], tuple[Point, Point, Point]]
    knees: tuple[Point, Point]
    ankles: tuple[Point, Point]
    skin: Colour
    hair: Colour
    cut: HairCut

    def half(self, y: float, ease: float = 0.0) -> float:
        """Half-width of the trunk at height y, plus ease."""
        return float(np.interp(y, LEVELS, self.widths)) + ease


def pose(rng: np.random.Generator) -> Figure:
    """A person standing upright and facing us, with random build, stance and colours."""
    shoulder = rng.uniform(0.098, 0.112)
    waist = rng.uniform(0.064, 0.076)
    hip = rng.uniform(0.084, 0.096)
    bust = 0.5 * (shoulder + waist) + 0.002
    widths = (0.03, shoulder, shoulder - 0.012, bust, waist, hip, hip)
    arms = tuple(_arm(rng, side, shoulder) for side in (-1.0, 1.0))
    stance = rng.uniform(0.045, 0.062)
    bent = rng.uniform(-0.006, 0.006)
    return Figure(
        widths=tuple(float(width) for width in widths),
        arms=(arms[0], arms[1]),
        knees=((-stance + 0.002 + bent, 0.735), (stance - 0.002 + bent, 0.735)),
        ankles=((-stance, 0.94), (stance, 0.94)),
        skin=SKIN[int(rng.integers(len(SKIN)))],
        hair=HAIR[int(rng.integers(len(HAIR)))],
        cut=HAIR_CUTS[int(rng.integers(len(HAIR_CUTS)))],
    )


def _arm(rng: np.random.Generator, side: float, shoulder: float) -> tuple[Point, Point, Point]:
    upper = np.radians(rng.uniform(12, 24))
    lower = np.radians(rng.uniform(2, 16))
    start = (shoulder - 0.018, 0.207)
    elbow = (start[0] + 0.16 * np.sin(upper), start[1] + 0.16 * np.cos(upper))
    wrist = (elbow[0] + 0.145 * np.sin(lower), elbow[1] + 0.145 * np.cos(lower))
    return tuple((float(side * x), float(y)) for x, y in (start, elbow, wrist))  # type: ignore[return-value]


def hand_of(figure: Figure, side: int) -> Point:
    """The middle of the left (0) or right (1) fist."""
    _, elbow, wrist = figure.arms[side]
    return toward(elbow, wrist, 1.2)


def paint_legs(canvas: Canvas, frame: Frame, figure: Figure, mark: Mark) -> None:
    skin = Fabric(figure.skin, sheen=0.08)
    for side, (knee, ankle) in enumerate(zip(figure.knees, figure.ankles, strict=True)):
        sign = (-1.0, 1.0)[side]
        leg = [(sign * 0.042, 0.5), (sign * 0.048, 0.6), knee, (ankle[0], 0.8), ankle]
        foot = [*leg, (ankle[0] + sign * 0.006, 0.985)]
        widths = (0.046, 0.043, 0.029, 0.03, 0.017, 0.022)
        canvas.paint(frame, limb(foot, widths), skin, mark)


def paint_arms(canvas: Canvas, frame: Frame, figure: Figure, mark: Mark) -> None:
    skin = Fabric(figure.skin, sheen=0.08)
    for shoulder, elbow, wrist in figure.arms:
        fore = toward(elbow, wrist, 0.4)
        outline = limb([shoulder, elbow, fore, wrist], (0.026, 0.021, 0.021, 0.0135))
        canvas.paint(frame, outline, skin, mark, shadow=0.2)


def paint_hand(canvas: Canvas, frame: Frame, figure: Figure, side: int, mark: Mark) -> None:
    _, elbow, wrist = figure.arms[side]
    end = toward(elbow, wrist, 1.36)
    hand = limb([toward(elbow, wrist, 0.94), hand_of(figure, side), end], (0.0135, 0.0185, 0.012))
    canvas.paint(frame, hand, figure.skin, mark)


def paint_trunk(canvas: Canvas, frame: Frame, figure: Figure, mark: Mark) -> None:
    trunk = [(0.02, 0.12), (0.022, 0.16), (figure.half(0.19) - 0.01, 0.186)]
    trunk += [(figure.half(y, -0.008), y) for y in (0.235, 0.285, 0.395, 0.5)]
    canvas.paint(frame, mirrored([*trunk, (0.03, 0.55)]), figure.skin, mark)


def paint_hair_behind(canvas: Canvas, frame: Frame, figure: Figure, mark: Mark) -> None:
    shapes: dict[HairCut, Curve] = {
        "short": mirrored([(0, 0.004), (0.05, 0.01), (0.054, 0.075), (0.03, 0.115)]),
        "bob": mirrored([(0, 0), (0.062, 0.0), (0.07, 0.09), (0.066, 0.145, 1), (0.03, 0.15)]),
        "long": mirrored([(0, 0), (0.062, 0.0), (0.068, 0.1), (0.082, 0.255), (0.04, 0.27)]),
        "bun": ellipse((0, 0.055), (0.051, 0.056)),
    }
    canvas.paint(frame, shapes[figure.cut], _strands(figure), mark)


def paint_head(canvas: Canvas, frame: Frame, figure: Figure, mark: Mark) -> None:
    """Neck, face and the hair in front of it."""
    skin, shade = figure.skin, lighter(figure.skin, -0.25)
    neck = mirrored([(0.02, 0.11), (0.021, 0.15), (0.034, 0.178, 1), (0, 0.2)])
    canvas.paint(frame, neck, skin, mark, round_off=0.008)
    canvas.tint(frame, ellipse((0, 0.137), (0.022, 0.014)), shade, 0.6, mark, blur=0.005)
    for side in (-1, 1):
        canvas.paint(frame, ellipse((side * 0.046, 0.078), (0.008, 0.014)), skin, mark, 0.006)
    face = mirrored([(0, 0.012), (0.045, 0.014), (0.05, 0.07), (0.042, 0.112), (0.018, 0.139)])
    canvas.paint(frame, face, Fabric(skin, sheen=0.2), mark)
    _paint_features(canvas, frame, figure, mark)
    fringe = [(0.002, 0.028), (0.03, 0.034), (0.043, 0.062), (0.052, 0.07), (0.055, 0.03)]
    top = mirrored([(0, -0.008), (0.04, -0.008), (0.055, 0.03), (0.05, 0.075), (0.04, 0.045)])
    if figure.cut in ("bun", "short"):
        top = curve([*fringe, (0.03, -0.01), (-0.03, -0.01), (-0.056, 0.03), (-0.051, 0.07),
                     (-0.042, 0.05)])  # fmt: skip
    canvas.paint(frame, top, _strands(figure), mark, round_off=0.01)
    if figure.cut == "bun":
        canvas.paint(frame, ellipse((0.0, -0.018), (0.024, 0.02)), _strands(figure), mark)
    if figure.cut in ("bob", "long"):
        low = 0.135 if figure.cut == "bob" else 0.235
        lock = curve([(0.02, 0.0), (0.058, 0.01), (0.068, 0.09), (0.07, low, 1), (0.05, low, 1),
                      (0.046, 0.1), (0.043, 0.05)])  # fmt: skip
        for side in (lock, flipped(lock)):
            canvas.paint(frame, side, _strands(figure), mark, round_off=0.01)


def _paint_features(canvas: Canvas, frame: Frame, figure: Figure, mark: Mark) -> None:
    dark = mix(figure.hair, (20, 14, 14), 0.6)
    lip = mix(figure.skin, (170, 40, 60), 0.55)
    for side in (-1, 1):
        cheek = ellipse((side * 0.027, 0.098), (0.011, 0.008))
        canvas.tint(frame, cheek, mix(figure.skin, (214, 70, 70), 0.4), 0.5, mark, blur=0.006)
        eye = curve([(side * 0.01, 0.077, 1), (side * 0.018, 0.0725), (side * 0.028, 0.076, 1),
                     (side * 0.018, 0.081)])  # fmt: skip
        canvas.tint(frame, eye, dark, 0.9, mark)
        brow = limb([(side * 0.009, 0.065), (side * 0.019, 0.061), (side * 0.03, 0.065)],
                    (0.0018, 0.0022, 0.0008))  # fmt: skip
        canvas.tint(frame, brow, dark, 0.75, mark)
    nose = limb([(0.003, 0.08), (0.006, 0.094), (0.0, 0.097)], (0.0008, 0.0014, 0.0012))
    canvas.tint(frame, nose, lighter(figure.skin, -0.3), 0.7, mark)
    mouth = curve([(-0.013, 0.113, 1), (-0.004, 0.1095), (0, 0.1115), (0.004, 0.1095),
                   (0.013, 0.113, 1), (0, 0.1205)])  # fmt: skip
    canvas.tint(frame, mouth, lip, 0.85, mark)


def _strands(figure: Figure) -> Fabric:
    return Fabric(
        figure.hair,
        folds=((38.0, 4.0, 0.4), (61.0, -6.0, 2.0)),
        fold_depth=0.1,
        sheen=0.16,
    )
