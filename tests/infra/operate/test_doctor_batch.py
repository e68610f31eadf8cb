"""What the doctor says of jobs over an archive: APIs, permissions, GPUs and the staging bucket."""

from pathlib import Path

import pytest

from infra.operate.doctor import account, batch
from infra.operate.doctor.checks import Check
from infra.operate.doctor.finding import Finding
from infra.operate.doctor.google import Answer
from infra.operate.doctor.permissions import needed
from infra.operate.doctor.subject import Subject
from infra.settings.apis import apis
from tests.cloud.gcp.state import Cloud
from tests.infra.operate.asked import google
from tests.infra.render.scenarios import load


def found(folder: Path, check: Check, raw: dict[str, object], **answers: Answer) -> list[Finding]:
    """What a check finds on the double, with these answers over its own."""
    return list(check(Subject(load(raw), google(Cloud(folder), answers), {})))


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        ({}, ["ok: batch is off"]),
        (
            {"batch": "cloudrun"},
            [
                "ok: demo-project-dev-staging is free",
                "ok: Cloud Run has L4 GPUs in us-central1: 3 at once",
            ],
        ),
        (
            {"batch": "dataflow", "preset": "t4"},
            ["ok: demo-project-dev-staging is free", "ok: Dataflow has 1 L4 in us-central1"],
        ),
    ],
)
def test_bucket_and_gpus_are_looked_at_where_there_may_be_jobs(
    tmp_path: Path, raw: dict[str, object], said: list[str]
) -> None:
    cloud = Cloud(tmp_path)
    with cloud.open() as data:
        service = "projects.Service demo-project/compute.googleapis.com"
        data["resources"][service] = {"inputs": {}, "outputs": {}}
    assert [f"{it.severity}: {it.message}" for it in found(tmp_path, batch.jobs, raw)] == said


@pytest.mark.parametrize(
    ("runner", "api", "lacks", "role"),
    [
        ("cloudrun", "run", "run.jobs.run", "roles/run.developer"),
        ("dataflow", "dataflow", "dataflow.jobs.create", "roles/dataflow.developer"),
    ],
)
def test_who_may_start_no_job_may_update_all_the_same(
    tmp_path: Path, runner: str, api: str, lacks: str, role: str
) -> None:
    raw: dict[str, object] = {"batch": runner}
    assert set(apis(load(raw))) - set(apis(load({}))) == {api}
    has = [name for name in needed(load(raw)) if name != lacks]
    answer = Answer(200, {"permissions": has})
    (said,) = found(tmp_path, account.permissions, raw, testIamPermissions=answer)
    assert (said.severity, said.message) == ("warning", f"your account lacks {lacks}")
    assert role in said.remedy[-1]


def test_an_update_grants_dataflows_workers_a_role_on_the_project() -> None:
    grants = "resourcemanager.projects.setIamPolicy"
    assert grants in needed(load({"batch": "dataflow"}))
    assert grants not in needed(load({"batch": "cloudrun"}))
