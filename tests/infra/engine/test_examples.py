"""Each example stack, and the one that is ready to use, previews; and does what its name says."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.cloud.workspace import ROOT
from tests.infra.engine.conftest import MakeStack
from tests.infra.engine.plans import counts, inputs

pytestmark = pytest.mark.integration

FILES = [*sorted((ROOT / "examples").glob("Pulumi.*.yaml")), ROOT / "Pulumi.dev.yaml"]
IAP_RANGE = "35.235.240.0/20"


def name_of(file: Path) -> str:
    return file.name.split(".")[1]


@pytest.fixture(scope="module")
def plans(make_stack: MakeStack) -> dict[str, dict[str, Any]]:
    """{example: its preview as a new stack}"""
    stack = make_stack()  # Nothing is made, so one stack and its password serve them all.
    needed = yaml.safe_load(stack.config_file.read_text())

    def plan(file: Path) -> tuple[str, dict[str, Any]]:
        config = yaml.safe_load(file.read_text())["config"]
        own = stack.folder / file.name
        own.write_text(yaml.safe_dump(needed | {"config": needed["config"] | config}))
        shown = stack.pulumi("preview", "--json", "--stack", stack.name, "--config-file", str(own))
        return name_of(file), shown.json()

    with ThreadPoolExecutor(2) as pool:
        return dict(pool.map(plan, FILES))


@pytest.mark.parametrize("name", [name_of(file) for file in FILES])
def test_it_previews(plans: dict[str, dict[str, Any]], name: str) -> None:
    made = counts(plans[name])
    assert made["gcp:compute/instance:Instance"] == 1
    assert made["gcp:storage/bucket:Bucket"] == 2


def test_the_ready_stack_is_a_gpu_machine(plans: dict[str, dict[str, Any]]) -> None:
    (machine,) = inputs(plans["dev"], "Instance")
    assert machine["guestAccelerators"] == [{"count": 1, "type": "nvidia-tesla-t4"}]
    assert machine["scheduling"]["onHostMaintenance"] == "TERMINATE"


def test_a_spot_machine_is_stopped_and_not_deleted(plans: dict[str, dict[str, Any]]) -> None:
    (machine,) = inputs(plans["spot-gpu"], "Instance")
    assert machine["scheduling"]["provisioningModel"] == "SPOT"
    assert machine["scheduling"]["instanceTerminationAction"] == "STOP"


def test_keyless_makes_no_key(plans: dict[str, dict[str, Any]]) -> None:
    assert inputs(plans["keyless"], "Key") == []
    assert inputs(plans["dev"], "Key")
    (machine,) = inputs(plans["keyless"], "Instance")
    assert not [key for key in machine["metadata"] if "CREDENTIALS" in key]


def test_access_through_iap_opens_nothing_to_the_public(plans: dict[str, dict[str, Any]]) -> None:
    rules = inputs(plans["iap-only"], "Firewall")
    assert [rule["sourceRanges"] for rule in rules] == [[IAP_RANGE]] * len(rules)
    assert any(rule["sourceRanges"] == ["0.0.0.0/0"] for rule in inputs(plans["dev"], "Firewall"))


def test_the_backends_ports_are_open_nowhere(plans: dict[str, dict[str, Any]]) -> None:
    opened = {
        port
        for plan in plans.values()
        for rule in inputs(plan, "Firewall")
        for allowed in rule["allows"]
        for port in allowed["ports"]
    }
    assert opened <= {"22", "80", "443", "8080"}


def test_a_trial_leaves_nothing_behind(plans: dict[str, dict[str, Any]]) -> None:
    assert {it["forceDestroy"] for it in inputs(plans["cpu-trial"], "Bucket")} == {True}
    (disk,) = inputs(plans["cpu-trial"], "Disk")
    assert disk["createSnapshotBeforeDestroy"] is False


def test_deletion_protection_and_a_budget_are_a_choice(plans: dict[str, dict[str, Any]]) -> None:
    (machine,) = inputs(plans["own-domain"], "Instance")
    assert machine["deletionProtection"] is True
    assert len(inputs(plans["own-domain"], "Budget")) == 1
    assert inputs(plans["dev"], "Budget") == []
