"""What the workflows may do, and that a fork's job runs where there is no account."""

import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.cloud import checkout

ROOT = Path(__file__).resolve().parents[4]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
FORK = "github.event.pull_request.head.repo.full_name {} github.repository"
STATUS = "_Previewed against a stand-in for Google Cloud, as a new stack: no account was used._"


def read(name: str) -> dict[Any, Any]:
    return yaml.safe_load((ROOT / ".github" / "workflows" / f"{name}.yml").read_text())


def jobs() -> dict[str, dict[str, Any]]:
    return {
        f"{path.stem}/{name}": job
        for path in WORKFLOWS
        for name, job in read(path.stem)["jobs"].items()
    }


def test_no_workflow_hands_our_rights_to_a_forks_code() -> None:
    for path in WORKFLOWS:
        # YAML 1.1 reads the key `on` as a truth value.
        triggers = set(read(path.stem)[True])
        assert triggers <= {"pull_request", "push"}, path.name


def test_every_action_is_pinned_to_a_commit_with_its_version_beside_it() -> None:
    for path in WORKFLOWS:
        uses = re.findall(r"uses: (.+)$", path.read_text(), re.MULTILINE)
        assert uses
        for action in uses:
            assert re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", action), action


def test_every_job_has_an_end_and_says_what_it_may_do() -> None:
    for name, job in jobs().items():
        assert job["timeout-minutes"] <= 90, name
        workflow = read(name.split("/")[0])
        assert "permissions" in job or workflow["permissions"] == {"contents": "read"}, name
        assert "concurrency" in workflow, name
        checkout = next(step for step in job["steps"] if "checkout" in step.get("uses", ""))
        assert checkout["with"]["persist-credentials"] is False, name


def test_a_forks_job_has_no_permission_no_secret_and_no_login() -> None:
    job = jobs()["preview/hermetic"]
    assert job["permissions"] == {}
    assert FORK.format("!=") in job["if"]
    text = yaml.safe_dump(job)
    for word in ("secrets.", "github.token", "GITHUB_TOKEN", "google-github-actions", "id-token"):
        assert word not in text


def test_only_branches_of_this_repository_are_logged_in() -> None:
    with_rights = {name for name, job in jobs().items() if "id-token" in str(job)}
    assert with_rights == {"preview/stack"}
    job = jobs()["preview/stack"]
    assert " ".join(job["if"].split()).startswith(FORK.format("==") + " &&")
    assert job["permissions"] == {
        "contents": "read",
        "id-token": "write",
        "pull-requests": "write",
    }
    assert "credentials_json" not in str(job)


def test_no_step_puts_what_a_pull_request_says_into_its_script() -> None:
    for name, job in jobs().items():
        for step in job["steps"]:
            assert "${{" not in step.get("run", ""), name


@pytest.mark.integration
def test_a_forks_steps_write_the_table_with_no_account(tmp_path: Path) -> None:
    copied = checkout.copy(tmp_path / "checkout")
    summary = tmp_path / "summary.md"
    (preview,) = (s for s in jobs()["preview/hermetic"]["steps"] if s.get("name") == "Preview")
    environ = {
        key: os.environ[key]
        for key in ("PATH", "HOME", "XDG_CACHE_HOME", "LANG")
        if key in os.environ
    }
    done = subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", preview["run"]],
        cwd=copied,
        env=environ
        | {
            "STACK": "dev",
            "PULUMI_STACK": "dev",
            "RUNNER_TEMP": str(tmp_path),
            "GITHUB_STEP_SUMMARY": str(summary),
        },
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    lines = summary.read_text().splitlines()
    assert lines[0] == "<!-- atelier-preview dev -->"
    assert lines[-1] == STATUS
    assert any(line.startswith("| hour running | nothing | $") for line in lines)
    assert any("| machine |" in line for line in lines)
