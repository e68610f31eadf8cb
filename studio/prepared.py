"""Pre-labels that were made in advance (docs/batch.md), as predictions of the tasks that there are.

They are found by the image's place in the source, as a task has it, or by its address. One whose
image had another content than that of the task is not taken: its masks are of another picture.
"""

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from studio.buckets.place import Place
from studio.errors import StudioError
from studio.label_studio.client import Studio
from studio.label_studio.records import Task
from studio.output import Output, counted, shortened
from studio.part import read_present
from studio.project.project_file import ProjectFile

PRELABELS = "pre-labels/"
# Label Studio looks up all of a project's tasks in each of these requests.
AT_A_TIME = 500
MAX_NAMES = 8


@dataclass(frozen=True)
class Taken:
    """What came of it.

    Attributes:
        version: of the model that made them.
        taken: how many tasks got their pre-label now.
        strange: how many pre-labels are of images without a task here.
        without: how many tasks have none of that version afterwards.
        replaced: the names of those of them whose pre-label there is of another content.
    """

    version: str
    taken: int
    strange: int
    without: int
    replaced: tuple[str, ...] = ()

    def sentence(self) -> str:
        """Return it for people."""
        said = f"{counted(self.taken, 'task')} got a pre-label of {self.version}"
        if self.strange:
            said += f"; no task here for {counted(self.strange, 'image')} there"
        if self.without:
            said += (
                f"; none for {counted(self.without, 'task')}: prelabel without --from asks the"
                " backend"
            )
        if self.replaced:
            said += (
                f". The pre-labels of {counted(len(self.replaced), 'image')} are of another content"
                f" and were not taken: {shortened(self.replaced, MAX_NAMES)}. Run `apply`, then"
                " what made the pre-labels, then this again"
            )
        return said


def take(project: ProjectFile, studio: Studio, output: Output, place: Place) -> Taken:
    """Give tasks the predictions that lie in a place; those that have theirs keep it.

    Raises:
        StudioError: there is no such project, or the place has no pre-labels of its model.
    """
    present = read_present(studio, project)
    if present.project is None:
        raise StudioError(f"Label Studio has no project {project.title!r}; `apply` creates it")
    number = present.project.id
    first = project.backends[0].title if project.backends else ""
    current = next((item.model_version for item in present.backends if item.title == first), "")
    version, files = _of_one_model(place, current)
    tasks = _Tasks(present.tasks)
    waiting: list[dict[str, Any]] = []
    has = {task.id for task in present.tasks if task.has_prediction_of(version)}
    replaced: dict[int, str] = {}
    taken = strange = 0

    def send() -> None:
        nonlocal taken
        if waiting:
            studio.import_predictions(number, waiting)
            taken += len(waiting)
            waiting.clear()

    with output.progress("taking pre-labels") as tell:
        for done, name in enumerate(files, start=1):
            for entry in _entries(place, name):
                task = tasks.of(entry)
                if task is None:
                    strange += 1
                elif task.id not in has and _is_of_another(entry, task):
                    replaced[task.id] = task.name
                elif task.id not in has:
                    has.add(task.id)
                    waiting.append({"task": task.id, **entry["predictions"][0]})
                if len(waiting) == AT_A_TIME:
                    send()
            tell(done, len(files))
        send()
    others = tuple(name for number, name in replaced.items() if number not in has)
    return Taken(version, taken, strange, len(present.tasks) - len(has), others)


def _is_of_another(entry: Mapping[str, Any], task: Task) -> bool:
    """Whether a pre-label was made of another content than a task's; not if that is unknown.

    The pipeline gives the start of a SHA-256, the studio the whole of it. A file and an object of a
    bucket are known by checksums that cannot be compared.
    """
    content = str(entry["meta"]["batch"].get("content", ""))
    method = content.partition(":")[0]
    comparable = bool(content) and task.content.startswith(f"{method}:")
    return comparable and not task.content.startswith(content)


class _Tasks:
    """Tasks by the places and the addresses of their images."""

    def __init__(self, tasks: Sequence[Task]) -> None:
        self._by_source = {task.source: task for task in tasks if task.source}
        self._by_address = {
            value: task for task in tasks for value in task.data.values() if isinstance(value, str)
        }

    def of(self, entry: Mapping[str, Any]) -> Task | None:
        """Return the task of an entry's image."""
        found = self._by_source.get(entry["meta"]["batch"]["image"])
        addresses = (self._by_address.get(value) for value in entry["data"].values())
        return found or next(filter(None, addresses), None)


def _of_one_model(place: Place, current: str) -> tuple[str, list[str]]:
    """Return a model's version, and the files of its pre-labels.

    Args:
        current: the version of the project's backend; "" where it is not known.
    """
    folders: dict[str, list[str]] = defaultdict(list)
    for name in place.names(PRELABELS):
        folder, _, file = name.rpartition("/")
        if file.startswith("tasks-") and file.endswith(".json"):
            folders[folder].append(name)
    versions = {_version_of(place, files[0]): files for files in folders.values()}
    if not versions:
        raise StudioError(f"{place} has no {PRELABELS}: give the OUTPUT of the run that made them")
    if not current and len(versions) == 1:
        return next(iter(versions.items()))
    if current not in versions:
        has = f"the backend has {current}" if current else "which one the backend has is not known"
        raise StudioError(
            f"{place} has pre-labels of {', '.join(sorted(versions))}, and {has}. Start the backend"
            " with that model, or make the pre-labels with this one"
        )
    return current, versions[current]


def _version_of(place: Place, name: str) -> str:
    for entry in _entries(place, name):
        return str(entry["predictions"][0]["model_version"])
    raise StudioError(f"{place}/{name} is empty")


def _entries(place: Place, name: str) -> Iterator[dict[str, Any]]:
    try:
        yield from json.loads(place.read(name) or b"[]")
    except ValueError:
        raise StudioError(
            f"{place}/{name} is damaged; run what made it again, which mends it"
        ) from None
