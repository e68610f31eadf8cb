"""This computer: its tools, its login, and the Docker that builds the images."""

import shutil
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from infra.dynamic.credentials import LOGIN_KEYS, Access, CredentialsError
from infra.operate import tools
from infra.operate.doctor.finding import Finding, bad, doubtful, good
from infra.operate.doctor.google import SECONDS, stood_in
from infra.operate.doctor.subject import Subject

# The images are 6 GB, and while they are built their layers are there twice.
ROOM_GB = 20
_PLATFORM = "linux/amd64"


def programs(subject: Subject) -> Iterator[Finding]:
    """pulumi, its packages, and what builds the images."""
    found = [
        *tools.check_pulumi(subject.environ, tools.minimum_pulumi()),
        *tools.check_packages(tools.pinned_packages()),
    ]
    if subject.builds:
        found += tools.check_builder(subject.settings.images, subject.environ, "error")
    for finding in found:
        yield Finding(finding.severity, finding.message.rstrip("."), (finding.remedy,))
    if not found:
        yield good("pulumi, the Python packages and the builder are there")


def docker(subject: Subject) -> Iterator[Finding]:
    """It builds for the machine's processor, and has room."""
    if subject.settings.images != "docker" or not subject.builds:
        yield good("not needed")
        return
    said = tools.said(("docker", "buildx", "inspect"), subject.environ)
    if said is None:
        yield doubtful("Docker's builder could not be looked at", "docker buildx inspect")
        return
    if builds_for_machine(said) is False:
        yield bad(
            f"Docker on this computer does not build for {_PLATFORM}",
            "Let it run such programs, or let Google build:",
            "docker run --privileged --rm tonistiigi/binfmt --install amd64",
            "pulumi config set atelier:images cloudbuild",
        )
        return
    command = ("docker", "info", "--format", "{{.DockerRootDir}}")
    root = (tools.said(command, subject.environ) or "").strip()
    # Docker Desktop's is inside its virtual machine.
    if root and Path(root).is_dir():
        free = shutil.disk_usage(root).free // 10**9
        if free < ROOM_GB:
            yield doubtful(
                f"Docker has {free} GB left, and building takes about {ROOM_GB}",
                "docker system prune",
            )
            return
    yield good(f"builds for {_PLATFORM}")


def builds_for_machine(inspected: str) -> bool | None:
    """Return whether `docker buildx inspect` names the machine's platform; None if it names none.

    A builder that has not been started yet has none to name.
    """
    lines = [line for line in inspected.splitlines() if line.strip().startswith("Platforms:")]
    return any(_PLATFORM in line for line in lines) if lines else None


def login(environ: Mapping[str, str], config: Mapping[str, str]) -> tuple[Any, Finding]:
    """Return the credentials that Google is asked with, None where there are none, and whose.

    They are the Google provider's own: see `infra.dynamic.credentials`.

    Args:
        environ: The environment.
        config: The stack's config by full keys; a secret's value is empty.
    """
    if stood_in(environ):
        return None, good("none: a stand-in on this computer takes Google's place")
    if secret := next((key for key in LOGIN_KEYS if config.get(key) == ""), ""):
        return None, doubtful(
            f"the login in {secret} is a secret that is not read here, so Google is not asked"
        )
    from google.auth.exceptions import GoogleAuthError
    from google.auth.transport.requests import Request

    access = Access.of(config.get, environ)
    try:
        own = replace(access, account="").credentials()
        found: Any = access.credentials() if access.account else own
        # A token alone cannot be refreshed, nor looked at.
        if access.account or not access.token:
            # Its own limit is two minutes, and a preview asks as well.
            found.refresh(partial(Request(), timeout=SECONDS))
    except (GoogleAuthError, CredentialsError, OSError, ValueError) as fault:
        todo = ["gcloud auth application-default login"]
        file = environ.get("GOOGLE_APPLICATION_CREDENTIALS")
        if given := _given(environ, config):
            todo.insert(0, f"The login is that in {given}: mend it, or take it away, and")
        elif file:
            todo.insert(
                0, f"GOOGLE_APPLICATION_CREDENTIALS is {file}: mend that file, unset it, or"
            )
        if access.account:
            todo.append(
                f"Your own account needs roles/iam.serviceAccountTokenCreator on {access.account}."
            )
        return None, bad(f"no valid login to Google Cloud ({_first_line(fault)})", *todo)
    whose = _whose(own, environ, config)
    return found, good(f"{access.account}, by {whose}" if access.account else whose)


def _given(environ: Mapping[str, str], config: Mapping[str, str]) -> str:
    """Return the config key or the variable that has the login; empty for the default one."""
    for key, variables in LOGIN_KEYS.items():
        if config.get(key):
            return key
        if variable := next(filter(environ.get, variables), ""):
            return variable
    return ""


def _whose(credentials: Any, environ: Mapping[str, str], config: Mapping[str, str]) -> str:
    for name in ("service_account_email", "account"):
        if account := getattr(credentials, name, ""):
            return str(account)
    given = _given(environ, config)
    return f"the login in {given}" if given else "the application default login"


def _first_line(fault: Exception) -> str:
    text = str(fault).splitlines()
    return text[0][:160] if text else type(fault).__name__
