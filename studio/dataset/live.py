"""What is labeled in Label Studio now."""

import itertools
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property

from studio.dataset.labelled import About, Annotation, Entry, LabelledTask
from studio.label_studio.client import Studio
from studio.label_studio.records import CONSENSUS, REFUSED, Project, Task

# So many tasks are asked for ahead. Each comes with all its masks, as numbers in JSON.
AHEAD = 8
WORKERS = 3


class LiveProject:
    """A project of Label Studio, as `Labelled` has it."""

    def __init__(self, studio: Studio, project: Project) -> None:
        self._studio = studio
        self._project = project

    @cached_property
    def _tasks(self) -> list[Task]:
        return self._studio.tasks(self._project.id)

    @cached_property
    def _users(self) -> dict[int, str]:
        return self._studio.users()

    @property
    def about(self) -> About:
        """What the whole is."""
        versions = (one for task in self._tasks for one in task.model_versions.split(","))
        named = {one.strip() for one in versions if one.strip()}
        models = {one for one in named if REFUSED not in one and not one.startswith(CONSENSUS)}
        return About(
            title=self._project.title,
            config=self._project.label_config,
            models=tuple(sorted(models)),
            origin=f"project {self._project.id}",
            tasks=len(self._tasks),
            skipped=sum(1 for task in self._tasks if task.skipped and not task.annotations),
        )

    @property
    def entries(self) -> Sequence[Entry]:
        """The tasks with an annotation, in the order of their ids."""
        return tuple(
            Entry(
                task.id,
                task.data,
                f"{task.updated} {task.annotations}",
                task.annotations,
                task.first_source,
            )
            for task in self._tasks
            if task.annotations
        )

    def read(self, entries: Iterable[Entry]) -> Iterator[LabelledTask]:
        """Yield tasks with their annotations; some are asked for ahead."""
        remaining = iter(entries)
        with ThreadPoolExecutor(WORKERS) as workers:
            asked = [workers.submit(self._read, one) for one in itertools.islice(remaining, AHEAD)]
            while asked:
                task = asked.pop(0).result()
                asked += [workers.submit(self._read, one) for one in itertools.islice(remaining, 1)]
                yield task

    def _read(self, entry: Entry) -> LabelledTask:
        found = [
            Annotation(
                id=int(one["id"]),
                by=self._users.get(int(one["completed_by"] or 0), ""),
                created=str(one["created_at"]),
                updated=str(one["updated_at"]),
                lead_time=one["lead_time"],
                result=one["result"],
            )
            for one in self._studio.annotations(entry.id)
            if not one["was_cancelled"]
        ]
        return LabelledTask(entry.id, entry.data, tuple(sorted(found, key=lambda one: one.id)))

    def picture(self, entry_id: int, address: str) -> bytes:
        """Return a picture's bytes, as Label Studio has them."""
        return self._studio.storages.read_image(entry_id, address)
