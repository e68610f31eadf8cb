"""What was labeled, wherever it is read from: Label Studio as it is now, or a snapshot of it."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Protocol

from studio.project.project_file import SOURCE_KEY


@dataclass(frozen=True)
class Annotation:
    """One person's answer to one task.

    Attributes:
        by: e-mail of the account; "" where it was deleted.
        created, updated: as Label Studio writes times (ISO 8601, UTC).
        result: Label Studio's own results.
    """

    id: int
    by: str
    created: str
    updated: str
    lead_time: float | None
    result: list[dict[str, Any]]


@dataclass(frozen=True)
class LabelledTask:
    """A task with its annotations, in the order of their ids; none that was skipped."""

    id: int
    data: Mapping[str, Any]
    annotations: tuple[Annotation, ...]


@dataclass(frozen=True)
class Entry:
    """A task in the list of what was labeled.

    Attributes:
        state: changes whenever the task's annotations or facts do.
        annotations: how many it has, without the skipped ones.
        first: the first place of its image in the source, where it was moved since; else "".
    """

    id: int
    data: Mapping[str, Any]
    state: str
    annotations: int
    first: str = ""

    @property
    def name(self) -> str:
        """What the task's image is called: its place in the source."""
        source = self.data.get(SOURCE_KEY)
        return source if isinstance(source, str) and source else f"task {self.id}"

    @property
    def identity(self) -> str:
        """What the task's image is recognised by: its first place, wherever it was moved since."""
        return self.first or self.name


@dataclass(frozen=True)
class About:
    """What the whole is.

    Attributes:
        title: of the project.
        config: the labeling config.
        models: versions of the models that made predictions.
        origin: "project 3", or "snapshot NAME".
        skipped: tasks that were skipped and never labeled.
    """

    title: str
    config: str
    models: tuple[str, ...]
    origin: str
    tasks: int
    skipped: int


class Labelled(Protocol):
    """Something to make a data set of."""

    @property
    def about(self) -> About:
        """What the whole is."""
        ...

    @property
    def entries(self) -> Sequence[Entry]:
        """The tasks with an annotation, in the order of their ids."""
        ...

    def read(self, entries: Iterable[Entry]) -> Iterator[LabelledTask]:
        """Yield tasks with their annotations, in the order asked for; few are held at a time."""
        ...

    def picture(self, entry_id: int, address: str) -> bytes:
        """Return a picture's bytes. `entry_id`: the task that shows it.

        Raises:
            StudioError: it cannot be had, and why.
        """
        ...


def to_json(task: LabelledTask) -> bytes:
    """Return a task as the one JSON text that stands for it: equal tasks give equal bytes."""
    text = json.dumps(asdict(task), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return text.encode()


def from_json(text: bytes) -> LabelledTask:
    """Return the task of `to_json`."""
    read = json.loads(text)
    annotations = tuple(Annotation(**one) for one in read["annotations"])
    return LabelledTask(read["id"], read["data"], annotations)
