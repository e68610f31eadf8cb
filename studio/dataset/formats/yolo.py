"""`yolo`: a text file a picture, a polygon a line, as Ultralytics trains segmentation on."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import yaml
from numpy.typing import NDArray

from studio.dataset.formats.format import Format, Records, write_lines
from studio.dataset.formats.outline import filled, outline
from studio.dataset.item import Item, Record, Written, digest

BRIDGES = "pixels of lines that join an object's parts"
# Where in its pixel a corner is written: some readers round, some cut off. Both get the pixel.
INSIDE = 0.25


class Yolo(Format):
    """images/PART/, labels/PART/NAME.txt and data.yaml."""

    NAME = "yolo"
    READER = "Ultralytics (`data=data.yaml`), supervision, datumaro"
    EXACT = (
        "One polygon an object, whose holes stay. Where an object has several parts, a line of a "
        "pixel's width joins them. Exact in the picture's own size; Ultralytics itself scales "
        "pictures and masks, and thins outlines of more than 1,000 corners."
    )

    def picture(self, path: str, part: str) -> Path:
        return self.folder / "images" / part / path

    def write(self, item: Item) -> Written:
        drawn = item.drawn
        digests, lines, bridges = [], [], 0
        for thing in drawn.things:
            x, y, _, _ = thing.box
            corners = outline(thing.crop) + np.array([x, y])
            painted = filled(corners, drawn.height, drawn.width)
            bridges += int((painted ^ thing.mask(drawn.height, drawn.width)).sum())
            digests.append(digest(painted))
            shares = (corners + INSIDE) / [drawn.width, drawn.height]
            numbers = " ".join(f"{number:.7f}" for number in shares.ravel())
            lines.append(f"{thing.category - 1} {numbers}")
        write_lines(self._path(item.part, item.name), lines)
        return Written(digests, losses={BRIDGES: bridges} if bridges else {})

    def finish(self, records: Records) -> None:
        names = {one.number - 1: one.name for one in self.categories.all}
        content = {key: f"images/{part}" for key, part in self._sets.items()}
        # Without a path of its own, the folder of the file counts (Ultralytics, check_det_dataset).
        text = yaml.safe_dump({**content, "names": names}, sort_keys=False, allow_unicode=True)
        (self.folder / "data.yaml").write_text(text, encoding="utf-8")
        for part in self.parts:
            for folder in ("images", "labels"):
                (self.folder / folder / part).mkdir(parents=True, exist_ok=True)
        self._write_classes()

    @property
    def _sets(self) -> dict[str, str]:
        """What data.yaml names -> the part that it is.

        Ultralytics does not begin without both train and val (data/utils.py, check_det_dataset).
        """
        sets = {part: part for part in self.parts}
        sets.setdefault("train", self.parts[0])
        sets.setdefault("val", sets.get("test", sets["train"]))
        return sets

    @property
    def remark(self) -> str:
        others = [f"`{key}` is the {part} part" for key, part in self._sets.items() if key != part]
        if not others:
            return ""
        return (
            f"In data.yaml {' and '.join(others)}: Ultralytics does not begin without. What it "
            "reports on pictures that it was trained on says little."
        )

    def read(self, record: Record) -> Iterator[NDArray[np.bool_]]:
        text = self._path(record.part, record.name).read_text(encoding="utf-8")
        for line in text.splitlines():
            _, *numbers = line.split()
            shares = np.array(numbers, np.float32).reshape(-1, 2)
            size = np.array([record.width, record.height], np.float32)
            # As Ultralytics does (data/utils.py, polygon2mask): the fraction is cut off.
            corners = (shares * size).astype(np.int32)
            yield filled(corners, record.height, record.width)

    def _path(self, part: str, name: str) -> Path:
        return self.folder / "labels" / part / f"{name}.txt"
