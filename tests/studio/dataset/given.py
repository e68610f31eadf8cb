"""What was labeled, given by a test in place of Label Studio: the same records, of drawn masks."""

import io
import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from masks.labeling_config import labeling_config
from masks.regions import regions_of
from studio.dataset.labelled import About, Annotation, Entry, LabelledTask, to_json
from studio.errors import RefusedError

Mask = NDArray[np.bool_]

HEIGHT, WIDTH = 48, 64
CONFIG = """<View>
  <Labels name="label" toName="image">
    <Label value="coat" background="#004B87"/>
    <Label value="shoe" alias="s1" background="red"/>
    <Label value="hat"/>
  </Labels>
  <Image name="image" value="$image"/>
  <Brush name="brush" toName="image"/>
  <Rectangle name="rectangle" toName="image"/>
  <Ellipse name="ellipse" toName="image"/>
  <Polygon name="polygon" toName="image"/>
  <KeyPoint name="point" toName="image" smart="true" smartOnly="true"/>
  <Rectangle name="box" toName="image" smart="true" smartOnly="true"/>
</View>"""
NUMBERS = itertools.count(1)


def hard_masks() -> list[tuple[str, Mask]]:
    """Labels and masks that overlap, with holes in holes, several parts, and thin lines."""
    coat = np.zeros((HEIGHT, WIDTH), np.bool_)
    coat[4:40, 6:50] = True
    coat[10:30, 12:30] = False
    coat[14:20, 16:22] = True
    coat[16, 18] = False
    coat[33:36, 40:44] = False
    shoe = np.zeros_like(coat)
    shoe[41:46, 2:12] = True
    shoe[41:47, 52:63] = True
    shoe[0, :] = True
    hat = np.zeros_like(coat)
    hat[np.arange(40), np.arange(40) + 10] = True
    hat[20:30, 20:40] = True
    corner = np.zeros_like(coat)
    corner[HEIGHT - 1, WIDTH - 1] = True
    return [("coat", coat), ("s1", shoe), ("hat", hat), ("hat", corner)]


def drawn_with_brush(masks: Iterable[tuple[str, Mask]]) -> list[dict]:
    """The results of an annotation."""
    control = labeling_config(CONFIG).mask_controls[0]
    return [
        result
        for label, mask in masks
        for result in regions_of(mask, control, control.label_for(label), 1.0)
    ]


def picture(height: int = HEIGHT, width: int = WIDTH, orientation: int = 1) -> bytes:
    """A JPEG file; `orientation` as EXIF has it."""
    pixels = np.linspace(0, 255, height * width * 3).reshape(height, width, 3).astype(np.uint8)
    file = io.BytesIO()
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.fromarray(pixels).save(file, "JPEG", exif=exif)
    return file.getvalue()


def annotation(results: list[dict], by: str = "anna@example.org", day: int = 1) -> Annotation:
    """An annotation that was made on a day of June."""
    time = f"2026-06-{day:02}T10:00:00Z"
    return Annotation(next(NUMBERS), by, time, time, 3.5, results)


@dataclass
class Given:
    """A project, as `Labelled` has it, which counts what is read from it."""

    config: str = CONFIG
    tasks: dict[int, LabelledTask] = field(default_factory=dict)
    pictures: dict[str, bytes] = field(default_factory=dict)
    unlabeled: int = 0
    reads: list[int] = field(default_factory=list)
    fail_at: int = 0
    first: dict[int, str] = field(default_factory=dict)

    def add(self, source: str, *annotations: Annotation, content: bytes | None = None) -> int:
        number = len(self.tasks) + 1
        address = f"/data/upload/1/0123abcd-{number}.jpg"
        self.pictures[address] = content or picture()
        data = {"source": source, "image": address, "Theme": f"theme {number % 2}"}
        self.tasks[number] = LabelledTask(number, data, annotations)
        return number

    def change(self, number: int, *annotations: Annotation) -> None:
        self.tasks[number] = replace(self.tasks[number], annotations=annotations)

    @property
    def about(self) -> About:
        count = len(self.tasks) + self.unlabeled
        return About("Autumn", self.config, ("segmenter-1",), "project 1", count, 0)

    @property
    def entries(self) -> list[Entry]:
        return [
            Entry(
                task.id,
                task.data,
                str(hash(to_json(task))),
                len(task.annotations),
                self.first.get(task.id, ""),
            )
            for task in self.tasks.values()
            if task.annotations
        ]

    def read(self, entries: Iterable[Entry]) -> Iterator[LabelledTask]:
        for entry in entries:
            self.reads.append(entry.id)
            if len(self.reads) == self.fail_at:
                raise KeyboardInterrupt
            yield self.tasks[entry.id]

    def picture(self, entry_id: int, address: str) -> bytes:
        if address not in self.pictures:
            raise RefusedError(f"fetching the picture {address} of task {entry_id}: HTTP 404")
        return self.pictures[address]


def given(pictures: int = 3) -> Given:
    """A project of pictures with the hard masks; the last one was found to have nothing on it."""
    project = Given()
    for number in range(1, pictures):
        project.add(f"autumn/{number}.jpg", annotation(drawn_with_brush(hard_masks())))
    project.add("autumn/nothing.jpg", annotation([]))
    return project
