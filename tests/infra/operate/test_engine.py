"""The verbs with the real engine and the cloud double, as a person meets them."""

import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from infra.dynamic.compute import Compute
from infra.settings.facts import DATA_DEVICE
from tests.cloud.gcp.state import of_kind
from tests.cloud.workspace import ROOT, Result, Stack

pytestmark = pytest.mark.integration
DIGEST = "sha256:" + "a" * 64
IMAGES = ("frontend", "segmentation", "segment_anything_model")


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with Stack(tmp_path_factory.mktemp("operate")) as made:
        made.config(
            gcp__project="demo-project",
            images="prebuilt",
            workHours="off",
            prebuilt={name: f"registry.example/{name}@{DIGEST}" for name in IMAGES},
            secrets={"adminPassword": "of-this-test-only"},
        )
        yield made


def operate(stack: Stack, verb: str, *options: str) -> Result:
    command = [sys.executable, "-m", "infra.operate", verb, "--stack", stack.name]
    return stack.run(*command, "--config-file", str(stack.config_file), *options, check=False)


def test_a_preview_ends_with_the_table_the_cost_and_the_time(stack: Stack) -> None:
    done = operate(stack, "preview")
    assert done.returncode == 0, done.said
    assert "Previewing update" in done.stdout
    assert "  2 x bucket " in done.stdout
    assert "month if forgotten" in done.stdout
    assert "preview: " in done.stdout.splitlines()[-1]


def test_the_doctor_tells_what_would_fail_and_up_begins_with_it(stack: Stack) -> None:
    told = stack.folder / "cloud" / "answers.json"
    told.write_text(
        json.dumps(
            [
                {"path": "billingInfo", "answer": {"billingEnabled": False}},
                {"path": "testIamPermissions", "answer": {"permissions": []}},
                {"path": "OrgPolicy", "body": "disableServiceAccountKeyCreation"}
                | {"answer": {"booleanPolicy": {"enforced": True}}},
                {"path": "/b/demo-project-dev-source", "status": 403},
                {"path": "projects/demo-project/zones/us-central1-a$", "status": 404},
            ]
        )
    )
    seen = operate(stack, "doctor")
    begun = operate(stack, "up", "--yes")
    told.unlink()
    for words in (
        "has no billing account",
        "--role roles/compute.admin",
        "atelier:auth keyless",
        "atelier:sourceBucket NAME",
        "there is no zone us-central1-a",
    ):
        assert words in seen.stdout
        assert words in begun.stdout
    assert seen.returncode == begun.returncode == 2
    assert "--no-doctor" in begun.stderr
    assert not stack.cloud
    assert seen.seconds < 20


def test_a_machine_that_was_stopped_is_started_by_an_update_that_changes_nothing(
    stack: Stack,
) -> None:
    first = operate(stack, "up", "--yes", "--", "--skip-preview")
    assert first.returncode == 0, first.said
    assert operate(stack, "stop").returncode == 0
    assert running(stack) == "TERMINATED"
    again = operate(stack, "up", "--yes", "--", "--skip-preview")
    assert again.returncode == 0, again.said
    assert "] starting\n" in again.stdout
    assert running(stack) == "RUNNING"


def running(stack: Stack) -> str:
    (machine,) = of_kind({"resources": stack.cloud}, "compute.Instance").values()
    return machine["outputs"]["currentStatus"]


def test_the_data_goes_back_to_a_snapshot_in_place_and_a_second_run_changes_nothing(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GOOGLE_COMPUTE_CUSTOM_ENDPOINT", stack.api.url)
    compute = Compute("demo-project")
    (before,) = compute.disks()
    compute.take_snapshot(before, "yesterday", {})
    listed = operate(stack, "restore")
    assert listed.returncode == 2
    assert "make restore SNAPSHOT=yesterday" in listed.stderr
    options = ("--yes", "--", "--skip-preview")
    wrong = operate(stack, "restore", "--snapshot", "tomorrow", *options)
    assert wrong.returncode not in (0, 2)
    assert "there is no snapshot tomorrow of this stack's data" in wrong.said
    assert compute.disks() == [before]
    # It runs, whatever the hour: it is not left off because it had to be stopped.
    some_day = datetime.now(UTC) + timedelta(days=3)
    stack.config(workHours="08:00-20:00", workDays=f"{some_day:%a}")
    done = operate(stack, "restore", "--snapshot", "yesterday", *options)
    assert done.returncode == 0, done.said
    (now,) = compute.disks()
    assert now.name != before.name
    assert now.source.endswith("/yesterday")
    machine = compute.machine("atelier-dev", now.zone)
    assert machine is not None
    assert machine.disks[DATA_DEVICE] == now.name
    assert running(stack) == "RUNNING"
    assert running(stack) == "RUNNING"
    kept = [one.name for one in compute.snapshots() if one.disk == before.name]
    assert any(name.startswith("atelier-dev-before-") for name in kept)
    again = operate(stack, "restore", "--snapshot", "yesterday", *options)
    assert again.returncode == 0, again.said
    assert compute.disks() == [now]


def test_up_fails_in_a_full_zone_and_says_how_to_go_on_and_back(stack: Stack) -> None:
    stack.config(zone="us-central1-b")
    stack.faults(
        {
            "type": "compute.Instance",
            "operation": "create",
            "where": {"zone": "us-central1-b"},
            "message": "Error waiting for instance to create: A g2-standard-4 VM instance is"
            " currently unavailable in the us-central1-b zone. Consider trying your request in"
            " the us-central1-c, us-central1-f zone(s), which currently has capacity to"
            " accommodate your request.",
        }
    )
    full = operate(stack, "up", "--yes", "--", "--skip-preview")
    stack.faults()
    assert full.returncode not in (0, 2), full.said
    scope = f"--stack {stack.name} --config-file {stack.config_file}"
    for zone in ("us-central1-c", "us-central1-f", "us-central1-a"):
        assert f"    pulumi config set {scope} atelier:zone {zone}\n" in full.stdout
    assert (
        "Left standing: data disk, buckets, static address, service account key."
        " There is no machine" in full.stdout
    )
    assert "Traceback" not in full.stdout


def test_a_destroy_in_another_project_is_refused_before_pulumi_runs(stack: Stack) -> None:
    stack.config(gcp__project="another-project")
    done = operate(stack, "destroy", "--yes")
    stack.config(gcp__project="demo-project")
    assert done.returncode == 2
    assert "project demo-project, but its config says another-project" in done.stderr
    assert any(name.startswith("compute.Disk") for name in stack.cloud)


def test_a_destroy_in_the_right_project_runs_with_the_options_given_to_pulumi(
    stack: Stack,
) -> None:
    done = operate(stack, "destroy", "--", "--preview-only")
    assert done.returncode == 0, done.said
    assert "gcp:compute:Disk" in done.stdout
    assert any(name.startswith("compute.Disk") for name in stack.cloud)


def test_a_missing_stack_is_explained(stack: Stack) -> None:
    done = stack.run(
        sys.executable, "-m", "infra.operate", "preview", "--stack", "nope", check=False
    )
    assert done.returncode not in (0, 2)
    assert "    pulumi stack init nope\n" in done.stdout
    seen = stack.run(
        sys.executable, "-m", "infra.operate", "doctor", "--stack", "nope", check=False
    )
    assert seen.returncode == 2
    assert "pulumi knows no stack nope" in seen.stdout


def test_without_pulumi_nothing_begins(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "infra.operate", "up", "--yes"],
        cwd=ROOT,
        env={"PATH": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2
    assert "There is no `pulumi` on PATH." in done.stderr
