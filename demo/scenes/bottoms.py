"""Clothes of the lower body: pants, skirt, dress, footwear."""

from __future__ import annotations

from typing import Literal, TypeAlias

from demo.scenes.canvas import Canvas, Frame, Mark, with_fan
from demo.scenes.figure import Figure
from demo.scenes.outline import curve, ellipse, limb, mirrored
from demo.scenes.palette import lighter
from demo.scenes.texture import Fabric
from demo.scenes.tops import SLEEVE_REACH, Top, bodice, paint_neck_trim, paint_sleeves

Legs: TypeAlias = Literal["slim", "straight", "wide"]
Shoe: TypeAlias = Literal["trainers", "pumps", "ankle boots", "tall boots"]

# Half-width of a trouser leg at knee and hem, and the height of its hem.
LEG_CUTS: dict[Legs, tuple[float, float, float]] = {
    "slim": (0.036, 0.027, 0.925),
    "straight": (0.042, 0.042, 0.945),
    "wide": (0.05, 0.06, 0.95),
}
SHOE_TOPS: dict[Shoe, float] = {
    "trainers": 0.935, "pumps": 0.957, "ankle boots": 0.885, "tall boots": 0.77,
}  # fmt: skip


def paint_pants(
    canvas: Canvas, frame: Frame, figure: Figure, cut: Legs, fabric: Fabric, mark: Mark
) -> None:
    knee, hem, low = LEG_CUTS[cut]
    (left_knee, right_knee), (left, right) = figure.knees, figure.ankles
    waist, hip = figure.half(0.395, 0.007), figure.half(0.5, 0.007)
    outline = curve([
        (-waist, 0.39, 1), (waist, 0.39, 1), (hip, 0.49), (right_knee[0] + knee, 0.735),
        (right[0] + hem, low, 1), (right[0] - hem * 0.8, low + 0.006, 1),
        (right_knee[0] - knee * 0.9, 0.735), (0.002, 0.545), (-0.002, 0.545),
        (left_knee[0] + knee * 0.9, 0.735), (left[0] + hem * 0.8, low + 0.006, 1),
        (left[0] - hem, low, 1), (left_knee[0] - knee, 0.735), (-hip, 0.49),
    ])  # fmt: skip
    canvas.paint(frame, outline, fabric, mark, round_off=0.02)
    dark = lighter(fabric.colour, -0.5)
    inseam = limb([(0, 0.41), (0, 0.5), (0.001, 0.56)], (0.0014, 0.002, 0.0025))
    canvas.tint(frame, inseam, dark, 0.6, mark)
    for point in (right, left):
        knee_x = right_knee[0] if point is right else left_knee[0]
        crease = limb([(knee_x * 1.02, 0.58), (point[0], low - 0.01)], (0.0014, 0.0014))
        canvas.tint(frame, crease, lighter(fabric.colour, 0.35), 0.4, mark, blur=0.002)
    _paint_waistband(canvas, frame, waist, 0.39, fabric, mark)
    for sign in (-1, 1):
        pocket = limb([(sign * waist * 0.62, 0.412), (sign * (hip - 0.004), 0.462)], (0.0016,) * 2)
        canvas.tint(frame, pocket, dark, 0.55, mark)


def paint_skirt(
    canvas: Canvas,
    frame: Frame,
    figure: Figure,
    hem: float,
    flare: float,
    fabric: Fabric,
    mark: Mark,
) -> None:
    """flare: how much wider than the hips the hem is, in figure units."""
    waist, hip = figure.half(0.395, 0.007), figure.half(0.5, 0.01 + flare * 0.25)
    wide = figure.half(0.5, flare)
    right = [(0, 0.388), (waist, 0.388, 1), (waist + 0.004, 0.405), (hip, 0.49),
             (wide, hem - 0.008, 1), (wide * 0.5, hem + 0.012), (0, hem + 0.014)]  # fmt: skip
    canvas.paint(frame, mirrored(right), with_fan(fabric, flare * 7), mark, 0.02, shadow=0.3)
    _paint_waistband(canvas, frame, waist, 0.388, fabric, mark)
    _paint_hem(canvas, frame, wide, hem, fabric, mark)


