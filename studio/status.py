"""How the work stands: services, progress, what each labeler did, predictions missing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from studio.label_studio.client import Studio
from studio.label_studio.records import Project, RegisteredBackend, Task
from studio.left import NOT_NOW, Left, left_of
from studio.parts.predictions import current_version, lacking
from studio.project.labeling_config import prompt_controls
from studio.project.load import Named
from studio.projects import get_project
from studio.status_progress import (
    LabelerWork,
    Progress,
    progress_of,
    tasks_to_ask_for,
    work_by_labeler,
)


@dataclass(frozen=True)
class ProjectStatus:
    """How one project stands.

    Attributes:
        labelers: e-mail -> what they did, the busiest first; labelers without any work are there.
        without_prediction: tasks without a prediction of the current model.
        left: those whose images the model cannot use, and why.
        with_prompts: tasks with an annotation that holds a point or a box for a smart tool: the
            mask that it asked for was not accepted before Submit. They do not count as done.
    """

    project: Project
    backends: tuple[RegisteredBackend, ...]
    progress: Progress
    labelers: Mapping[str, LabelerWork]
    without_prediction: int
    left: Left
    with_prompts: tuple[Task, ...] = ()

    @property
    def exit_status(self) -> int:
        """0 when every task has a prediction of the current model."""
        return NOT_NOW if self.without_prediction else self.left.exit_status

    @property
    def is_up(self) -> bool:
        """Whether Label Studio reaches every backend."""
        return all(backend.is_connected for backend in self.backends)


def read_status(studio: Studio, named: Named | None, now: datetime) -> list[ProjectStatus]:
    """Return the status of a file's project, or of all.

    Args:
        now: with the zone whose midnight begins the day.

    Raises:
        StudioError: Label Studio does not answer, or there is no such project.
    """
    users = studio.users()
    projects = [get_project(studio, named)] if named else studio.projects()
    return [_project_status(studio, project, users, now) for project in projects]


def _project_status(
    studio: Studio, project: Project, users: Mapping[int, str], now: datetime
) -> ProjectStatus:
    backends = tuple(studio.backends(project.id))
    tasks = studio.tasks(project.id)
    version = current_version(backends, project.model_version)
    found = _with_prompts(studio, project, tasks)
    acts = studio.work.acts(project.id, tasks_to_ask_for(tasks, now))
    return ProjectStatus(
        project=project,
        backends=backends,
        progress=progress_of(tasks, found, now),
        labelers=work_by_labeler(tasks, acts, users, now),
        without_prediction=len(lacking(tasks, version)) if backends else 0,
        left=left_of(tasks, version) if backends else Left(),
        with_prompts=tuple(task for task in tasks if task.id in found),
    )


def _with_prompts(studio: Studio, project: Project, tasks: Sequence[Task]) -> list[int]:
    """The ids of tasks with an annotation that holds a prompt.

    Label Studio counts what annotations were made with. Where no prompt is kept, none is read;
    otherwise the latest are, until all prompts are found.
    """
    controls = prompt_controls(project.label_config)
    annotated = [task for task in tasks if task.annotations]
    latest = sorted(annotated, key=lambda task: (task.updated is None, task.updated), reverse=True)
    count = studio.results_of(project.id, controls)
    return studio.work.holding(project.id, controls, [task.id for task in latest], count)
