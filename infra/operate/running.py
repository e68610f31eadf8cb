"""Whether the machine runs, as the verbs tell it, and as `up`, `start` and `stop` change it."""

import sys
from typing import Literal

import click

from infra.dynamic.credentials import Access
from infra.operate import power
from infra.operate.causes import explain
from infra.operate.doctor.google import Google
from infra.operate.doctor.here import login
from infra.operate.doctor.stack import settings_of
from infra.operate.errors import PowerError
from infra.operate.explanation import Context, Failure
from infra.operate.pulumi import Outcome, Target
from infra.operate.stack import Stack
from infra.settings.findings import SettingsError


def machine_of(known: Stack, target: Target) -> power.Machine | None:
    """Return the stack's machine; None where its settings cannot be read."""
    try:
        settings = settings_of(known, target.stack)
        access = Access.of(known.config.get, target.environ)
        return power.Machine(settings, known.readiness, access)
    except SettingsError:
        return None


def context_of(target: Target, project: str, old_zone: str = "") -> Context:
    """Return what the commands that are printed are about."""
    return Context(target.stack, project, old_zone, str(target.config_file or ""))


def change(verb: Literal["start", "stop"], machine: power.Machine, target: Target) -> None:
    """Start or stop the machine, or explain why not, and end."""
    try:
        (power.start if verb == "start" else power.stop)(machine, click.echo)
    except PowerError as error:
        click.echo(f"{verb}: {error}", err=True)
        context = context_of(target, machine.settings.project)
        for explanation in explain([Failure.of(str(error))], context):
            click.echo(f"\n{explanation.text}")
        sys.exit(1)


def tell(known: Stack, target: Target) -> None:
    """Say that it is off, and why, and who starts it."""
    machine = machine_of(known, target)
    why = _off(machine, known, target) if machine else None
    if machine is None or why is None:
        return
    if power.is_time(machine.settings):
        said = "The machine is off: `make up` starts it."
    else:
        said = power.off(machine.settings, _start_command(machine, target))
    click.echo(f"\n{said} {why}".rstrip())


def see_to_it(
    known: Stack, target: Target, outcome: Outcome, *, whatever_the_hour: bool = False
) -> Outcome:
    """Start a machine that is off and should not be; return how the update has ended with that."""
    machine = machine_of(known, target)
    if machine is None or _off(machine, known, target) is None:
        return outcome
    if not whatever_the_hour and not power.is_time(machine.settings):
        click.echo(f"\n{power.off(machine.settings, _start_command(machine, target))}")
        return outcome
    try:
        power.start(machine, click.echo)
    except PowerError as error:
        click.echo(f"start: {error}", err=True)
        return Outcome(1, outcome.events, str(error))
    return outcome


def is_there(known: Stack, target: Target) -> bool | None:
    """Return whether Google has the machine; None where it does not tell."""
    machine, google = machine_of(known, target), _google(known, target)
    found = power.status(google, machine.settings) if machine and google else None
    return None if found is None else bool(found)


def _off(machine: power.Machine, known: Stack, target: Target) -> str | None:
    """Return why the machine is off, "" where that is not known; None where it is not off."""
    google = _google(known, target)
    if google is None or power.status(google, machine.settings) != power.OFF:
        return None
    return power.why_off(google, machine.settings)


def _google(known: Stack, target: Target) -> Google | None:
    """Return Google's APIs with the stack's login; None without one."""
    credentials, whose = login(target.environ, known.config)
    return Google(credentials, target.environ) if whose.severity == "ok" else None


def _start_command(machine: power.Machine, target: Target) -> str:
    return context_of(target, machine.settings.project).make("start")
