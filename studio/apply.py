"""Make Label Studio agree with a project file: every part looks and compares, then steps follow."""

from dataclasses import dataclass

from studio.buckets.cloud_storage import CloudStorage
from studio.label_studio.client import Studio
from studio.left import Left
from studio.output import Output
from studio.part import Context, Part, Step, read_present
from studio.parts import (
    annotations,
    backends,
    labelers,
    media,
    overlap,
    predictions,
    settings,
    source,
    tabs,
    target,
    target_folder,
    tasks,
)
from studio.preparing import announce
from studio.project.project_file import ProjectFile

# The steps follow this order. Storages are open before anything needs them, predictions come after
# the tasks, and annotations are saved with the tasks' new facts. The overlap follows the tasks too:
# Label Studio would choose its share anew with every batch of an import.
PARTS: tuple[Part, ...] = (
    settings,
    backends,
    labelers,
    source,
    target,
    tasks,
    overlap,
    predictions,
    annotations,
    target_folder,
    media,
    tabs,
)


@dataclass(frozen=True)
class Options:
    """How to apply.

    Attributes:
        wait_seconds: how long a backend may take to load its model.
        data_only: leave the project's settings alone, and only bring its images and annotations up
            to date.
        again: ask again for tasks whose images the model could not use.
        force: go on where what is to be done looks like a mistake.
    """

    dry_run: bool = False
    wait_seconds: float = 600.0
    data_only: bool = False
    again: bool = False
    force: bool = False


@dataclass(frozen=True)
class Applied:
    """What came of it.

    Attributes:
        project: the project's number in Label Studio; None if a dry run, or one for data only,
            found none.
        left: the tasks that have no pre-label.
    """

    project: int | None
    left: Left


def apply(
    project: ProjectFile,
    studio: Studio,
    output: Output,
    options: Options,
    cloud: CloudStorage | None = None,
) -> Applied:
    """Compare, show the plan, and carry it out.

    Args:
        cloud: where buckets are; a connection of its own when it is not given.

    Raises:
        StudioError: what went wrong and what to do. What was done until then stays, and the next
            run goes on from there.
    """
    present = read_present(studio, project)
    number = present.project.id if present.project else 0
    context = Context(
        project,
        studio,
        cloud or CloudStorage(),
        output,
        options.wait_seconds,
        present,
        number,
        again=options.again,
        force=options.force,
    )
    remarks = _compare_all(context, options.data_only)
    lines = [line for step in context.planned if (line := step.describe())]
    _show(output, remarks, lines, options.dry_run)
    if options.dry_run:
        return Applied(context.project_id or None, Left())
    for step in context.planned:
        step.carry_out(context)
    if any(step.new_tasks for step in context.planned):
        announce(project, studio, present.tasks)
    left = context.left
    if left is None:
        left = predictions.left_unasked(project, predictions.look(context))
    if lines:
        done = "not all done" if left.exit_status else "done"
        output.say(f"{done}: {studio.connection.url}/projects/{context.project_id}/data")
    return Applied(context.project_id or None, left)


def _compare_all(context: Context, data_only: bool) -> list[str]:
    """Fill ``context.planned``; return what else there is to say."""
    remarks = []
    for part in PARTS:
        seen = part.look(context)
        # Without a project there is no data to bring up to date.
        if data_only and not (part.OF_DATA and context.project_id):
            continue
        for found in part.compare(context.project, seen):
            if isinstance(found, Step):
                context.planned.append(found)
            else:
                remarks.append(found.text)
    return remarks


def _show(output: Output, remarks: list[str], lines: list[str], dry_run: bool) -> None:
    for text in remarks:
        output.say(text)
    if not lines:
        output.say("nothing to change")
        return
    output.say("would do:" if dry_run else "to do:")
    for line in lines:
        output.say(f"  {line}")
