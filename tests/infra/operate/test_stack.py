"""Which project a stack's resources are in, and who is kept from the wrong one."""

import json

import pytest

from infra.operate.errors import OperateError
from infra.operate.pulumi import Target
from infra.operate.stack import (
    Stack,
    projects,
    refuse_another_project,
    resources,
    with_login,
)


def exported(*resources: dict[str, object]) -> str:
    return json.dumps({"version": 3, "deployment": {"resources": list(resources)}})


def test_the_projects_are_those_of_the_resources() -> None:
    held = resources(
        exported(
            {"type": "pulumi:pulumi:Stack", "outputs": {"project": "not-a-resource"}},
            {"type": "pulumi:providers:gcp", "inputs": {"project": "garments-1"}},
            {"type": "gcp:storage/bucket:Bucket", "outputs": {"project": "garments-1"}},
            {"type": "gcp:compute/disk:Disk", "inputs": {"project": "garments-2"}},
            {"type": "gcp:serviceaccount/key:Key", "inputs": {}},
        )
    )
    assert projects(held) == ("garments-1", "garments-2")


@pytest.mark.parametrize("text", ['{"deployment": null}', exported()])
def test_an_empty_stack_is_in_no_project(text: str) -> None:
    assert projects(resources(text)) == ()


def test_another_project_than_the_configs_is_refused_and_both_are_named() -> None:
    stack = Stack(project="spring", images="docker", projects=("winter",))
    with pytest.raises(OperateError) as refusal:
        refuse_another_project(stack, "dev")
    said = str(refusal.value)
    assert "resources in project winter, but its config says spring" in said
    assert "pulumi config set --stack dev gcp:project winter" in said


@pytest.mark.parametrize("known", [("spring",), ()])
def test_the_same_project_and_an_empty_stack_are_not_refused(known: tuple[str, ...]) -> None:
    refuse_another_project(Stack("spring", "docker", known), "dev")


def test_a_login_that_is_a_secret_is_asked_of_pulumi_and_nothing_else_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told = {"gcp:credentials": "key.json\n"}
    monkeypatch.setattr(Target, "ask", lambda self, verb, get, key, *scope: told.get(key))
    target, config = Target("pulumi", {}, "dev"), {"atelier:adminPassword": "", "gcp:project": "p"}
    assert with_login(config, target) == config
    assert with_login({"gcp:credentials": ""}, target) == {"gcp:credentials": "key.json"}
    with pytest.raises(OperateError, match="gcp:accessToken cannot be read"):
        with_login({"gcp:accessToken": ""}, target)
