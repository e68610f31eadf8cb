"""Pre-labels alone: what `apply` does about predictions, without comparing anything else."""

from studio.buckets.cloud_storage import CloudStorage
from studio.errors import StudioError
from studio.label_studio.client import Studio
from studio.left import Left
from studio.output import Output
from studio.part import Context, Step, read_present
from studio.parts import predictions
from studio.project.project_file import ProjectFile
from studio.readiness import wait_until_up


def prelabel(
    project: ProjectFile,
    studio: Studio,
    output: Output,
    wait_seconds: float,
    again: bool = False,
) -> Left:
    """Retrieve the predictions that the tasks of a project lack; return what is left open.

    What has a prediction of the current model is skipped, so a run that was cut off goes on.

    Args:
        wait_seconds: how long the backend may take to load its model.
        again: ask again for tasks whose images the model could not use.

    Raises:
        StudioError: there is no such project, or no backend that pre-labels it.
        BackendError: the backend does not come up.
    """
    if not project.backends:
        raise StudioError("the project file has no backends; there is none to pre-label with")
    first = project.backends[0]
    with output.waiting(f"waiting for backend {first.title}") as tell:
        wait_until_up(first, wait_seconds, tell)
    present = read_present(studio, project)
    if present.project is None:
        raise StudioError(f"Label Studio has no project {project.title!r}; `apply` creates it")
    if first.title not in {backend.title for backend in present.backends}:
        raise StudioError(f"backend {first.title!r} is not connected; `apply` connects it")
    context = Context(
        project,
        studio,
        CloudStorage(),
        output,
        wait_seconds,
        present,
        present.project.id,
        again=again,
    )
    seen = predictions.look(context)
    for found in predictions.compare(project, seen):
        if isinstance(found, Step):
            output.say(found.describe())
            found.carry_out(context)
        else:
            output.say(found.text)
    return predictions.left_unasked(project, seen) if context.left is None else context.left
