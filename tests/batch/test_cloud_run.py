"""The job that Cloud Run gets, and how it is begun and waited for."""

import json
from pathlib import Path
from typing import Any

import pytest

from batch import cloud_run
from batch.cloud_run import CloudRun, job, task_count
from batch.dataflow import options
from batch.errors import BatchError
from batch.stack import Stack, read_stack

GOLDEN = Path(__file__).with_name("golden")
PLAN = "gs://demo-batch/prepared/plans/0123456789abcdef"
OUTPUT = {
    "runner": "cloudrun",
    "project": "demo-project",
    "region": "europe-west4",
    "bucket": "demo-batch",
    "image": "europe-west4-docker.pkg.dev/demo-project/atelier/batch@sha256:" + "0" * 64,
    "service_account": "batch@demo-project.iam.gserviceaccount.com",
    "subnetwork": "https://www.googleapis.com/compute/v1/projects/demo-project/regions/"
    "europe-west4/subnetworks/dev",
    "private": True,
}
STACK = Stack.model_validate(OUTPUT)


def test_the_job_of_cloud_run_is_the_one_that_was_checked() -> None:
    assert job(STACK, PLAN, 20, 3) == json.loads((GOLDEN / "cloud_run.json").read_text())


def test_the_options_of_dataflow_are_those_that_were_checked() -> None:
    assert options(STACK, PLAN, 8) == (GOLDEN / "dataflow.txt").read_text().splitlines()


def test_tasks_are_as_large_as_an_hour_is_sure_to_do() -> None:
    assert task_count(1, 10) == 1
    assert task_count(15_000, 10) == 1
    assert task_count(15_001, 10) == 2
    assert task_count(1_000_000, 10) == 67
    with pytest.raises(BatchError, match="dataflow"):
        task_count(100_000_000, 1)


def test_no_more_tasks_run_at_a_time_than_there_are() -> None:
    assert job(STACK, PLAN, 2, 30)["template"]["parallelism"] == 2


class Answer:
    def __init__(self, body: Any, status: int = 200) -> None:
        self.body, self.status_code, self.text = body, status, json.dumps(body)
        self.ok = status < 400

    def json(self) -> Any:
        return self.body


class Api:
    """Answers as the reference describes it, and remembers what it was asked."""

    def __init__(self, *answers: Answer) -> None:
        self.answers = [*answers]
        self.asked: list[tuple[str, str]] = []

    def request(self, method: str, address: str, **_: Any) -> Answer:
        self.asked.append((method, address.removeprefix("https://run.googleapis.com/v2/")))
        return self.answers.pop(0)


PLACE = "projects/demo-project/locations/europe-west4"
EXECUTION = f"{PLACE}/jobs/atelier-prelabel/executions/atelier-prelabel-x7k2p"


def test_a_job_is_made_or_changed_then_started_then_waited_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(cloud_run.time, "sleep", lambda seconds: None)
    api = Api(
        Answer({"name": f"{PLACE}/operations/1"}),
        Answer({"name": f"{PLACE}/operations/1", "done": True}),
        Answer({"name": f"{PLACE}/operations/2", "metadata": {"name": EXECUTION}}),
        Answer({"taskCount": 3, "runningCount": 3}),
        Answer({"taskCount": 3, "succeededCount": 2, "runningCount": 1}),
        Answer({"taskCount": 3, "succeededCount": 3, "completionTime": "2026-11-29T01:00:00Z"}),
    )
    cloud = CloudRun(STACK, api)
    said: list[str] = []
    assert cloud.wait(cloud.run(job(STACK, PLAN, 3, 3)), said.append)
    assert said == [f"{count} of 3 tasks done" for count in (0, 2, 3)]
    assert api.asked == [
        ("PATCH", f"{PLACE}/jobs/atelier-prelabel?allowMissing=true"),
        ("GET", f"{PLACE}/operations/1"),
        ("POST", f"{PLACE}/jobs/atelier-prelabel:run"),
        *[("GET", EXECUTION)] * 3,
    ]


def test_a_task_that_failed_for_good_is_told() -> None:
    over = {"taskCount": 2, "succeededCount": 1, "failedCount": 1, "completionTime": "now"}
    said: list[str] = []
    assert not CloudRun(STACK, Api(Answer(over))).wait(EXECUTION, said.append)
    assert said == ["1 of 2 tasks done, 1 failed"]


def test_what_google_refuses_is_told_in_its_words() -> None:
    refused = Answer({"error": {"message": "Permission 'run.jobs.update' denied"}}, 403)
    with pytest.raises(BatchError, match=r"refuses \(403\): Permission 'run.jobs.update' denied"):
        CloudRun(STACK, Api(refused)).run({})


def test_a_stack_is_read_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "batch.json"
    file.write_text(json.dumps(OUTPUT))
    assert read_stack(str(file), "cloudrun") == STACK
    with pytest.raises(BatchError, match="is set up for --runner cloudrun, not for dataflow"):
        read_stack(str(file), "dataflow")
    file.write_text(json.dumps({**OUTPUT, "bucket": ""}))
    with pytest.raises(BatchError, match=r"no output batch, or a part of it \(bucket\)"):
        read_stack(str(file), "cloudrun")
