"""What a data set says about itself: README.md, dataset.json, and a sheet of its pictures."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from PIL import Image

from studio.dataset.categories import Categories
from studio.dataset.choosing import Rule
from studio.dataset.earlier import MADE_BY, MARKER
from studio.dataset.formats.format import Format, Records
from studio.dataset.labelled import About
from studio.dataset.pictures import THUMBNAIL
from studio.dataset.splits import Split
from studio.version import read_version

SHEET = "contact-sheet.jpg"
SHEET_COLUMNS = 4
GAP = 8


@dataclass
class Counts:
    """What a data set has, counted.

    Attributes:
        parts: part -> pictures.
        things, pictures, pixels: category number -> how many objects, pictures that have one, and
            pixels.
        labelers: e-mail -> annotations.
        losses: what the format could not hold -> pixels and pictures.
    """

    items: int = 0
    empty: int = 0
    turned: int = 0
    parts: Counter[str] = field(default_factory=Counter)
    things: Counter[int] = field(default_factory=Counter)
    pictures: Counter[int] = field(default_factory=Counter)
    pixels: Counter[int] = field(default_factory=Counter)
    all_pixels: int = 0
    labelers: Counter[str] = field(default_factory=Counter)
    left_out: Counter[str] = field(default_factory=Counter)
    losses: dict[str, tuple[int, int]] = field(default_factory=dict)
    first: str = ""
    last: str = ""


def count(records: Records) -> Counts:
    """Count what the records of a data set say."""
    counts = Counts()
    for record in records():
        counts.items += 1
        counts.empty += not record.things
        counts.turned += record.turned
        counts.parts[record.part] += 1
        counts.all_pixels += record.height * record.width
        for category, area in record.things:
            counts.things[category] += 1
            counts.pixels[category] += area
        counts.pictures.update({category for category, _ in record.things})
        counts.labelers.update(record.labelers)
        counts.left_out.update(record.left_out)
        for loss, pixels in record.losses.items():
            before = counts.losses.get(loss, (0, 0))
            counts.losses[loss] = (before[0] + pixels, before[1] + 1)
        counts.first = min(counts.first or record.created, record.created)
        counts.last = max(counts.last, record.updated)
    return counts


@dataclass(frozen=True)
class Card:
    """All that a card is made of.

    Attributes:
        faulty: name of each picture that was left out because of a fault, and the fault.
        licence: of the pictures, as it was given; "" if it was not.
        name_labelers: whether the labelers' addresses may be told.
    """

    about: About
    categories: Categories
    format: Format
    rule: Rule
    split: Split
    counts: Counts
    faulty: Sequence[tuple[str, str]]
    licence: str
    name_labelers: bool

    def write(self, folder: Path) -> None:
        """Write README.md and dataset.json."""
        (folder / "README.md").write_text("\n".join(self._lines()) + "\n", encoding="utf-8")
        text = json.dumps(self._facts(), ensure_ascii=False, indent=1)
        (folder / MARKER).write_text(text + "\n", encoding="utf-8")

    @property
    def _labelers(self) -> list[tuple[str, int]]:
        ordered = sorted(self.counts.labelers.items(), key=lambda one: (-one[1], one[0]))
        if self.name_labelers:
            return [(email or "(deleted account)", number) for email, number in ordered]
        return [(f"labeler {place}", one[1]) for place, one in enumerate(ordered, start=1)]

    def _facts(self) -> dict[str, Any]:
        counts = self.counts
        return {
            "title": self.about.title,
            "format": self.format.NAME,
            "made_from": self.about.origin,
            "made_by": MADE_BY + read_version(),
            "annotations": str(self.rule) if self.name_labelers else self.rule.name,
            "split": {"shares": list(self.split.shares), "by": self.split.fact or "picture"},
            "pictures": dict(counts.parts),
            "pictures_without_objects": counts.empty,
            "tasks": self.about.tasks,
            "tasks_skipped": self.about.skipped,
            "categories": [
                {
                    "number": one.number,
                    "name": one.name,
                    "colour": one.hex,
                    "objects": counts.things[one.number],
                    "pictures": counts.pictures[one.number],
                    "pixels": counts.pixels[one.number],
                }
                for one in self.categories.all
            ],
            "labelers": [{"name": name, "annotations": number} for name, number in self._labelers],
            "first_annotation": counts.first,
            "last_change": counts.last,
            "models": list(self.about.models),
            "licence": self.licence or None,
            "losses": {
                loss: {"pixels": pixels, "pictures": pictures}
                for loss, (pixels, pictures) in counts.losses.items()
            },
            "left_out": dict(counts.left_out),
            "faulty": [{"picture": name, "fault": fault} for name, fault in self.faulty],
        }

    def _lines(self) -> list[str]:
        counts, about = self.counts, self.about
        unlabeled = about.tasks - about.skipped - len(self.faulty)
        lines = [
            f"# {about.title}",
            "",
            summary(about, counts, self.categories, self.format),
            "",
            f"![Pictures of the data set]({SHEET})" if (counts.items) else "",
            "",
            "## Categories",
            "",
            "| number | category | colour | objects | pictures | share of all pixels |",
            "|---:|---|---|---:|---:|---:|",
        ]
        if self.format.NAME == "yolo":
            lines[8:8] = ["In the label files the numbers count from 0.", ""]
        for one in self.categories.all:
            share = 100 * counts.pixels[one.number] / max(1, counts.all_pixels)
            lines.append(
                f"| {one.number} | {one.name} | {one.hex} | {counts.things[one.number]} | "
                f"{counts.pictures[one.number]} | {share:.2f} % |"
            )
        lines += ["", "0 is the background.", "", "## Parts", ""]
        lines += [f"- {part}: {counts.parts[part]} pictures" for part in self.split.parts]
        by = f"the value of `{self.split.fact}`" if self.split.fact else "its name in the source"
        lines += ["", f"A picture's part follows from {by} alone: new pictures move none.", ""]
        lines += ["## How it was made", "", f"- {self.rule.explanation}"]
        lines.append(f"- Annotated from {counts.first[:10]} to {counts.last[:10]}.")
        lines += [f"- {name}: {number} annotations" for name, number in self._labelers]
        if about.models:
            lines.append(f"- Models whose pre-labels were shown: {', '.join(about.models)}.")
        lines.append(f"- {counts.empty} pictures have no object.")
        lines.append(
            f"- The project has {about.tasks} tasks; {about.skipped} were skipped. "
            "Those that nobody labeled are not here."
            if unlabeled
            else f"- The project has {about.tasks} tasks."
        )
        lines += [f"- Left out: {number} {what}." for what, number in counts.left_out.items()]
        lines += [f"- Left out: {name}: {fault}." for name, fault in self.faulty]
        lines += ["", "## What the format holds", "", self.format.EXACT, ""]
        lines += [
            f"- Lost: {pixels} {loss}, in {pictures} pictures."
            for loss, (pixels, pictures) in counts.losses.items()
        ] or ["- Nothing was lost: every file was read back and compared to the pixel."]
        if counts.losses:
            lines.append("- Everything else was read back and compared to the pixel.")
        if counts.turned:
            lines.append(
                f"- {counts.turned} pictures are turned by their EXIF data. Masks are as the "
                "picture is shown: with Pillow, call ImageOps.exif_transpose first."
            )
        if self.format.remark:
            lines.append(f"- {self.format.remark}")
        lines += ["", f"Read by {self.format.READER}.", "", "## Licence", ""]
        lines.append(self.licence or "The licence of the pictures was not stated.")
        return lines


def summary(about: About, counts: Counts, categories: Categories, format_: Format) -> str:
    """Return what a data set is, in two sentences."""
    return (
        f"{counts.items} labeled pictures with {sum(counts.things.values())} objects in "
        f"{len(categories.all)} categories, in the format `{format_.NAME}`. Made by "
        f"Atelier {read_version()} from {about.origin}."
    )


def write_sheet(folder: Path, thumbnails: Sequence[Path]) -> None:
    """Put small pictures on one sheet."""
    if not thumbnails:
        return
    side = THUMBNAIL + GAP
    rows = -(-len(thumbnails) // SHEET_COLUMNS)
    width = min(len(thumbnails), SHEET_COLUMNS) * side + GAP
    sheet = Image.new("RGB", (width, rows * side + GAP), "white")
    for number, path in enumerate(thumbnails):
        row, column = divmod(number, SHEET_COLUMNS)
        with Image.open(path) as picture:
            left = GAP + column * side + (THUMBNAIL - picture.width) // 2
            top = GAP + row * side + (THUMBNAIL - picture.height) // 2
            sheet.paste(picture, (left, top))
    sheet.save(folder / SHEET, quality=85)
