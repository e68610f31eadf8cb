"""This computer: its tools, its login, and the Docker that builds the images."""

import json
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, cast

from infra.operate import tools
from infra.operate.doctor.finding import Finding, bad, doubtful, good
from infra.operate.doctor.google import SCOPE, stood_in
from infra.operate.doctor.subject import Subject

# The images are 6 GB, and while they are built their layers are there twice.
ROOM_GB = 20
_PLATFORM = "linux/amd64"
_TOKEN = "GOOGLE_OAUTH_ACCESS_TOKEN"


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
    said = _said(subject, "docker", "buildx", "inspect")
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
    root = (_said(subject, "docker", "info", "--format", "{{.DockerRootDir}}") or "").strip()
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

    They are found as the Google provider finds its own: an access token, a key, the application
    default login, and then the account that is to be impersonated.

    Args:
        environ: The environment.
        config: The stack's config by full keys.
    """
    if stood_in(environ):
        return None, good("none: a stand-in on this computer takes Google's place")
    from google.auth.exceptions import GoogleAuthError
    from google.auth.impersonated_credentials import Credentials as Impersonated
    from google.auth.transport.requests import Request

    other = environ.get("GOOGLE_IMPERSONATE_SERVICE_ACCOUNT") or config.get(
        "gcp:impersonateServiceAccount"
    )
    try:
        found, whose = _source(environ, config)
        if other:
            account = cast("Any", Impersonated)
            found = account(found, target_principal=other, target_scopes=[SCOPE])
            whose = f"{other}, by {whose}"
        if not environ.get(_TOKEN):
            found.refresh(Request())
    except (GoogleAuthError, OSError, ValueError) as fault:
        file = environ.get("GOOGLE_APPLICATION_CREDENTIALS")
        todo = ["gcloud auth application-default login"]
        if file:
            todo.insert(
                0, f"GOOGLE_APPLICATION_CREDENTIALS is {file}: mend that file, unset it, or"
            )
        if other:
            todo.append(f"Your own account needs roles/iam.serviceAccountTokenCreator on {other}.")
        return None, bad(f"no valid login to Google Cloud ({_first_line(fault)})", *todo)
    return found, good(whose)


def _source(environ: Mapping[str, str], config: Mapping[str, str]) -> tuple[Any, str]:
    """Return the credentials that are there, not looked at yet, and whose they are."""
    import google.auth as library
    from google.oauth2.credentials import Credentials
    from google.oauth2.service_account import Credentials as Key

    # google-auth leaves most of its arguments untyped.
    key_type = cast("Any", Key)
    default = cast("Any", library.default)  # pyright: ignore[reportUnknownMemberType]
    token = environ.get(_TOKEN)
    if token:
        return cast("Any", Credentials)(token), f"the token in {_TOKEN}"
    given = environ.get("GOOGLE_CREDENTIALS") or config.get("gcp:credentials")
    if given:
        if given.lstrip().startswith("{"):
            found = key_type.from_service_account_info(json.loads(given), scopes=[SCOPE])
        else:
            path = Path(given).expanduser()
            found = key_type.from_service_account_file(str(path), scopes=[SCOPE])
    else:
        found, _ = default(scopes=[SCOPE])
    account = getattr(found, "service_account_email", "") or getattr(found, "account", "")
    return found, str(account or "the application default login")


def _first_line(fault: Exception) -> str:
    text = str(fault).splitlines()
    return text[0][:160] if text else type(fault).__name__


def _said(subject: Subject, *command: str) -> str | None:
    try:
        done = subprocess.run(
            command,
            env=dict(subject.environ),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=tools.PROBE_SECONDS,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout
