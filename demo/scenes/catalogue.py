"""The catalogue of drawn scenes: one row per garment, with invented looks and themes."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np

from demo.scenes.scene import Scene

COLUMNS = ("id_file", "file", "Name", "Theme", "Typology", "Typology_sub")

_NAMES = (
    "Aurelia", "Bruna", "Celeste", "Dalia", "Elettra", "Fiamma", "Ginevra", "Iris", "Livia",
    "Marea", "Nerina", "Ondina", "Perla", "Rosalba", "Serena", "Tessa", "Viola", "Zelda",
)  # fmt: skip
_THEMES = (
    "Harbour morning", "City garden", "Night train", "First snow", "Market day", "Open studio",
    "Long weekend", "Concert hall", "Salt and sun", "Paper kites",
)  # fmt: skip
_TYPOLOGY = {
    "hat": "Headwear",
    "shirt": "Tops",
    "jacket": "Outerwear",
    "dress": "Dresses",
    "skirt": "Bottoms",
    "pants": "Bottoms",
    "bag": "Bags",
    "scarf": "Accessories",
    "footwear": "Footwear",
}


@dataclass(frozen=True)
class Row:
    """A line of catalogue.csv; fields are named as its columns."""

    id_file: str
    file: str
    Name: str
    Theme: str
    Typology: str
    Typology_sub: str


def rows(scene: Scene, file: str) -> list[Row]:
    """The rows of a scene kept as `file`, in the order in which its garments were put on.

    A pair of shoes is one row.
    """
    rng = np.random.default_rng([scene.seed, 77])
    theme = str(rng.choice(_THEMES))
    wearers = sorted({garment.figure for garment in scene.garments})
    names = rng.choice(_NAMES, size=len(wearers), replace=False)
    look = {
        wearer: f"{name} {int(rng.integers(1, 100)):02d}"
        for wearer, name in zip(wearers, names, strict=True)
    }
    found = []
    for garment in scene.garments:
        style = f"{garment.style} pants" if garment.kind == "pants" else garment.style
        cloth = "" if garment.pattern == "plain" else f" {garment.pattern}"
        row = Row(
            id_file=file.rsplit(".", 1)[0],
            file=file,
            Name=look[garment.figure],
            Theme=theme,
            Typology=_TYPOLOGY[garment.kind],
            Typology_sub=f"{style}, {garment.colour}{cloth}",
        )
        if row not in found:
            found.append(row)
    return found


def as_mapping(row: Row) -> dict[str, str]:
    """The row by column name."""
    return asdict(row)
