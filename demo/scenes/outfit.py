"""Who wears what: the choice of garments and the order in which they are put on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

import numpy as np

from demo.scenes import bottoms, extras, figure, tops
from demo.scenes.canvas import Canvas, Frame, Mark
from demo.scenes.palette import GARMENT, Colour, choose
from demo.scenes.texture import Fabric, weave

Kind: TypeAlias = Literal[
    "hat", "shirt", "jacket", "dress", "skirt", "pants", "bag", "scarf", "footwear"
]
CLASSES: tuple[str, ...] = ("background", *get_args(Kind), "skin")


@dataclass(frozen=True)
class Garment:
    """A garment of a scene; `number` is its value in the instance map, `figure` its wearer.

    The two shoes of a pair are two garments.
    """

    number: int
    figure: int
    kind: Kind
    style: str
    colour: str
    pattern: str


@dataclass(frozen=True)
class Wear:
    """A chosen garment: style and fabric."""

    kind: Kind
    style: str
    colour: str
    fabric: Fabric


@dataclass(frozen=True)
class Outfit:
    """A person and what they wear, with the measures of each cut (figure units)."""

    person: figure.Figure
    wears: tuple[Wear, ...]
    top: tops.Top
    flare: float
    hem: float
    coat_hem: float
    opening: float
    tail: float
    bag_width: float
    side: int

    def get(self, kind: Kind) -> Wear | None:
        return next((wear for wear in self.wears if wear.kind == kind), None)


def choose_outfit(rng: np.random.Generator, alone: bool) -> Outfit:
    """A random person in a random outfit that makes sense; each garment has its own colour."""
    person = figure.pose(rng)
    dressed = rng.random() < 0.3
    lower: Kind = "dress" if dressed else ("skirt" if rng.random() < 0.45 else "pants")
    kinds: list[Kind] = [lower] if dressed else ["shirt", lower]
    kinds += [
        kind
        for kind, share in (("jacket", 0.42), ("hat", 0.42), ("scarf", 0.28), ("bag", 0.5))
        if rng.random() < share
    ]  # type: ignore[arg-type]
    kinds.append("footwear")
    flare = float(rng.choice([0.012, 0.045, 0.08, 0.11]) + rng.uniform(0, 0.012))
    hem = float(rng.uniform(0.62, 0.84))
    top = tops.choose_top(rng, tucked=lower == "skirt" or rng.random() < 0.5)
    if "jacket" in kinds:
        # Its sleeves would peep out of the jacket's shoulders.
        top = tops.Top("none", top.neck, top.hem, top.ease)
    if dressed:
        top = tops.Top(top.sleeve, "v" if top.neck == "collar" else top.neck, hem, top.ease)
    taken: list[Colour] = [person.skin, person.hair]
    wears = []
    for kind in kinds:
        colour = choose(rng, taken)
        taken.append(GARMENT[colour])
        plain = {"footwear": 1.0, "bag": 0.8, "hat": 0.7}.get(kind, 0.42)
        fabric = weave(rng, GARMENT[colour], plain)
        wears.append(Wear(kind, _style(rng, kind, lower, top, flare), colour, fabric))
    return Outfit(
        person=person,
        wears=tuple(wears),
        top=top,
        flare=flare,
        hem=hem,
        coat_hem=float(rng.choice([0.5, 0.53, 0.72]) + rng.uniform(0, 0.03)),
        opening=float(rng.uniform(0.022, 0.034)),
        tail=float(rng.uniform(0.33, 0.42)),
        bag_width=float(rng.uniform(0.115, 0.15)) * (1.0 if alone else 0.85),
        side=int(rng.integers(2)),
    )


def _style(rng: np.random.Generator, kind: Kind, lower: Kind, top: tops.Top, flare: float) -> str:
    boots = ("trainers", "pumps", "ankle boots", "tall boots")
    shape = "flared" if flare > 0.06 else "straight"
    styles: dict[Kind, tuple[str, ...]] = {
        "hat": ("brimmed hat", "beanie", "cap", "beret"),
        "shirt": (f"{top.neck}-neck shirt" if top.neck != "collar" else "buttoned shirt",),
        "jacket": ("open jacket",),
        "dress": (f"{shape} dress",),
        "skirt": (f"{shape} skirt",),
        "pants": ("slim", "straight", "wide"),
        "bag": ("tote", "handbag", "bucket bag"),
        "scarf": ("scarf",),
        "footwear": boots if lower != "pants" else boots[:2],
    }
    options = styles[kind]
    return options[int(rng.integers(len(options)))]


def paint_outfit(
    canvas: Canvas, frame: Frame, outfit: Outfit, wearer: int, first: int
) -> list[Garment]:
    """Paint the person from the back to the front; garments are numbered from `first` on."""
    person, skin = outfit.person, Mark(0, CLASSES.index("skin"))
    garments: list[Garment] = []

    def put_on(kind: Kind) -> tuple[Wear, Mark] | None:
        wear = outfit.get(kind)
        if wear is None:
            return None
        number = first + len(garments)
        garments.append(Garment(number, wearer, kind, wear.style, wear.colour, wear.fabric.pattern))
        return wear, Mark(number, CLASSES.index(kind))

    figure.paint_hair_behind(canvas, frame, person, skin)
    figure.paint_legs(canvas, frame, person, skin)
    figure.paint_trunk(canvas, frame, person, skin)
    for side in (0, 1):
        if on := put_on("footwear"):
            wear, mark = on
            shoe: bottoms.Shoe = wear.style  # type: ignore[assignment]
            bottoms.paint_shoe(canvas, frame, person, side, shoe, wear.fabric, mark)
    figure.paint_arms(canvas, frame, person, skin)
    if outfit.top.hem < 0.45:
        _paint_top(canvas, frame, outfit, put_on("shirt"))
    if on := put_on("pants"):
        cut: bottoms.Legs = on[0].style  # type: ignore[assignment]
        bottoms.paint_pants(canvas, frame, person, cut, on[0].fabric, on[1])
    if on := put_on("skirt"):
        bottoms.paint_skirt(canvas, frame, person, outfit.hem, outfit.flare, on[0].fabric, on[1])
    if on := put_on("dress"):
        bottoms.paint_dress(canvas, frame, person, outfit.top, outfit.flare, on[0].fabric, on[1])
    if outfit.top.hem >= 0.45:
        _paint_top(canvas, frame, outfit, put_on("shirt"))
    jacket = put_on("jacket")
    if jacket:
        tops.paint_collar_behind(canvas, frame, jacket[0].fabric, jacket[1])
    figure.paint_head(canvas, frame, person, skin)
    if jacket:
        tops.paint_jacket(
            canvas, frame, person, outfit.coat_hem, outfit.opening, jacket[0].fabric, jacket[1]
        )
    if on := put_on("scarf"):
        tops.paint_scarf(canvas, frame, outfit.tail, outfit.side, on[0].fabric, on[1])
    if on := put_on("hat"):
        hat: extras.Hat = on[0].style  # type: ignore[assignment]
        extras.paint_hat(canvas, frame, hat, outfit.side, on[0].fabric, on[1])
    if on := put_on("bag"):
        bag: extras.Bag = on[0].style  # type: ignore[assignment]
        extras.paint_bag(
            canvas, frame, person, outfit.side, bag, outfit.bag_width, on[0].fabric, on[1]
        )
    for side in (0, 1):
        figure.paint_hand(canvas, frame, person, side, skin)
    return garments


def _paint_top(canvas: Canvas, frame: Frame, outfit: Outfit, on: tuple[Wear, Mark] | None) -> None:
    if on is not None:
        tops.paint_shirt(canvas, frame, outfit.person, outfit.top, on[0].fabric, on[1])
