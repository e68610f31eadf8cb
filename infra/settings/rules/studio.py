"""What runs on the machine: its images, its project file and its first account."""

import re
from collections.abc import Iterator
from pathlib import Path

from infra.settings.facts import BATCH_IMAGE, IMAGE_NAMES, REPOSITORY
from infra.settings.fields import Settings
from infra.settings.findings import Finding, listed, nearest, shown
from infra.settings.rules.network import is_email
from infra.settings.rules.rule import reads
from infra.settings.wording import NEW_PASSWORD

MIN_PASSWORD = 8
# Refused however they are written, and with whatever digits or marks at their end.
PLACEHOLDERS = (
    "admin",
    "atelier",
    "change",
    "changeit",
    "changeme",
    "default",
    "labelstudio",
    "letmein",
    "mypassword",
    "password",
    "passwort",
    "placeholder",
    "qwerty",
    "secret",
    "todo",
    "welcome",
    "yourpassword",
    "yourpasswordhere",
)

_REFERENCE = re.compile(
    r"[a-z0-9][a-z0-9.-]*(?::[0-9]+)?/[a-z0-9._/-]+(?::[A-Za-z0-9_.-]+)?@sha256:[0-9a-f]{64}"
)


@reads("prebuilt")
def prebuilt(settings: Settings) -> Iterator[Finding]:
    """References of known images, each by digest, so that it cannot change."""
    known = (*IMAGE_NAMES, BATCH_IMAGE)
    for name, reference in settings.prebuilt.items():
        if name not in known:
            close = nearest(name, known)
            yield Finding(
                "prebuilt",
                f"there is no image {shown(name)}",
                f"Write {close}" if close else f"The images are {listed(known, 'and')}",
            )
        elif not _REFERENCE.fullmatch(reference):
            yield Finding(
                "prebuilt",
                f"the reference of {name}, {shown(reference)}, does not say registry and digest",
                "Write it as in us-docker.pkg.dev/project/repository/name@sha256:…; a tag alone"
                " may mean another image tomorrow",
            )


@reads("images", "prebuilt", "batch")
def prebuilt_used(settings: Settings) -> Iterator[Finding]:
    """References if, and only if, nothing is built."""
    missing = [name for name in settings.image_names if name not in settings.prebuilt]
    if settings.images == "prebuilt" and missing:
        yield Finding(
            "prebuilt",
            f"images prebuilt needs a reference for {listed(missing, 'and')}",
            f"Set {listed((f'prebuilt.{name}' for name in missing), 'and')} as in"
            " us-docker.pkg.dev/project/repository/name@sha256:…, or set images to docker",
        )
    if settings.images != "prebuilt" and settings.prebuilt:
        yield Finding(
            "prebuilt",
            f"references are given, but images is {settings.images}, which builds its own",
            "Set images to prebuilt, or remove prebuilt",
        )


@reads("project_file")
def project_file(settings: Settings) -> Iterator[Finding]:
    """A YAML file of the repository."""
    path = REPOSITORY / settings.project_file
    if Path(settings.project_file).is_absolute() or REPOSITORY not in path.resolve().parents:
        yield Finding(
            "projectFile",
            f"{shown(settings.project_file)} is outside of the repository",
            "Put it beside templates/projects/garments-bucket.yaml, and write its path from the"
            " repository's root",
        )
    elif path.suffix not in (".yaml", ".yml"):
        yield Finding(
            "projectFile",
            f"{shown(settings.project_file)} is no YAML file",
            "Write a path such as templates/projects/garments-bucket.yaml",
        )
    elif not path.is_file():
        known = sorted(file.name for file in (REPOSITORY / "templates/projects").glob("*.y*ml"))
        yield Finding(
            "projectFile",
            f"{shown(settings.project_file)} does not exist",
            f"In templates/projects there is {listed(known, 'and')}",
        )


@reads("admin_email")
def admin_email(settings: Settings) -> Iterator[Finding]:
    """The first account's name."""
    if not is_email(settings.admin_email):
        yield Finding(
            "adminEmail",
            f"{shown(settings.admin_email)} is not an e-mail address",
            "Write one as in anna@example.org",
        )


@reads("admin_password")
def admin_password(settings: Settings) -> Iterator[Finding]:
    """The first account's password. Nothing of it is in a message."""
    fault = password_fault(settings.admin_password.get_secret_value())
    if fault:
        yield Finding("adminPassword", fault, NEW_PASSWORD)


@reads("admin_password", "admin_email")
def password_is_not_the_name(settings: Settings) -> Iterator[Finding]:
    """Whoever knows the account must not know its password."""
    password, email = settings.admin_password.get_secret_value(), settings.admin_email
    if password.lower() in (email.lower(), email.partition("@")[0].lower()):
        yield Finding("adminPassword", "the password is the account's name", NEW_PASSWORD)


def password_fault(password: str) -> str | None:
    """Return what is wrong with a password, in words that say nothing of it, or None."""
    letters = re.sub(r"[^a-z0-9]", "", password.lower())
    if len(password) < MIN_PASSWORD:
        return f"the password has fewer than {MIN_PASSWORD} characters"
    if not password.isprintable() or password != password.strip():
        return "the password has line ends, control characters, or spaces around it"
    if letters.rstrip("0123456789") in PLACEHOLDERS or password in "01234567890123456789":
        return "the password is a placeholder that others try first"
    if len(set(password)) < 3:
        return "the password repeats one or two characters"
    return None
