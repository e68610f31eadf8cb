"""Clothes of the upper body: shirt, jacket, dress bodice, scarf."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np

from demo.scenes.canvas import Canvas, Frame, Mark
from demo.scenes.figure import Figure
from demo.scenes.outline import Curve, Point, curve, ellipse, flipped, limb, mirrored, toward
from demo.scenes.palette import lighter
from demo.scenes.texture import Fabric

Sleeve: TypeAlias = Literal["none", "short", "long"]
Neck: TypeAlias = Literal["round", "v", "collar"]

# How far along the upper arm (0..1) and forearm (1..2) a sleeve reaches.
SLEEVE_REACH: dict[Sleeve, float] = {"none": 0.0, "short": 0.62, "long": 1.96}


@dataclass(frozen=True)
class Top:
    """The cut of a shirt or of a dress's bodice; hem is a height in figure units."""

    sleeve: Sleeve
    neck: Neck
    hem: float
    ease: float


def choose_top(rng: np.random.Generator, tucked: bool) -> Top:
    return Top(
        sleeve=("none", "short", "long")[int(rng.choice(3, p=[0.15, 0.35, 0.5]))],
        neck=("round", "v", "collar")[int(rng.integers(3))],
        hem=0.42 if tucked else float(rng.uniform(0.485, 0.52)),
        ease=float(rng.uniform(0.004, 0.016)),
    )


def neckline(top: Top) -> list[tuple[float, ...]]:
    """Right half of the neck opening, from its lowest point to the shoulder's top."""
    side = (0.034, 0.17, 1)
    if top.neck == "v":
        return [(0, 0.245, 1), side]
    return [(0, 0.2), (0.028, 0.196), side]


def bodice(figure: Figure, top: Top) -> list[tuple[float, ...]]:
    """Right half of a trunk garment, from the neck's middle to its side just above the hem."""
    narrow = 0.022 if top.sleeve == "none" else 0.0
    return [
        *neckline(top),
        (figure.half(0.19) - 0.006 - narrow, 0.183),
        (figure.half(0.235, 0.002) - 0.5 * narrow, 0.235),
        (figure.half(0.285, top.ease), 0.285),
        (figure.half(0.395, top.ease), 0.395),
    ]


def paint_sleeves(
    canvas: Canvas,
    frame: Frame,
    figure: Figure,
    fabric: Fabric,
    mark: Mark,
    reach: float,
    width: float = 0.032,
) -> None:
    """Sleeves that end at `reach` along the arm: 0 shoulder, 1 elbow, 2 wrist."""
    for shoulder, elbow, wrist in figure.arms:
        top = (shoulder[0] * 0.92, shoulder[1] - 0.008)
        if reach <= 1:
            joints: list[Point] = [top, toward(shoulder, elbow, reach * 0.5),
                                   toward(shoulder, elbow, reach)]  # fmt: skip
            widths = (width, width, width)
        else:
            joints = [top, elbow, toward(elbow, wrist, reach - 1)]
            widths = (width, width * 0.86, width * 0.68)
        outline = limb(joints, widths)
        canvas.paint(frame, outline, fabric, mark, shadow=0.22)
        cuff = limb([toward(joints[-2], joints[-1], 0.92), joints[-1]], (widths[-1],) * 2)
        canvas.tint(frame, cuff, lighter(fabric.colour, -0.45), 0.35, mark)


def paint_shirt(
    canvas: Canvas, frame: Frame, figure: Figure, top: Top, fabric: Fabric, mark: Mark
) -> None:
    low = top.hem
    side = (figure.half(low, top.ease + 0.002), low, 1)
    outline = mirrored([*bodice(figure, top), side, (0, low + 0.006)])
    canvas.paint(frame, outline, fabric, mark, shadow=0.2)
    if top.sleeve != "none":
        paint_sleeves(canvas, frame, figure, fabric, mark, SLEEVE_REACH[top.sleeve])
    paint_neck_trim(canvas, frame, top, fabric, mark)
    if top.neck == "collar":
        _paint_placket(canvas, frame, low, fabric, mark)


def paint_neck_trim(canvas: Canvas, frame: Frame, top: Top, fabric: Fabric, mark: Mark) -> None:
    dark = lighter(fabric.colour, -0.35)
    if top.neck == "collar":
        wing = curve([(0.03, 0.158, 1), (0.052, 0.186, 1), (0.024, 0.218, 1), (0.0, 0.196, 1)])
        for half in (wing, flipped(wing)):
            canvas.paint(frame, half, fabric, mark, round_off=0.008, shadow=0.3)
        return
    edge = [point[:2] for point in neckline(top)]
    rim = [*edge[::-1], *[(-x, y) for x, y in edge[1:]]] if top.neck == "v" else [
        (0.034, 0.17), (0.024, 0.192), (0, 0.2), (-0.024, 0.192), (-0.034, 0.17)]  # fmt: skip
    canvas.tint(frame, limb(rim, (0.0045,) * len(rim)), dark, 0.6, mark)


