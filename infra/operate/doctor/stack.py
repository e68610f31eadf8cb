"""A stack looked at as a whole: its settings first, then this computer and Google."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from infra.operate.doctor.checks import AT_GOOGLE, HERE, Check, examine
from infra.operate.doctor.finding import Finding, bad, good
from infra.operate.doctor.google import Google
from infra.operate.doctor.here import login
from infra.operate.doctor.subject import Subject
from infra.operate.stack import Stack
from infra.settings.fields import Settings
from infra.settings.findings import SettingsError

_PASSWORD = "atelier:adminPassword"
# Stands for a secret that is there: the doctor needs no passphrase.
_UNSEEN = "a secret that is not read here"

Found = dict[str, tuple[Finding, ...]]


def settings_of(stack: Stack, name: str) -> Settings:
    """Return the stack's settings, but for its secret.

    Raises:
        SettingsError: They cannot be used.
    """
    # It imports pulumi, which takes longer than most checks.
    from infra.settings.stack_config import parse

    values = dict(stack.config)
    if _PASSWORD in values:
        values[_PASSWORD] = values[_PASSWORD] or _UNSEEN
    return parse(values, stack=name)


def look_without(name: str, environ: Mapping[str, str], *, builds: bool = True) -> Found:
    """Return what can be found on this computer before pulumi knows the stack."""
    from infra.settings.load import load

    settings = load({"adminPassword": _UNSEEN}, project="not-known-yet", stack=name)
    subject = Subject(settings, Google(None, environ), environ, builds=builds)
    _, whose = _logged_in(subject, {})
    missing = bad(
        f"pulumi knows no stack {name}, or is not logged in to where it is",
        "pulumi whoami -v shows where it is logged in. To log in, and to begin a new stack:",
        "pulumi login gs://BUCKET",
        f"pulumi stack init {name}",
    )
    return {"stack": (missing,), "login": whose} | examine(subject, HERE)


def look(stack: Stack, name: str, environ: Mapping[str, str], *, builds: bool = True) -> Found:
    """Return what every check found.

    Args:
        stack: What pulumi says of it.
        name: The stack's name.
        builds: Whether the tool that builds the images is looked at.
    """
    try:
        settings = settings_of(stack, name)
    except SettingsError as error:
        return {
            "settings": tuple(bad(f"{it.key}: {it.message}", it.remedy) for it in error.findings)
        }
    subject = Subject(
        settings,
        Google(None, environ),
        environ,
        standing=stack.standing,
        machine=stack.machine,
        address=stack.address,
        unfinished=stack.unfinished.begun if stack.unfinished else (),
        builds=builds,
    )
    google, whose = _logged_in(subject, stack.config)
    # Without a login Google answers nothing, and one line says so.
    well = all(it.severity == "ok" for it in whose)
    checks: dict[str, Check] = {**HERE, **(AT_GOOGLE if well else {})}
    found: Found = {"settings": (good(f"{settings.preset} in {settings.zone}"),), "login": whose}
    return found | examine(replace(subject, google=google), checks)


def _logged_in(subject: Subject, config: Mapping[str, str]) -> tuple[Google, tuple[Finding, ...]]:
    """Return Google's APIs with the stack's login, and whose it is; within a check's time."""
    asked: list[Google] = []

    def ask(subject: Subject) -> Iterator[Finding]:
        credentials, whose = login(subject.environ, config)
        asked.append(Google(credentials, subject.environ))
        yield whose

    whose = examine(subject, {"login": ask})["login"]
    return (asked[0] if asked else subject.google), whose
