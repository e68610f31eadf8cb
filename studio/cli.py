"""`python -m studio`: apply a project file, show the status, prepare images for clicks."""

import json
import os
import sys
from datetime import datetime
from pathlib import Path
from typing import IO

import click
from rich.console import Console

from studio import dataset_commands, history_commands
from studio.command_line import connection_options, plain_errors
from studio.demo import with_demo
from studio.errors import StudioError
from studio.version import read_version

wait_option = click.option(
    "--wait",
    type=click.FloatRange(min=0),
    default=600.0,
    show_default=True,
    help="How many seconds a backend may take to load its model.",
)
again_option = click.option(
    "--again",
    is_flag=True,
    help="Ask again for pre-labels of images that could not be used, after a setting was mended.",
)


@click.group()
@click.version_option(read_version(), prog_name="Atelier", message="%(prog)s %(version)s")
def studio() -> None:
    """Set a labeling project up in Label Studio, and see how its work stands."""


@studio.command()
@click.argument("project_file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--dry-run", is_flag=True, help="Show what would change, and change nothing.")
@wait_option
@click.option(
    "--data-only",
    is_flag=True,
    help="Only bring images and annotations up to date; leave the project's settings alone.",
)
@again_option
@click.option(
    "--force",
    is_flag=True,
    help="Go on where it looks like a mistake: a catalogue that fits few images, facts lost.",
)
@click.option(
    "--json",
    "outcome_file",
    type=click.File("w"),
    help="Write the project's number to this file as JSON; - is standard output.",
)
@connection_options
def apply(
    project_file: Path,
    dry_run: bool,
    wait: float,
    data_only: bool,
    again: bool,
    force: bool,
    outcome_file: IO[str] | None,
    url: str | None,
    token_file: Path | None,
) -> None:
    """Make Label Studio agree with PROJECT_FILE; a second run changes nothing.

    Exits 3 if tasks could not be pre-labelled now, so that it should run again; 4 if all that is
    left are images that cannot be used; 1 if it failed.
    """
    with plain_errors():
        # Importing the SDK takes seconds; a mistyped command is reported before that.
        from studio.apply import Options
        from studio.apply import apply as apply_project
        from studio.label_studio.client import Studio
        from studio.label_studio.connection import read_connection
        from studio.output import Output
        from studio.project.load import load_project

        project = load_project(project_file, with_demo(os.environ, url))
        connection = read_connection(with_demo(os.environ, url), url, token_file)
        output = Output(Console(soft_wrap=not sys.stdout.isatty()))
        with Studio(connection) as label_studio:
            options = Options(dry_run, wait, data_only, again, force)
            applied = apply_project(project, label_studio, output, options)
        if outcome_file is not None:
            outcome_file.write(json.dumps({"project": applied.project}) + "\n")
        if applied.left.exit_status:
            click.echo(f"studio: {applied.left.summary()}", err=True)
            sys.exit(applied.left.exit_status)


@studio.command()
@click.argument("place")
@click.option(
    "--to",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The project file to write. Default: beside the folder, by its name.",
)
def new(place: str, to: Path | None) -> None:
    """Write a project file for the images in PLACE, a folder or gs://bucket/prefix.

    Looks at images and tables there, and says which command to run next. Writes over nothing.
    """
    with plain_errors():
        from studio.new import write_project

        click.echo(write_project(place, to))


@studio.command()
@click.argument(
    "project_file", required=False, type=click.Path(path_type=Path, dir_okay=False, exists=True)
)
@connection_options
def status(project_file: Path | None, url: str | None, token_file: Path | None) -> None:
    """Show how the work stands, in PROJECT_FILE's project or in all.

    Exits 1 if a service is down, 3 if tasks wait for a pre-label, 4 if all that is left are images
    that cannot be used.
    """
    with plain_errors():
        from studio.label_studio.client import Studio
        from studio.label_studio.connection import read_connection
        from studio.project.load import read_named
        from studio.status import read_status
        from studio.status_tables import show_status

        named = read_named(project_file, with_demo(os.environ, url)) if project_file else None
        connection = read_connection(with_demo(os.environ, url), url, token_file)
        with Studio(connection) as label_studio:
            version = label_studio.version()
            editor = label_studio.editor_changes()
            found = read_status(label_studio, named, datetime.now().astimezone())
        # A file or a pipe has no width: there, whole addresses matter more than a screen's 80.
        console = Console(width=None if sys.stdout.isatty() else 200)
        show_status(console, connection.url, version, editor, found)
        if not all(project.is_up for project in found):
            sys.exit(1)
        statuses = {project.exit_status for project in found} - {0}
        if statuses:
            sys.exit(min(statuses))


