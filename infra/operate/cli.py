"""`python -m infra.operate doctor|preview|up|destroy|start|stop|restore`.

Exit status: pulumi's own (0 when all went well); 2 when nothing was begun, because the doctor found
what would fail, a tool is missing, or the stack's resources are in another project; 1
when the machine could not be started or stopped.
"""

import os
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from shutil import which
from typing import Literal

import click

from infra.operate import policies, pushes, snapshots, tools, zones
from infra.operate.aftermath import failures, left_standing, old_zone, warnings
from infra.operate.causes import explain
from infra.operate.doctor import table
from infra.operate.doctor.stack import look, look_without
from infra.operate.errors import OperateError
from infra.operate.pulumi import Outcome, Target, operate
from infra.operate.running import change, context_of, is_there, machine_of, see_to_it, tell
from infra.operate.stack import Stack, read, refuse_another_project, with_login
from infra.operate.table.cli import show_in_terminal
from infra.operate.table.errors import PlanError
from infra.operate.table.plan import make
from infra.operate.table.preview import preview_of
from infra.operate.unfinished import by_hand, take_up, told

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
def doctor(
    stack: str, config_file: Path | None, check_builder: bool, extra: tuple[str, ...]
) -> None:
    """Look for all that would be refused on the way up; changes nothing."""
    started = time.monotonic()
    environ = dict(os.environ)
    try:
        target = _target(stack, config_file, environ)
        known = read(target)
        errors = _examine(known, target, check_builder)
        tell(known, target)
    except OperateError as error:
        click.echo(f"doctor: {error}", err=True)
        sys.exit(NOT_BEGUN)
    said = f"{errors} would fail the update" if errors else "nothing stands in the way"
    click.echo(f"\ndoctor: {said} ({time.monotonic() - started:.1f} s)")
    sys.exit(NOT_BEGUN if errors else 0)


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
@click.option(
    "--doctor/--no-doctor", "examined", default=True, help="Look first for what would be refused."
)
def up(
    stack: str,
    config_file: Path | None,
    check_builder: bool,
    extra: tuple[str, ...],
    yes: bool,
    examined: bool,
) -> None:
    """Create the studio, or update it."""
    _run("up", stack, config_file, check_builder, (*_yes(yes), *extra), examined=examined)


@cli.command()
@options
@click.option("--yes", is_flag=True, help="Do not ask.")
def destroy(
    stack: str, config_file: Path | None, check_builder: bool, extra: tuple[str, ...], yes: bool
) -> None:
    """Take the studio down; buckets and a snapshot of the data disk stay unless config says no."""
    _run("destroy", stack, config_file, check_builder, (*_yes(yes), *extra))


@cli.command()
@options
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--snapshot", default="", help="Its name. Without it, those that there are.")
def restore(
    stack: str,
    config_file: Path | None,
    check_builder: bool,
    extra: tuple[str, ...],
    yes: bool,
    snapshot: str,
) -> None:
    """Put the data back as a snapshot has it; the data of now is kept as another snapshot."""
    if not snapshot:
        try:
            target = _target(stack, config_file, dict(os.environ))
            known = read(target)
            machine = machine_of(replace(known, config=with_login(known.config, target)), target)
            if machine is None:
                raise OperateError(f"stack {stack} has no settings that can be read: make doctor")
            click.echo("\n".join(snapshots.lines(machine.settings, machine.access)), err=True)
        except OperateError as error:
            click.echo(f"restore: {error}", err=True)
        sys.exit(NOT_BEGUN)
    click.echo(
        f"The data of stack {stack} goes back to the snapshot {snapshot}. What labelers have now is"
        f" kept as a snapshot atelier-{stack}-before-…; they wait for as long as a boot takes.\n"
    )
    os.environ[snapshots.ASKED] = snapshot
    _run("up", stack, config_file, check_builder, (*_yes(yes), *extra))


def _yes(yes: bool) -> tuple[str, ...]:
    return ("--yes",) if yes else ()


def _run(
    verb: Verb,
    stack: str,
    config_file: Path | None,
    check_builder: bool,
    extra: tuple[str, ...],
    *,
    examined: bool = False,
) -> None:
    started = time.monotonic()
    environ = dict(os.environ)
    try:
        target = _target(stack, config_file, environ)
        known = read(target)
        if verb != "destroy" and check_builder and not examined:
            severity: Literal["error", "warning"] = "warning" if verb == "preview" else "error"
            _report(tools.check_builder(known.images, environ, severity))
        if verb != "preview":
            refuse_another_project(known, stack)
            known = _finish(verb, known, target)
        elif known.unfinished:
            click.echo(f"{told(known.unfinished)} `make up` begins by taking up what is there.")
        # A stack that pulumi does not know is left to its own words, and to their explanation.
        examined = examined and known.is_known
        if examined and (errors := _examine(known, target, check_builder, briefly=True)):
            raise OperateError(
                f"nothing was begun: {errors} of the findings above would fail the update. To try"
                " all the same: --no-doctor (with make: DOCTOR=0)."
            )
        if verb == "preview":
            outcome = _preview(known, target, extra)
        else:
            outcome = _up(known, target, extra) if verb == "up" else operate(target, verb, extra)
    except (OperateError, PlanError) as error:
        click.echo(f"{verb}: {error}", err=True)
        sys.exit(NOT_BEGUN)
    for warning in warnings(outcome.events):
        click.echo(f"\nwarning: {warning}")
    if outcome.status:
        _explain(verb, outcome, target, known)
    click.echo(f"\n{verb}: {time.monotonic() - started:.1f} s")
    sys.exit(outcome.status)


