"""`python -m infra.operate.table`: the table of a stack's preview, run now.

Exit status: 0 the table is there; 1 the preview itself failed, and what it said is below the table,
or a policy is against it; 2 the preview could not begin, or a wrong option.
"""

import os
import subprocess
import sys
from pathlib import Path
from shutil import which
from tempfile import TemporaryDirectory

import click
from rich.console import Console

from infra.operate import policies
from infra.operate.table.errors import PlanError
from infra.operate.table.events import SHOWS_EVENT_LOG, Event, read_log
from infra.operate.table.markdown import render
from infra.operate.table.plan import Plan, make
from infra.operate.table.preview import preview_of
from infra.operate.table.terminal import show
from infra.settings.facts import REPOSITORY

FAILED = 1
UNREADABLE = 2
# Without a terminal the width is nobody's: whole reasons matter more than a screen's 80.
PLAIN_WIDTH = 160


@click.command()
@click.option("--stack", required=True, help="The stack whose preview is run.")
@click.option(
    "--config-file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The stack's config file, where it is not Pulumi.<stack>.yaml.",
)
@click.option("--markdown", is_flag=True, help="Markdown, for a pull request or a job's summary.")
def plan(stack: str, config_file: Path | None, markdown: bool) -> None:
    """Run a preview, and show what it means and nothing else: resources, service, dollars."""
    try:
        made = run_preview(stack, config_file)
    except PlanError as error:
        click.echo(f"plan: {error}", err=True)
        sys.exit(UNREADABLE)
    if markdown:
        click.echo(render(made))
    else:
        show_in_terminal(made)
    if made.errors or made.is_refused:
        sys.exit(FAILED)


def show_in_terminal(made: Plan) -> None:
    """Print a plan on standard output: coloured in a terminal, plain text elsewhere."""
    show(made, Console(width=None if sys.stdout.isatty() else PLAIN_WIDTH))


def run_preview(stack: str, config_file: Path | None) -> Plan:
    """Return what a preview of a stack finds now; its progress goes nowhere.

    Raises:
        PlanError: There is no pulumi, or it could not begin (its reason is in the message).
    """
    pulumi = which("pulumi")
    if pulumi is None:
        raise PlanError(
            "There is no `pulumi` on PATH. Install it: https://www.pulumi.com/docs/install/"
        )
    command = [pulumi, "preview", "--non-interactive", "--stack", stack]
    if config_file:
        command += ["--config-file", str(config_file.resolve())]
    events, said, status = _run([*command, *policies.options()])
    not_started = policies.could_not_start(said)
    if not_started:
        events, said, status = _run(command)
    if not events:
        raise PlanError(f"`pulumi preview --stack {stack}` did not begin: {said}")
    return make(preview_of(events, status == 0), policies.note(not_started))


def _run(command: list[str]) -> tuple[tuple[Event, ...], str, int]:
    """Return a preview's events, what it said where they are not enough, and its exit status."""
    with TemporaryDirectory(prefix="atelier-events-") as folder:
        log = Path(folder) / "events.json"
        done = subprocess.run(
            [*command, "--event-log", str(log)],
            cwd=REPOSITORY,
            env=os.environ | SHOWS_EVENT_LOG,
            capture_output=True,
            text=True,
            check=False,
        )
        return read_log(log), (done.stderr or done.stdout).strip(), done.returncode


def main() -> None:
    """Run the command line."""
    plan()
