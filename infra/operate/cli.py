"""`python -m infra.operate preview|up|destroy`.

Exit status: pulumi's own (0 when all went well); 2 when nothing was begun, because a tool is
missing or the stack's resources are in another project.
"""

import os
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from shutil import which
from typing import Literal

import click

from infra.operate import tools
from infra.operate.aftermath import failures, left_standing, old_zone, warnings
from infra.operate.causes import explain
from infra.operate.errors import OperateError
from infra.operate.explanation import Context, Explanation
from infra.operate.pulumi import Outcome, Target, operate
from infra.operate.stack import Stack, read, refuse_another_project
from infra.operate.table.cli import show_in_terminal
from infra.operate.table.errors import PlanError
from infra.operate.table.events import preview_of
from infra.operate.table.plan import make

NOT_BEGUN = 2
Verb = Literal["preview", "up", "destroy"]


@click.group()
def cli() -> None:
    """Preview, bring up or destroy a stack: pulumi, checked before and explained after."""


def options(command: Callable[..., None]) -> Callable[..., None]:
    """Add what all three take; anything after `--` goes to pulumi as it is."""
    for option in (
        click.argument("extra", nargs=-1, type=click.UNPROCESSED),
        click.option(
            "--check-builder/--no-check-builder",
            default=True,
            help="Look for the tool that builds the images.",
        ),
        click.option(
            "--config-file",
            type=click.Path(path_type=Path, dir_okay=False),
            help="The stack's config file, where it is not Pulumi.<stack>.yaml.",
        ),
        click.option("--stack", default="dev", show_default=True, help="The stack's name."),
    ):
        command = option(command)
    return command


@cli.command()
@options
def preview(
    stack: str, config_file: Path | None, check_builder: bool, extra: tuple[str, ...]
) -> None:
    """Show what `up` would change, what labelers notice of it, and what it costs."""
    _run("preview", stack, config_file, check_builder, extra)


@cli.command()
@options
@click.option("--yes", is_flag=True, help="Do not ask.")
def up(
    stack: str, config_file: Path | None, check_builder: bool, extra: tuple[str, ...], yes: bool
) -> None:
    """Create the studio, or update it."""
    _run("up", stack, config_file, check_builder, (*_yes(yes), *extra))


@cli.command()
@options
@click.option("--yes", is_flag=True, help="Do not ask.")
def destroy(
    stack: str, config_file: Path | None, check_builder: bool, extra: tuple[str, ...], yes: bool
) -> None:
    """Take the studio down; buckets and a snapshot of the data disk stay unless config says no."""
    _run("destroy", stack, config_file, check_builder, (*_yes(yes), *extra))


def _yes(yes: bool) -> tuple[str, ...]:
    return ("--yes",) if yes else ()


def _run(
    verb: Verb,
    stack: str,
    config_file: Path | None,
    check_builder: bool,
    extra: tuple[str, ...],
) -> None:
    started = time.monotonic()
    environ = dict(os.environ)
    try:
        target = _target(stack, config_file, environ)
        known = read(target, with_state=verb != "preview")
        if verb != "destroy" and check_builder:
            severity: Literal["error", "warning"] = "warning" if verb == "preview" else "error"
            _report(tools.check_builder(known.images, environ, severity))
        if verb != "preview":
            refuse_another_project(known, stack)
        outcome = operate(target, verb, extra)
        if verb == "preview" and outcome.status == 0:
            click.echo()
            show_in_terminal(make(preview_of(outcome.events)))
    except (OperateError, PlanError) as error:
        click.echo(f"{verb}: {error}", err=True)
        sys.exit(NOT_BEGUN)
    for warning in warnings(outcome.events):
        click.echo(f"\nwarning: {warning}")
    if outcome.status:
        _explain(verb, outcome, target, known)
    click.echo(f"\n{verb}: {time.monotonic() - started:.1f} s")
    sys.exit(outcome.status)


def _target(stack: str, config_file: Path | None, environ: Mapping[str, str]) -> Target:
    """Return what to run, if the tools that every operation needs are there.

    Raises:
        OperateError: One is missing or too old.
    """
    found = [
        *tools.check_pulumi(environ, tools.minimum_pulumi()),
        *tools.check_packages(tools.pinned_packages()),
    ]
    _report(found)
    pulumi = which("pulumi", path=environ.get("PATH"))
    if pulumi is None:
        raise OperateError(f"There is no `pulumi` on PATH. {tools.INSTALL_PULUMI}")
    return Target(pulumi, environ, stack, config_file.resolve() if config_file else None)


def _report(findings: Iterable[tools.Finding]) -> None:
    """Print the findings.

    Raises:
        OperateError: One is an error.
    """
    found = list(findings)
    for finding in found:
        if finding.severity == "warning":
            click.echo(f"warning: {finding}", err=True)
    errors = [str(finding) for finding in found if finding.severity == "error"]
    if errors:
        raise OperateError("\n".join(["nothing was begun.", *errors]))


def _explain(verb: Verb, outcome: Outcome, target: Target, known: Stack) -> None:
    """Print what is known about the failures, and what is left standing."""
    context = Context(
        stack=target.stack,
        project=known.project,
        old_zone=old_zone(outcome.events),
        config_file=str(target.config_file or ""),
    )
    for explanation in explain(failures(outcome), context):
        click.echo(f"\n{_worded(explanation)}")
    standing = left_standing(outcome.events, destroying=verb == "destroy")
    if standing:
        click.echo(f"\n{standing}")


def _worded(explanation: Explanation) -> str:
    return "\n".join([explanation.what, *(f"    {line}" for line in explanation.todo)])


def main() -> None:
    """Run the command line."""
    cli()
