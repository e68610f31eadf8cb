"""What the doctor finds on this computer: Docker, and the way to the registry."""

from types import SimpleNamespace
from typing import Any

import pytest

from infra.operate.doctor import here, things
from infra.operate.doctor.google import Google
from infra.operate.doctor.subject import Subject
from tests.infra.render.scenarios import load


@pytest.mark.parametrize(
    ("platforms", "free_gb", "severity", "words"),
    [
        ("linux/amd64, linux/arm64", 50, "ok", "builds for linux/amd64"),
        ("linux/arm64", 50, "error", "atelier:images cloudbuild"),
        ("linux/amd64", 5, "warning", "docker system prune"),
        (None, 50, "warning", "could not be looked at"),
    ],
)
def test_docker_builds_for_the_machine_and_has_room(
    tmp_path: Any,
    monkeypatch: pytest.MonkeyPatch,
    platforms: str | None,
    free_gb: int,
    severity: str,
    words: str,
) -> None:
    if platforms:
        program = tmp_path / "docker"
        said = f"case $1 in info) echo {tmp_path} ;; *) echo 'Platforms: {platforms}' ;; esac"
        program.write_text(f"#!/bin/sh\n{said}\n")
        program.chmod(0o755)
    monkeypatch.setattr(
        here.shutil, "disk_usage", lambda root: SimpleNamespace(free=free_gb * 10**9)
    )
    monkeypatch.setenv("PATH", str(tmp_path))
    subject = Subject(load({}), Google(None, {}), {"PATH": str(tmp_path)})
    (only,) = here.docker(subject)
    assert only.severity == severity
    assert words in "\n".join([only.message, *only.remedy])


def test_a_registry_that_cannot_be_reached_is_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(address: Any, timeout: float) -> Any:
        raise OSError("no route to host")

    monkeypatch.setattr(things.socket, "create_connection", refuse)
    (only,) = things.registry(Subject(load({}), Google(None, {}), {}))
    assert only.severity == "warning"
    assert "us-central1-docker.pkg.dev cannot be reached" in only.message
