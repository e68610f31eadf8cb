"""What the parts of `apply` share: three acts, steps, and one view of what Label Studio has.

A part is a module of studio/parts with three acts. It looks at what is there; it compares that with
the project file, which is pure and gives steps; and each step carries itself out. Parts do not know
each other: whatever several of them read is in the `Context`, and what an earlier part is about to
change can be read off its steps.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from studio.buckets.cloud_storage import CloudStorage
from studio.label_studio.client import Studio
from studio.label_studio.records import Project, RegisteredBackend, Task
from studio.left import Left
from studio.output import Output
from studio.project.load import Named
from studio.project.project_file import ProjectFile
from studio.projects import find_project


@dataclass(frozen=True)
class Present:
    """What Label Studio had when the run began; nothing if the project is not there yet."""

    project: Project | None = None
    backends: tuple[RegisteredBackend, ...] = ()
    tasks: tuple[Task, ...] = ()


@dataclass
class Context:
    """Everything that parts look at and steps use.

    Attributes:
        wait_seconds: how long a backend may take to load its model.
        again: whether tasks are asked for again whose images the model could not use.
        force: whether to go on where what is to be done looks like a mistake.
        project_id: 0 until the project is there.
        left: the tasks that are left without a prediction, once they were asked for.
        planned: the steps of the parts so far, in the order in which they will be carried out.
    """

    project: ProjectFile
    studio: Studio
    cloud: CloudStorage
    output: Output
    wait_seconds: float
    present: Present
    project_id: int = 0
    planned: list["Step"] = field(default_factory=list)
    again: bool = False
    force: bool = False
    left: Left | None = None


class Step(ABC):
    """One thing to do, with all that it takes to do it.

    The properties say what a later part needs to know about it when it looks.
    """

    @property
    def new_tasks(self) -> int:
        """How many tasks it creates."""
        return 0

    @property
    def changed_tasks(self) -> frozenset[int]:
        """The ids of the tasks whose data or meta it changes."""
        return frozenset()

    @property
    def may_change_model(self) -> bool:
        """Whether the tasks may need predictions of another model afterwards."""
        return False

    @abstractmethod
    def describe(self) -> str:
        """Return its line in the plan; "" for a check, which changes nothing."""

    @abstractmethod
    def carry_out(self, context: Context) -> None:
        """Do it.

        Raises:
            StudioError: it could not be done.
        """


@dataclass(frozen=True)
class Remark:
    """Something to know about the plan that nothing is done about."""

    text: str


class Part(Protocol):
    """A module of studio/parts."""

    @property
    def OF_DATA(self) -> bool:
        """Whether `--data-only` includes it."""
        ...

    def look(self, context: Context) -> Any:
        """Return what is there, and change nothing. The type is the part's own."""
        ...

    def compare(self, project: ProjectFile, seen: Any) -> Sequence[Step | Remark]:
        """Return what makes ``seen`` agree with the project file. Pure."""
        ...


def read_present(studio: Studio, project: ProjectFile) -> Present:
    """Return what Label Studio has of a project file.

    Raises:
        StudioError: Label Studio does not answer, or several projects have the title.
    """
    studio.version()
    found = find_project(studio, Named(project.title, project.id))
    if found is None:
        return Present()
    return Present(found, tuple(studio.backends(found.id)), tuple(studio.tasks(found.id)))
