"""How the work stands: services, tasks, annotations per labeler, predictions missing."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from studio.errors import StudioError
from studio.label_studio.client import Studio
from studio.label_studio.records import Project, RegisteredBackend, Task
from studio.left import NOT_NOW, Left, left_of
from studio.parts.predictions import current_version, lacking
from studio.project.labeling_config import prompt_controls

UNKNOWN_LABELER = "(deleted account)"


@dataclass(frozen=True)
class ProjectStatus:
    """How one project stands.

    Attributes:
        annotated: tasks with at least one annotation, without those in `with_prompts`.
        annotations: e-mail -> number of annotations, most first; labelers without any are there.
        without_prediction: tasks without a prediction of the current model.
        left: those whose images the model cannot use, and why.
        with_prompts: tasks with an annotation that holds a point or a box for a smart tool: the
            mask that it asked for was not accepted before Submit. They do not count as annotated.
    """

    project: Project
    backends: tuple[RegisteredBackend, ...]
    tasks: int
    annotated: int
    annotations: Mapping[str, int]
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


def read_status(studio: Studio, title: str | None) -> list[ProjectStatus]:
    """Return the status of the project called ``title``, or of all.

    Raises:
        StudioError: Label Studio does not answer, or there is no such project.
    """
    users = studio.users()
    projects = [item for item in studio.projects() if title is None or item.title == title]
    if title is not None and not projects:
        raise StudioError(f"Label Studio has no project {title!r}; `apply` creates it")
    return [_project_status(studio, project, users) for project in projects]


def _project_status(studio: Studio, project: Project, users: Mapping[int, str]) -> ProjectStatus:
    backends = tuple(studio.backends(project.id))
    tasks = studio.tasks(project.id)
    counted = Counter(
        users.get(user, UNKNOWN_LABELER) for task in tasks for user in _annotators(studio, task)
    )
    version = current_version(backends, project.model_version)
    found = studio.tasks_annotated_by(project.id, prompt_controls(project.label_config))
    with_prompts = tuple(task for task in tasks if task.id in found)
    return ProjectStatus(
        project=project,
        backends=backends,
        tasks=len(tasks),
        annotated=sum(task.annotations > 0 and task not in with_prompts for task in tasks),
        annotations={**dict(counted.most_common()), **dict.fromkeys(_idle(users, counted), 0)},
        without_prediction=len(lacking(tasks, version)) if backends else 0,
        left=left_of(tasks, version) if backends else Left(),
        with_prompts=with_prompts,
    )


def _annotators(studio: Studio, task: Task) -> Sequence[int]:
    """One user for each annotation; only tasks with skips or several by one user are read."""
    if task.skipped == 0 and task.annotations == len(task.annotators):
        return task.annotators
    return studio.annotators(task.id)


def _idle(users: Mapping[int, str], counted: Counter[str]) -> list[str]:
    return [email for email in users.values() if email not in counted]