def _preview(known: Stack, target: Target, extra: tuple[str, ...]) -> Outcome:
    """Run a preview with the policies, or without where they cannot run, and show its table."""
    outcome = operate(target, "preview", (*policies.options(), *extra))
    not_started = outcome.status != 0 and policies.could_not_start(outcome.complaints)
    if not_started:
        outcome = operate(target, "preview", extra)
    made = make(preview_of(outcome.events, outcome.status == 0), policies.note(not_started))
    # A policy fails a preview that is whole, and its reasons are in the table.
    is_refused = made.is_refused and not made.errors
    if outcome.status == 0 or is_refused:
        click.echo()
        show_in_terminal(made)
    if outcome.status == 0:
        if (machine := machine_of(known, target)) and (said := zones.told(machine.settings)):
            click.echo(f"\n{said}")
        tell(known, target)
    return outcome


def _up(known: Stack, target: Target, extra: tuple[str, ...]) -> Outcome:
    """Update the studio and see that it runs, in another zone where this one has no machine."""

    def once() -> Outcome:
        outcome = pushes.go_on(lambda more: operate(target, "up", (*extra, *more)), click.echo)
        if outcome.status or "--preview-only" in extra:
            return outcome
        # To go back to a snapshot, it was stopped: that is no reason to leave it off.
        restored = snapshots.ASKED in os.environ
        return see_to_it(read(target), target, outcome, whatever_the_hour=restored)

    outcome, machine = once(), machine_of(known, target)
    if outcome.status == 0 or machine is None:
        return outcome
    return zones.go_on(outcome, machine.settings, target, once, click.echo)


@cli.command()
@options
def start(
    stack: str, config_file: Path | None, check_builder: bool, extra: tuple[str, ...]
) -> None:
    """Start the machine, whatever the hour, and wait until labelers can log in."""
    _switch("start", stack, config_file)


@cli.command()
@options
def stop(stack: str, config_file: Path | None, check_builder: bool, extra: tuple[str, ...]) -> None:
    """Stop the machine; its schedule, `start` or `up` starts it again."""
    _switch("stop", stack, config_file)


def _switch(verb: Literal["start", "stop"], stack: str, config_file: Path | None) -> None:
    try:
        target = _target(stack, config_file, dict(os.environ))
        known = read(target)
        known = replace(known, config=with_login(known.config, target))
        machine = machine_of(known, target)
        if machine is None:
            raise OperateError(f"stack {stack} has no settings that can be read: make doctor")
    except OperateError as error:
        click.echo(f"{verb}: {error}", err=True)
        sys.exit(NOT_BEGUN)
    change(verb, machine, target)


def _examine(known: Stack, target: Target, builds: bool, *, briefly: bool = False) -> int:
    """Print the doctor's table, and return how many findings would fail an update."""
    if known.is_known:
        click.echo(f"Looking at stack {target.stack} in project {known.project or '(none)'}:")
        found = look(known, target.stack, target.environ, builds=builds)
    else:
        found = look_without(target.stack, target.environ, builds=builds)
    for line in table.lines(found, briefly=briefly):
        click.echo(line)
    return table.errors(found)


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


def _finish(verb: Verb, known: Stack, target: Target) -> Stack:
    """Take up what an update that was killed left, and return the stack as it is then.

    Raises:
        OperateError: It could not be taken up, as the stack is locked.
    """
    if not known.unfinished:
        return known
    outcome = take_up(target, click.echo)
    if outcome.status:
        _explain(verb, outcome, target, known)
        raise OperateError("nothing else was begun.")
    for said in by_hand(known.unfinished, known.project, destroying=verb == "destroy"):
        click.echo(said)
    return read(target)


def _explain(verb: Verb, outcome: Outcome, target: Target, known: Stack) -> None:
    """Print what is known about the failures, and what is left standing."""
    context = context_of(target, known.project, old_zone(outcome.events))
    for explanation in explain(failures(outcome), context):
        click.echo(f"\n{explanation.text}")
    standing = left_standing(
        outcome.events,
        destroying=verb == "destroy",
        is_there=lambda: is_there(known, target),
    )
    if standing:
        click.echo(f"\n{standing}")


def main() -> None:
    """Run the command line."""
    cli()
