"""`python -m infra.operate.table`: the table of a preview, read or run now.

Exit status: 0 the table is there; 1 the preview itself failed, and what it said is below the table;
2 there is no preview to read, or a wrong option.
"""

import subprocess
import sys
from pathlib import Path
from shutil import which
from typing import TextIO

import click
from rich.console import Console

from infra.operate.table.errors import PlanError
from infra.operate.table.markdown import render
from infra.operate.table.plan import Plan, make
from infra.operate.table.preview import Preview, read_preview
from infra.operate.table.terminal import show
from infra.settings.facts import REPOSITORY

FAILED = 1
UNREADABLE = 2
# Without a terminal the width is nobody's: whole reasons matter more than a screen's 80.
PLAIN_WIDTH = 160
# What stays as it is, and whether a replacement has something left to delete, are shown with these.
DETAILS = ("--show-sames", "--show-replacement-steps", "--non-interactive")


@click.command()
@click.argument("file", required=False, type=click.File("r", encoding="utf-8"))
@click.option("--stack", help="Run `pulumi preview --json` of this stack now.")
@click.option(
    "--config-file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="With --stack: the stack's config file, where it is not Pulumi.<stack>.yaml.",
)
@click.option("--markdown", is_flag=True, help="Markdown, for a pull request or a job's summary.")
def plan(
    file: TextIO | None,
    stack: str | None,
    config_file: Path | None,
    markdown: bool,
) -> None:
    """Show what a preview means: resources, service, dollars.

    FILE is the output of `pulumi preview --json`, `-` for standard input (the default where neither
    FILE nor --stack is given and standard input is no terminal).
    """
    if file is not None and stack:
        raise click.UsageError("Give FILE or --stack, not both.")
    if config_file and not stack:
        raise click.UsageError("--config-file goes with --stack.")
    if file is None and not stack and sys.stdin.isatty():
        raise click.UsageError("Give a FILE, --stack, or pipe `pulumi preview --json` into it.")
    try:
        if stack:
            found = run_preview(stack, config_file)
        else:
            found = read_preview((file or sys.stdin).read())
    except PlanError as error:
        click.echo(f"plan: {error}", err=True)
        sys.exit(UNREADABLE)
    made = make(found)
    if markdown:
        click.echo(render(made))
    else:
        show_in_terminal(made)
    if made.errors:
        sys.exit(FAILED)


def show_in_terminal(made: Plan) -> None:
    """Print a plan on standard output: coloured in a terminal, plain text elsewhere."""
    show(made, Console(width=None if sys.stdout.isatty() else PLAIN_WIDTH))


def run_preview(stack: str, config_file: Path | None) -> Preview:
    """Return what `pulumi preview --json` says of a stack now; its progress goes nowhere.

    Raises:
        PlanError: There is no pulumi, or it could not begin (its reason is in the message).
    """
    pulumi = which("pulumi")
    if pulumi is None:
        raise PlanError(
            "There is no `pulumi` on PATH. Install it: https://www.pulumi.com/docs/install/"
        )
    command = [pulumi, "preview", "--json", *DETAILS, "--stack", stack]
    if config_file:
        command += ["--config-file", str(config_file.resolve())]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    if "{" not in done.stdout:
        said = (done.stderr or done.stdout).strip()
        raise PlanError(f"`pulumi preview --stack {stack}` did not begin: {said}")
    return read_preview(done.stdout)


def main() -> None:
    """Run the command line."""
    plan()
