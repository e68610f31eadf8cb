"""A program of the test's may stand for a machine: it hears of it and answers for it."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cloud.asking import Answered, Asking
from tests.cloud.gcp.state import Cloud, of_kind

INSTANCE = "gcp:compute/instance:Instance"
MACHINE: dict[str, Any] = {
    "name": "machine",
    "machineType": "e2-small",
    "bootDisk": {},
    "networkInterfaces": [{"network": "default", "accessConfigs": [{"natIp": "198.51.100.7"}]}],
    "metadata": {"startup-script": "echo hello"},
}


@pytest.fixture
def heard(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Install a hook that answers with what is in `answer`; return the folder of what it heard."""
    folder = tmp_path / "hook"
    folder.mkdir()
    program = folder / "hook"
    program.write_text(
        f'#!/bin/sh\ncat >>"{folder}/heard"\necho >>"{folder}/heard"\n'
        f'cat "{folder}/answer" 2>/dev/null || true\n'
    )
    program.chmod(0o755)
    monkeypatch.setenv("CLOUD_DOUBLE_HOOK", str(program))
    return folder


def test_it_hears_of_creation_change_and_deletion(gcp: Asking, heard: Path) -> None:
    identity, state = gcp.create(INSTANCE, **MACHINE)
    gcp.update(INSTANCE, identity, MACHINE, **{**MACHINE, "metadata": {"startup-script": "two"}})
    gcp.delete(INSTANCE, identity, **state)
    events = [json.loads(line) for line in (heard / "heard").read_text().splitlines()]
    assert [event["event"] for event in events] == ["create", "update", "delete"]
    assert {event["id"] for event in events} == {identity}
    assert events[0]["inputs"]["metadata"] == {"startup-script": "echo hello"}


def test_what_it_answers_is_laid_over_the_outputs(gcp: Asking, heard: Path) -> None:
    outputs = {"networkInterfaces": [{"accessConfigs": [{"natIp": "127.0.0.1"}]}]}
    (heard / "answer").write_text(json.dumps({"outputs": outputs}))
    _, state = gcp.create(INSTANCE, **MACHINE)
    (card,) = state["networkInterfaces"]
    assert card["accessConfigs"][0]["natIp"] == "127.0.0.1"
    assert card["network"] == "default"


def test_its_error_is_the_clouds_and_nothing_is_left(
    gcp: Asking, heard: Path, cloud: Cloud
) -> None:
    (heard / "answer").write_text('{"error": "the machine does not boot"}')
    with pytest.raises(Answered, match="the machine does not boot"):
        gcp.create(INSTANCE, **MACHINE)
    assert of_kind(cloud.read(), "compute.Instance") == {}


def test_it_hears_of_nothing_but_the_types_it_is_for(gcp: Asking, heard: Path) -> None:
    gcp.create("gcp:compute/address:Address", name="public")
    assert not (heard / "heard").exists()