def _paint_placket(canvas: Canvas, frame: Frame, low: float, fabric: Fabric, mark: Mark) -> None:
    seam = limb([(0.006, 0.2), (0.006, low)], (0.0012, 0.0012))
    canvas.tint(frame, seam, lighter(fabric.colour, -0.4), 0.6, mark)
    for y in np.arange(0.225, low - 0.015, 0.042):
        canvas.tint(frame, ellipse((0.0, float(y)), (0.0042, 0.0042)), (238, 234, 226), 0.9, mark)


def paint_collar_behind(canvas: Canvas, frame: Frame, fabric: Fabric, mark: Mark) -> None:
    """The part of a jacket's collar that the neck hides; paint it before the head."""
    band = mirrored([(0, 0.148), (0.038, 0.15), (0.046, 0.176), (0, 0.172)])
    canvas.paint(frame, band, fabric, mark)


def paint_jacket(
    canvas: Canvas,
    frame: Frame,
    figure: Figure,
    hem: float,
    opening: float,
    fabric: Fabric,
    mark: Mark,
) -> None:
    """An open jacket: two fronts, lapels, long sleeves. `opening`: half the gap at the waist."""
    spread = 0.02 + 0.25 * max(0.0, hem - 0.52)
    front = curve([
        (0.03, 0.158, 1), (0.05, 0.17), (figure.half(0.19, 0.004), 0.182),
        (figure.half(0.235, 0.01), 0.235), (figure.half(0.285, 0.016), 0.285),
        (figure.half(0.395, 0.02), 0.395), (figure.half(min(hem, 0.56), spread), hem, 1),
        (opening + 0.012, hem + 0.008, 1), (opening, 0.42), (opening - 0.006, 0.33),
    ])  # fmt: skip
    for half in (front, flipped(front)):
        canvas.paint(frame, half, fabric, mark, shadow=0.4)
    paint_sleeves(canvas, frame, figure, fabric, mark, 2.0, width=0.037)
    lapel = curve([(0.028, 0.157, 1), (0.05, 0.166, 1), (0.066, 0.222, 1), (0.05, 0.232, 1),
                   (0.058, 0.246, 1), (opening + 0.002, 0.345, 1), (opening - 0.004, 0.33),
                   (0.034, 0.22)])  # fmt: skip
    for half in (lapel, flipped(lapel)):
        canvas.paint(frame, half, fabric, mark, round_off=0.008, shadow=0.35)
    _paint_jacket_details(canvas, frame, figure, opening, fabric, mark)


def _paint_jacket_details(
    canvas: Canvas, frame: Frame, figure: Figure, opening: float, fabric: Fabric, mark: Mark
) -> None:
    dark = lighter(fabric.colour, -0.5)
    for sign in (-1, 1):
        outer = figure.half(0.47, 0.008)
        pocket = limb([(sign * (opening + 0.02), 0.462), (sign * outer, 0.455)], (0.004, 0.004))
        canvas.tint(frame, pocket, dark, 0.5, mark)
    for y in (0.375, 0.425):
        canvas.tint(frame, ellipse((opening + 0.009, y), (0.005, 0.005)), dark, 0.8, mark)


def paint_scarf(
    canvas: Canvas, frame: Frame, tail: float, side: int, fabric: Fabric, mark: Mark
) -> None:
    """A scarf wound round the neck, with a tail down to height `tail` on one side."""
    sign = (-1, 1)[side]
    x = sign * 0.03
    ends = limb([(x * 0.8, 0.18), (x * 1.2, 0.26), (x * 1.4, tail)], (0.024, 0.027, 0.031))
    canvas.paint(frame, ends, fabric, mark, round_off=0.01, shadow=0.4)
    for step in np.linspace(-0.026, 0.026, 7):
        fringe = limb([(x * 1.4 + step, tail - 0.012), (x * 1.4 + step, tail)], (0.0012,) * 2)
        canvas.tint(frame, fringe, lighter(fabric.colour, -0.5), 0.6, mark)
    ring: Curve = mirrored([(0, 0.143), (0.036, 0.134), (0.062, 0.158), (0.056, 0.196), (0, 0.214)])
    canvas.paint(frame, ring, fabric, mark, round_off=0.014, shadow=0.4)
    for dy in (0.0, 0.02):
        line = [(-0.052, 0.16 + dy), (0, 0.176 + dy), (0.052, 0.152 + dy)]
        fold = limb(line, (0.0012, 0.003, 0.0012))
        canvas.tint(frame, fold, lighter(fabric.colour, -0.5), 0.45, mark, blur=0.002)
