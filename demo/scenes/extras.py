"""Hats and bags."""

from __future__ import annotations

from typing import Literal, TypeAlias

import numpy as np

from demo.scenes.canvas import Canvas, Frame, Mark
from demo.scenes.figure import Figure, hand_of
from demo.scenes.outline import curve, ellipse, limb, mirrored
from demo.scenes.palette import lighter
from demo.scenes.texture import Fabric

Hat: TypeAlias = Literal["brimmed hat", "beanie", "cap", "beret"]
Bag: TypeAlias = Literal["tote", "handbag", "bucket bag"]


def paint_hat(
    canvas: Canvas, frame: Frame, hat: Hat, side: int, fabric: Fabric, mark: Mark
) -> None:
    sign = (-1, 1)[side]
    dark = lighter(fabric.colour, -0.5)
    if hat == "brimmed hat":
        brim = ellipse((0, 0.028), (0.1, 0.02), sign * 4)
        canvas.paint(frame, brim, fabric, mark, round_off=0.01, shadow=0.4)
        crown = curve([(-0.057, 0.03, 1), (-0.054, -0.02), (-0.04, -0.042), (0, -0.034),
                       (0.04, -0.042), (0.054, -0.02), (0.057, 0.03, 1), (0, 0.038)])  # fmt: skip
        canvas.paint(frame, crown, fabric, mark)
        ribbon = limb([(-0.058, 0.016), (0, 0.026), (0.058, 0.016)], (0.009, 0.009, 0.009))
        canvas.tint(frame, ribbon, dark, 0.75, mark)
        return
    if hat == "beret":
        outline = curve([(-0.054, 0.042), (-0.06, 0.0), (-0.02, -0.034), (0.06, -0.03),
                         (0.096, 0.006), (0.06, 0.034), (0, 0.036)])  # fmt: skip
        canvas.paint(frame, outline * np.array([sign, 1], np.float32), fabric, mark, shadow=0.3)
        stalk = limb([(sign * 0.02, -0.03), (sign * 0.024, -0.018)], (0.003, 0.003))
        canvas.tint(frame, stalk, dark, 0.8, mark)
        return
    dome = mirrored([(0, -0.032), (0.045, -0.028), (0.061, 0.02), (0.06, 0.048, 1), (0, 0.04)])
    canvas.paint(frame, dome, fabric, mark, shadow=0.3)
    if hat == "beanie":
        cuff = limb([(-0.061, 0.038), (0, 0.03), (0.061, 0.038)], (0.0145, 0.0145, 0.0145))
        canvas.paint(frame, cuff, fabric, mark, round_off=0.008, shadow=0.3)
        canvas.paint(frame, ellipse((0, -0.036), (0.019, 0.018)), fabric, mark, 0.008)
        return
    visor = curve([(sign * -0.03, 0.036), (sign * 0.05, 0.03, 1), (sign * 0.105, 0.047),
                   (sign * 0.1, 0.056), (sign * 0.02, 0.05)])  # fmt: skip
    canvas.paint(frame, visor, fabric, mark, round_off=0.008, shadow=0.4)
    for x in (-0.024, 0.024):
        panel = limb([(x * 0.2, -0.03), (x, 0.0), (x * 1.2, 0.036)], (0.001,) * 3)
        canvas.tint(frame, panel, dark, 0.5, mark)


def paint_bag(
    canvas: Canvas,
    frame: Frame,
    figure: Figure,
    side: int,
    bag: Bag,
    width: float,
    fabric: Fabric,
    mark: Mark,
) -> None:
    """A bag hanging from a fist; width in figure units."""
    x, y = hand_of(figure, side)
    half, top = width / 2, y + (0.085 if bag == "tote" else 0.055)
    tall = {"tote": 1.05, "handbag": 0.72, "bucket bag": 1.0}[bag] * width
    lean = {"tote": 0.94, "handbag": 1.16, "bucket bag": 0.78}[bag]
    turn = np.linspace(0, np.pi, 9)
    grip = half * 0.62
    handle = [(float(x + grip * np.cos(t)), float(top + 0.006 - (top - y + 0.006) * np.sin(t)))
              for t in turn]  # fmt: skip
    canvas.paint(frame, limb(handle, (0.0062,) * 9), fabric, mark, round_off=0.0)
    body = curve([(x - half, top, 1), (x + half, top, 1), (x + half * lean, top + tall),
                  (x + half * lean * 0.9, top + tall), (x - half * lean * 0.9, top + tall),
                  (x - half * lean, top + tall)], 3)  # fmt: skip
    canvas.paint(frame, body, fabric, mark, round_off=0.014, shadow=0.3)
    dark = lighter(fabric.colour, -0.5)
    if bag == "handbag":
        flap = curve([(x - half, top, 1), (x + half, top, 1), (x + half * 0.7, top + tall * 0.5),
                      (x - half * 0.7, top + tall * 0.5)])  # fmt: skip
        canvas.tint(frame, flap, dark, 0.3, mark)
        clasp = ellipse((x, top + tall * 0.4), (0.008, 0.007))
        canvas.tint(frame, clasp, (232, 204, 130), 0.95, mark)
    else:
        rim = limb([(x - half, top + 0.012), (x + half, top + 0.012)], (0.0016, 0.0016))
        canvas.tint(frame, rim, dark, 0.6, mark)
        for sign in (-1, 1):
            stud = ellipse((x + sign * grip, top + 0.012), (0.005, 0.005))
            canvas.tint(frame, stud, (232, 204, 130), 0.9, mark)
