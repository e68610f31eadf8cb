"""The pack, served to the real engine: what passes, what is named, and a preview without it."""

import json
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from infra.operate import policies
from tests.cloud import checkout
from tests.cloud.workspace import ROOT, Result, Stack
from tests.infra.operate.table.record import logged, made_of, references

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(
        not policies.PYTHON.exists(), reason="python3 scripts/bootstrap.py policy makes it"
    ),
]
DIGEST = "sha256:" + "a" * 64
PACK = ("--policy-pack", str(policies.PACK))
# What nobody may merge: it stands for a change to our own components.
CARELESS = """
import pulumi_gcp as gcp

network = gcp.compute.Network("net", auto_create_subnetworks=False)
gcp.compute.Firewall(
    "ssh",
    network=network.self_link,
    source_ranges=["0.0.0.0/0"],
    allows=[{"protocol": "tcp", "ports": ["22"]}],
)
bucket = gcp.storage.Bucket("images", location="US")
gcp.storage.BucketIAMMember(
    "readers", bucket=bucket.name, role="roles/storage.objectViewer", member="allUsers"
)
gcp.compute.Instance(
    "machine",
    machine_type="e2-standard-4",
    zone="us-central1-a",
    boot_disk={"initialize_params": {"image": "debian-cloud/debian-13"}},
    network_interfaces=[{"network": network.self_link}],
    metadata={"atelier-images": "FRONTEND_IMAGE=registry.example/frontend:latest\\n"},
)
"""


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[Stack]:
    with Stack(tmp_path) as made:
        configure(made)
        yield made


def configure(stack: Stack) -> None:
    stack.config(
        gcp__project="demo-project",
        images="prebuilt",
        prebuilt=references(DIGEST),
        secrets={"adminPassword": "of-this-test-only"},
    )


def preview(stack: Stack) -> Result:
    """What `make preview` runs."""
    command = [sys.executable, "-m", "infra.operate", "preview", "--no-check-builder"]
    scope = ["--stack", stack.name, "--config-file", str(stack.config_file)]
    return stack.run(*command, *scope, check=False)


def table(stack: Stack, *options: str) -> Result:
    """What the workflow of pull requests runs."""
    command = [sys.executable, "-m", "infra.operate.table", "--stack", stack.name, *options]
    return stack.run(*command, "--config-file", str(stack.config_file), check=False)


def grow_old(stack: Stack, days: int) -> None:
    """Have the stack's key made so many days ago."""
    state = stack.state()
    made = datetime.now(UTC) - timedelta(days=days)
    for resource in state["deployment"]["resources"]:
        if resource["type"].endswith(":Key"):
            resource["outputs"]["validAfter"] = f"{made:%Y-%m-%dT%H:%M:%SZ}"
    file = stack.folder / "state.json"
    file.write_text(json.dumps(state))
    stack.pulumi("stack", "import", "--stack", stack.name, "--file", str(file))


def test_a_stack_passes_and_what_time_or_a_setting_did_is_told_without_failing(
    stack: Stack,
) -> None:
    new = preview(stack)
    assert new.returncode == 0, new.said
    assert "✅ atelier@" in new.stdout
    assert "gainst a policy" not in new.stdout
    assert "policies were not looked at" not in new.said

    stack.config(readyMinutes=0)
    stack.up()
    grow_old(stack, 120)
    stack.config(maxRunHours=0, workHours="off")
    told = preview(stack)
    assert told.returncode == 0, told.said
    shown = told.stdout.partition("2 against a policy")[2]
    assert "!  key-age    service account key key" in shown
    assert "120 days old" in shown
    assert "atelier:keyVersion 2" in shown
    assert "!  stop-rule  machine" in shown
    assert "atelier:maxRunHours 72" in shown

    comment = table(stack, "--markdown")
    assert comment.returncode == 0
    row = "| ⚠️ `key-age` | service account key | `key` | The key is 120 days old;"
    assert row in comment.stdout
    # An update is not judged: nobody's work stops for a key's age.
    assert "olicies" not in stack.up().said


def test_what_no_setting_can_make_fails_the_preview_and_is_named_with_what_to_do(
    tmp_path: Path,
) -> None:
    project = tmp_path / "project"
    project.mkdir()
    (project / "Pulumi.yaml").write_text("name: careless\nruntime: python\n")
    (project / "__main__.py").write_text(CARELESS)
    with Stack(tmp_path / "stack", project=project) as stack:
        stack.config(gcp__project="demo-project")
        events = logged(stack, "preview", *PACK)
        refused = stack.preview(*PACK, check=False)
    assert refused.returncode != 0
    made = made_of(events)
    assert made.is_refused
    assert not made.errors
    # The rules that look at the whole stack have no say where one of these is broken.
    assert all(one.is_mandatory for one in made.violations)
    told = {(one.policy, one.what) for one in made.violations}
    assert told == {
        ("no-public-ssh", "firewall rule"),
        ("no-public-bucket", "bucket"),
        ("no-public-bucket", "role on a bucket"),
        ("images-by-digest", "machine"),
    }


def test_a_change_that_opens_port_22_fails_the_check_of_its_pull_request(tmp_path: Path) -> None:
    copied = checkout.copy(tmp_path / "checkout")
    (copied / ".local" / "env" / "policy").symlink_to(policies.PYTHON.parents[1])
    network = copied / "infra" / "components" / "network.py"
    network.write_text(network.read_text().replace('"35.235.240.0/20"', '"0.0.0.0/0"'))
    with Stack(tmp_path / "stack", project=copied) as stack:
        configure(stack)
        comment = table(stack, "--markdown")
        seen = preview(stack)
    row = "| ⛔ `no-public-ssh` | firewall rule | `iap` | It opens port 22 to 0.0.0.0/0. "
    assert comment.returncode == 1
    assert row in comment.stdout
    assert "preview failed" not in comment.stdout
    assert seen.returncode not in (0, 2)
    assert "x  no-public-ssh  firewall rule iap  It opens port 22" in seen.stdout
    assert "preview: " in seen.stdout.splitlines()[-1]


@pytest.mark.parametrize(
    ("python", "why"),
    [("", policies.NO_ENVIRONMENT), ("#!/bin/sh\nexit 3\n", policies.NOT_STARTED)],
    ids=["without its environment", "with one that does not start"],
)
def test_a_preview_goes_on_without_the_pack_and_says_so(
    tmp_path: Path, python: str, why: str
) -> None:
    copied = checkout.copy(tmp_path / "checkout")
    if python:
        given = copied / policies.PYTHON.relative_to(ROOT)
        given.parent.mkdir(parents=True)
        given.write_text(python)
        given.chmod(0o755)
    with Stack(tmp_path / "stack", project=copied) as stack:
        configure(stack)
        done, shown_alone = preview(stack), table(stack)
    assert done.returncode == shown_alone.returncode == 0, done.said
    for shown in (done.stdout, shown_alone.stdout):
        assert why in " ".join(shown.split())
        assert "2 x bucket" in shown
