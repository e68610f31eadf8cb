"""`python -m studio history` and `restore`: what a task's annotations were, and the way back."""

import os
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console

from studio.command_line import connection_options, plain_errors
from studio.demo import with_demo
from studio.errors import StudioError

if TYPE_CHECKING:
    from studio.buckets.place import Place


def task_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add TASK, PROJECT_FILE and --target."""
    task = click.argument("task", type=int)
    file = click.argument(
        "project_file", type=click.Path(path_type=Path, dir_okay=False, exists=True)
    )
    target = click.option(
        "--target",
        help="Folder or gs:// address where the annotations are. Default: PROJECT_FILE's target.",
    )
    return task(file(target(command)))


@click.command()
@task_options
def history(task: int, project_file: Path, target: str | None) -> None:
    """Show what the annotations of TASK were, each time that they were saved, and by whom.

    TASK is the number in the first column of Label Studio's list. Only the target is read.
    """
    with plain_errors():
        from studio.dataset.history import history as read
        from studio.dataset.history import words_of
        from studio.output import Output

        place = _place(project_file, target)
        output = Output(Console(width=None if sys.stdout.isatty() else 200))
        rows = []
        for version in read(place, task):
            first = (str(version.number), _minute(version.saved))
            for one in version.changed:
                when = _minute(datetime.fromisoformat(one.updated))
                rows.append((*first, str(one.id), when, one.by or "-", words_of(one)))
            for gone in version.removed:
                rows.append((*first, str(gone), "", "", "no longer there"))
            if not version.annotations and not version.removed:
                rows.append((*first, "", "", "", "no annotation"))
        columns = ("version", "saved", "annotation", "changed", "by", "regions")
        output.table(f"Task {task} in {place}", columns, rows)


@click.command()
@click.option("--version", "number", type=int, required=True, help="As `history` numbers them.")
@task_options
@connection_options
def restore(
    task: int,
    project_file: Path,
    number: int,
    target: str | None,
    url: str | None,
    token_file: Path | None,
) -> None:
    """Put the annotations of TASK back that an earlier version had.

    They come beside those that the task has, which stay as they are; a second run changes nothing.
    """
    with plain_errors():
        from studio.dataset.history import restore as put_back
        from studio.label_studio.client import Studio
        from studio.label_studio.connection import read_connection
        from studio.output import Output
        from studio.project.load import read_named
        from studio.projects import get_project

        environment = with_demo(os.environ, url)
        place = _place(project_file, target)
        named = read_named(project_file, environment)
        connection = read_connection(environment, url, token_file)
        with Studio(connection) as studio:
            project = get_project(studio, named)
            made = put_back(studio, project, place, task, number)
        output = Output(Console(soft_wrap=not sys.stdout.isatty()))
        if not made:
            output.say(f"nothing to change: task {task} has what version {number} had")
            return
        named_ids = ", ".join(str(one) for one in made)
        output.say(f"done: task {task} has what version {number} had, as annotation {named_ids}")
        output.say(f"{connection.url}/projects/{project.id}/data?task={task}")


def _place(project_file: Path, target: str | None) -> "Place":
    from studio.buckets.cloud_storage import CloudStorage
    from studio.buckets.place import open_place
    from studio.project.load import read_target

    where = target or read_target(project_file, with_demo(os.environ, None))
    if where is None:
        raise StudioError(
            f"{project_file} has no target, so that no earlier state is kept. Give it one, a "
            "bucket or a folder, and apply it; or name where annotations were saved, by --target"
        )
    return open_place(where, CloudStorage())


def _minute(time: datetime) -> str:
    return time.astimezone().strftime("%Y-%m-%d %H:%M:%S")


COMMANDS = (history, restore)
