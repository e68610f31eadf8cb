"""The tools that an operation needs, looked at before anything changes."""

import re
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from shutil import which
from typing import Literal

from infra.settings.facts import REPOSITORY

PROBE_SECONDS = 20
INSTALL_PULUMI = "Install the newest: https://www.pulumi.com/docs/install/"
ENVIRONMENT = "python3 scripts/bootstrap.py operator"


@dataclass(frozen=True)
class Finding:
    """Something about the tools; an `error` stops the operation, a `warning` does not."""

    severity: Literal["error", "warning"]
    message: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.message} {self.remedy}"


def check_pulumi(environ: Mapping[str, str], minimum: str) -> Iterator[Finding]:
    """Yield what is wrong with the pulumi command.

    Args:
        environ: Whose PATH is searched.
        minimum: The version that the provider's package asks for.
    """
    found = which("pulumi", path=environ.get("PATH"))
    if found is None:
        yield Finding("error", "There is no `pulumi` on PATH.", INSTALL_PULUMI)
        return
    told = said([found, "version"], environ)
    if told is None or _numbers(told) < _numbers(minimum):
        has = told.strip() if told else "no version that could be read"
        yield Finding(
            "error",
            f"pulumi is {has} ({found}), and pulumi-gcp needs v{minimum}.",
            INSTALL_PULUMI,
        )


def check_packages(pins: Mapping[str, str]) -> Iterator[Finding]:
    """Yield what is wrong with the Python packages that the program imports."""
    for name, pinned in pins.items():
        try:
            installed = version(name)
        except PackageNotFoundError:
            installed = "missing"
        if installed != pinned:
            yield Finding(
                "error",
                f"The Python package {name} is {installed}, and requirements.txt has {pinned}.",
                f"Run: {ENVIRONMENT}",
            )


def check_builder(
    images: str, environ: Mapping[str, str], severity: Literal["error", "warning"]
) -> Iterator[Finding]:
    """Yield what is wrong with the tool that builds the images.

    Args:
        images: docker, cloudbuild or prebuilt, as in the stack's config.
        environ: Whose PATH is searched.
        severity: How grave it is: a preview builds nothing.
    """
    elsewhere = "or let Google build them: pulumi config set atelier:images cloudbuild"
    if images == "docker":
        docker = which("docker", path=environ.get("PATH"))
        if docker is None:
            yield Finding(
                severity,
                "There is no `docker` on PATH, which builds the images (images: docker).",
                f"Install it: https://docs.docker.com/get-docker/ {elsewhere}.",
            )
        elif said([docker, "version", "--format", "{{.Server.Version}}"], environ) is None:
            yield Finding(severity, "Docker does not answer.", f"Start it, {elsewhere}.")
        elif said([docker, "buildx", "version"], environ) is None:
            yield Finding(
                severity,
                "Docker has no buildx, which builds the images.",
                "Install it: https://docs.docker.com/go/buildx/",
            )
    elif images == "cloudbuild" and which("gcloud", path=environ.get("PATH")) is None:
        yield Finding(
            severity,
            "There is no `gcloud` on PATH, which has the images built (images: cloudbuild).",
            "Install it: https://cloud.google.com/sdk/docs/install",
        )


def minimum_pulumi() -> str:
    """Return the lowest pulumi that the installed pulumi-gcp works with; `0` if it names none."""
    try:
        wanted = requires("pulumi-gcp") or []
    except PackageNotFoundError:
        return "0"
    for requirement in wanted:
        if re.match(r"pulumi\b(?!-)", requirement):
            match = re.search(r">=\s*([\d.]+)", requirement)
            return match[1] if match else "0"
    return "0"


def pinned_packages(requirements: Path = REPOSITORY / "requirements.in") -> dict[str, str]:
    """Return the packages that the program imports, with the versions that are pinned."""
    found = re.findall(r"^((?:pulumi|google-cloud)[\w-]*)==(\S+)", requirements.read_text(), re.M)
    return dict(found)


def said(command: Sequence[str], environ: Mapping[str, str]) -> str | None:
    """Return what a quick command prints, or None if it fails."""
    try:
        done = subprocess.run(
            command,
            env=dict(environ),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=PROBE_SECONDS,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout


def _numbers(text: str) -> tuple[int, ...]:
    match = re.search(r"\d+(?:\.\d+)*", text)
    return tuple(int(part) for part in match[0].split(".")) if match else ()