@studio.command()
@click.argument("project_file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@wait_option
@again_option
@click.option(
    "--from",
    "place",
    metavar="PLACE",
    help="Take them from where a run over the whole archive put them: a folder or gs://bucket/...",
)
@click.option(
    "--runner",
    type=click.Choice(("direct", "cloudrun", "dataflow")),
    help="Make them without Label Studio, on this machine or on GPUs of Google's, into --to.",
)
@click.option("--to", metavar="PLACE", help="With --runner: a folder or gs://bucket/...")
@click.option("--stack", help="With --runner: the stack that the GPUs are of.")
@click.option("--workers", type=click.IntRange(min=1), help="With --runner: GPUs at a time.")
@click.option("--dry-run", is_flag=True, help="With --runner: say what it takes, start nothing.")
@click.option("--yes", is_flag=True, help="With --runner: do not ask before GPUs are rented.")
@connection_options
def prelabel(
    project_file: Path,
    wait: float,
    again: bool,
    place: str | None,
    runner: str | None,
    to: str | None,
    stack: str | None,
    workers: int | None,
    dry_run: bool,
    yes: bool,
    url: str | None,
    token_file: Path | None,
) -> None:
    """Retrieve the pre-labels that tasks of PROJECT_FILE's project lack, and change nothing else.

    What the current model has answered is skipped, so a run that was cut off goes on. Exits 3 if
    tasks could not be pre-labelled now; 4 if all that is left are images that cannot be used; 1 if
    it failed. For an archive: first --runner with --to, then --from (docs/batch.md).
    """
    of_runner = {"--to": to, "--stack": stack, "--workers": workers}
    flags = [name for name, given in (("--dry-run", dry_run), ("--yes", yes)) if given]
    if runner is None and (
        alone := [*(name for name, given in of_runner.items() if given), *flags]
    ):
        raise click.UsageError(f"{alone[0]} is only for --runner")
    if runner is not None and (not to or place is not None):
        raise click.UsageError("--runner wants --to; what it made is taken with --from afterwards")
    if runner is not None and to:
        with plain_errors():
            from studio.archive import prepare
            from studio.project.load import load_project

            more = [f"--runner={runner}", *flags]
            more += [
                f"{name}={given}" for name, given in of_runner.items() if given and name != "--to"
            ]
            project = load_project(project_file, with_demo(os.environ, url))
            sys.exit(prepare(project, to, more))
    with plain_errors():
        from studio.buckets.cloud_storage import CloudStorage
        from studio.buckets.place import open_place
        from studio.label_studio.client import Studio
        from studio.label_studio.connection import read_connection
        from studio.output import Output
        from studio.prelabelling import prelabel as prelabel_project
        from studio.prepared import take
        from studio.project.load import load_project

        project = load_project(project_file, with_demo(os.environ, url))
        connection = read_connection(with_demo(os.environ, url), url, token_file)
        output = Output(Console(soft_wrap=not sys.stdout.isatty()))
        with Studio(connection) as label_studio:
            if place is not None:
                output.say(
                    take(
                        project, label_studio, output, open_place(place, CloudStorage())
                    ).sentence()
                )
                return
            left = prelabel_project(project, label_studio, output, wait, again)
        if left.exit_status:
            click.echo(f"studio: {left.summary()}", err=True)
            sys.exit(left.exit_status)
        output.say("every task has its pre-label")


@studio.command()
@click.argument("project_file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@connection_options
def precompute(project_file: Path, url: str | None, token_file: Path | None) -> None:
    """Have the interactive model look at all images of PROJECT_FILE's project, for quick clicks.

    What is there already is skipped, so a run that was cut off goes on. Exits 3 if some images
    could not be had now; 4 if all that is left are images that cannot be used; 1 if it failed.
    """
    with plain_errors():
        from studio.label_studio.client import Studio
        from studio.label_studio.connection import read_connection
        from studio.output import Output, counted, shortened
        from studio.preparing import precompute as precompute_project
        from studio.project.load import load_project

        project = load_project(project_file, with_demo(os.environ, url))
        connection = read_connection(with_demo(os.environ, url), url, token_file)
        output = Output(Console(soft_wrap=not sys.stdout.isatty()))
        with Studio(connection) as label_studio, output.progress("looking at images") as tell:
            prepared = precompute_project(project, label_studio, tell)
        output.say(f"{counted(prepared.ready, 'task')} ready for clicks")
        for reason, tasks in prepared.failed.items():
            names = [task.name for task in tasks]
            output.say(f"{counted(len(names), 'task')} failed: {reason}: {shortened(names, 5)}")
        if prepared.exit_status:
            sys.exit(prepared.exit_status)


@studio.command("report")
@click.argument("project_file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.option(
    "--to",
    "page_file",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("report.html"),
    show_default=True,
    help="The page to write; an older one is replaced.",
)
@connection_options
def write_report(
    project_file: Path, page_file: Path, url: str | None, token_file: Path | None
) -> None:
    """Write one HTML page on how PROJECT_FILE's project is labeled: pace, pre-labels, agreement.

    It holds the labelers' e-mail addresses, and pictures where two of them disagree.
    """
    with plain_errors():
        from studio.label_studio.client import Studio
        from studio.label_studio.connection import read_connection
        from studio.output import Output
        from studio.project.load import read_named
        from studio.projects import get_project
        from studio.report.read import report

        environment = with_demo(os.environ, url)
        named = read_named(project_file, environment)
        connection = read_connection(environment, url, token_file)
        output = Output(Console(soft_wrap=not sys.stdout.isatty()))
        with Studio(connection) as label_studio, output.progress("reading annotations") as tell:
            project = get_project(label_studio, named)
            page = report(label_studio, project, datetime.now().astimezone(), tell)
        try:
            page_file.write_text(page, encoding="utf-8")
        except OSError as error:
            raise StudioError(f"cannot write {page_file}: {error.strerror}") from None
        output.say(f"wrote {page_file}")


# What is made of the labeled images has its commands in a module of its own.
for command in (*dataset_commands.COMMANDS, *history_commands.COMMANDS):
    studio.add_command(command)


def main() -> None:
    """Run the command line."""
    studio()
