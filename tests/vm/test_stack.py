"""`pulumi up` by the real engine: what the program asked for is a machine that boots.

The images are prebuilt ones of a few MB; the instance is created with a hook that turns a machine
of the lab on, and all that follows is between the machine and the metadata that Pulumi wrote.
"""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.settings import IMAGE_NAMES
from tests.cloud.lab.lab import Lab
from tests.cloud.lab.place import HERE
from tests.cloud.lab.processes import wait_until
from tests.cloud.workspace import Stack
from tests.vm.stack import CONFIG, PROJECT
from tests.vm.tiny_images import Tiny

NAME = "atelier-dev"


@pytest.fixture(scope="module")
def stack(lab: Lab, tiny: Tiny, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The dev stack on the CPU preset, not up yet."""
    folder = tmp_path_factory.mktemp("stack")
    before = lab.cloud
    with Stack(folder) as stack:
        lab.follow(folder / "cloud")
        stack.env["CLOUD_DOUBLE_HOOK"] = str(HERE / "hook.sh")
        stack.env["ATELIER_LAB"] = str(lab.place.state)
        stack.config(
            secrets={"adminPassword": str(CONFIG["adminPassword"])},
            gcp__project=PROJECT,
            preset="cpu",
            images="prebuilt",
            prebuilt=tiny.references(),
        )
        yield stack
        machine = lab.machine(NAME)
        machine.remove()
    lab.follow(before)


def reported(stack: Stack) -> dict[str, str]:
    file: Path = stack.folder / "cloud" / "guest-attributes" / f"{NAME}.json"
    return json.loads(file.read_text()).get("atelier", {}) if file.exists() else {}


def wait_for(stack: Stack, phase: str, message: str = "") -> None:
    def is_there() -> bool:
        said = reported(stack)
        assert said.get("phase") != "failed" or phase == "failed", said
        return said.get("phase") == phase and message in said.get("message", "")

    wait_until(f"{phase}: {message}", 300, is_there)


def running(lab: Lab) -> dict[str, str]:
    form = ("--no-trunc", "--format", "{{.Names}} {{.Image}}")
    listed = lab.machine(NAME).run("docker", "ps", *form).stdout
    rows = (line.split() for line in listed.splitlines())
    return {name.removeprefix("atelier-").removesuffix("-1"): image for name, image in rows}


def page(stack: Stack, lab: Lab, path: str) -> str:
    root = lab.issuer.root()
    asked = ("curl", "-sS", "--max-time", "10", "--cacert", root, stack.outputs()["url"] + path)
    return lab.network.run(*asked).stdout.strip()


def test_up_creates_a_machine_that_opens_at_the_stacks_address(stack: Stack, lab: Lab) -> None:
    stack.up()
    wait_for(stack, "ready", message="is open")
    assert page(stack, lab, "/user/login") == "Log in to frontend"
    assert set(running(lab)) == {"caddy", "postgres", *IMAGE_NAMES}


def test_up_with_a_new_image_rolls_the_running_machine(stack: Stack, lab: Lab, tiny: Tiny) -> None:
    before = running(lab)
    new = tiny.references(frontend=tiny.build("frontend", version="2"))
    (lab.cloud / "guest-attributes" / f"{NAME}.json").unlink()
    stack.config(prebuilt=new)
    said = stack.up().said
    assert "gcp:compute:Instance atelier-dev updated" in said
    assert "replaced" not in said
    wait_for(stack, "ready", message="is open")
    after = running(lab)
    assert after.pop("frontend") == new["frontend"]
    assert after == {name: image for name, image in before.items() if name != "frontend"}
    assert page(stack, lab, "/version") == "2"


def test_destroy_turns_the_machine_off_and_leaves_the_buckets(stack: Stack, lab: Lab) -> None:
    stack.destroy()
    assert not lab.machine(NAME).is_on
    kept = {key.split(" ")[0] for key in stack.cloud}
    assert "storage.Bucket" in kept
    assert "compute.Snapshot" in kept
    assert "compute.Instance" not in kept