def paint_dress(
    canvas: Canvas,
    frame: Frame,
    figure: Figure,
    top: Top,
    flare: float,
    fabric: Fabric,
    mark: Mark,
) -> None:
    """A bodice and a skirt of one fabric; its hem is the top's hem."""
    hip, wide, hem = figure.half(0.5, 0.01 + flare * 0.3), figure.half(0.5, flare), top.hem
    right = [*bodice(figure, top), (hip, 0.5), (wide, hem - 0.008, 1),
             (wide * 0.5, hem + 0.012), (0, hem + 0.014)]  # fmt: skip
    canvas.paint(frame, mirrored(right), with_fan(fabric, flare * 7), mark, 0.02, shadow=0.3)
    if top.sleeve != "none":
        paint_sleeves(canvas, frame, figure, fabric, mark, SLEEVE_REACH[top.sleeve])
    paint_neck_trim(canvas, frame, top, fabric, mark)
    waist = figure.half(0.395, top.ease + 0.01)
    seam = limb([(-waist, 0.392), (0, 0.4), (waist, 0.392)], (0.006, 0.006, 0.006))
    canvas.tint(frame, seam, lighter(fabric.colour, -0.45), 0.55, mark)
    _paint_hem(canvas, frame, wide, hem, fabric, mark)


def _paint_waistband(
    canvas: Canvas, frame: Frame, waist: float, y: float, fabric: Fabric, mark: Mark
) -> None:
    band = limb(
        [(-waist - 0.01, y + 0.02), (0, y + 0.023), (waist + 0.01, y + 0.02)], (0.0013,) * 3
    )
    canvas.tint(frame, band, lighter(fabric.colour, -0.5), 0.6, mark)
    canvas.tint(frame, ellipse((0.0, y + 0.011), (0.0045, 0.0045)), (226, 206, 160), 0.85, mark)


def _paint_hem(
    canvas: Canvas, frame: Frame, wide: float, hem: float, fabric: Fabric, mark: Mark
) -> None:
    line = [(-wide - 0.01, hem - 0.03), (-wide * 0.5, hem - 0.014), (0, hem - 0.011),
            (wide * 0.5, hem - 0.014), (wide + 0.01, hem - 0.03)]  # fmt: skip
    canvas.tint(frame, limb(line, (0.0012,) * 5), lighter(fabric.colour, -0.5), 0.5, mark)


def paint_shoe(
    canvas: Canvas, frame: Frame, figure: Figure, side: int, shoe: Shoe, fabric: Fabric, mark: Mark
) -> None:
    """One shoe; the toes point outwards and towards us."""
    sign = (-1, 1)[side]
    x, top = figure.ankles[side][0], SHOE_TOPS[shoe]
    shaft = 0.022 if top > 0.9 else 0.027
    calf = shaft + (0.011 if shoe == "tall boots" else 0.003)
    points = [(calf, top, 1), (shaft + 0.003, 0.935), (0.05, 0.968), (0.064, 0.99),
              (0.058, 1.004, 1), (-0.03, 1.004, 1), (-0.034, 0.975), (-shaft, 0.94),
              (-calf, top, 1)]  # fmt: skip
    if shoe == "pumps":
        points = [(0.022, 0.957, 1), (0.026, 0.968), (0.052, 0.982), (0.064, 0.997),
                  (0.054, 1.004, 1), (-0.028, 1.004, 1), (-0.032, 0.975), (-0.024, 0.948, 1),
                  (-0.008, 0.974)]  # fmt: skip
    outline = curve([(x + sign * point[0], *point[1:]) for point in points])
    canvas.paint(frame, outline, fabric, mark, round_off=0.012)
    sole = curve([(x + sign * a, b, 1) for a, b in
                  ((0.066, 0.993), (0.06, 1.006), (-0.034, 1.006), (-0.036, 0.993))])  # fmt: skip
    pale = shoe == "trainers"
    canvas.tint(frame, sole, (240, 238, 232) if pale else (24, 20, 20), 0.85 if pale else 0.6, mark)
    if pale:
        for y in (0.951, 0.96, 0.969):
            lace = limb([(x + sign * 0.002, y), (x + sign * 0.034, y + 0.004)], (0.002, 0.002))
            canvas.tint(frame, lace, (240, 238, 232), 0.8, mark)
