"""`pulumi up` ends when labelers can log in, or says why they cannot; nothing else waits."""

import hashlib
import json
import threading
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.cloud.gcp.state import of_kind
from tests.cloud.workspace import Result, Stack
from tests.infra.engine.conftest import PASSWORD, MakeStack
from tests.infra.engine.plans import touched

pytestmark = pytest.mark.integration

IMAGES = ("frontend", "segmentation", "segment_anything_model")
READINESS = "Readiness atelier-dev"
LOG = f"12:00:01 [pull] fetching the images\n12:00:02 said {PASSWORD}\n12:00:03 denied\n"


def references(digit: str) -> dict[str, str]:
    return {name: f"ghcr.io/example/{name}@sha256:{digit * 64}" for name in IMAGES}


class Guest:
    """The machine's side: told something new, or started, it writes phases one after the other.

    `refuses`: it ends with the images that it had.
    """

    def __init__(self, stack: Stack, *phases: tuple[str, str], refuses: bool = False) -> None:
        self.stack, self.phases, self.refuses = stack, phases, refuses
        self.file = stack.folder / "cloud" / "guest-attributes" / "atelier-dev.json"
        self.file.parent.mkdir(exist_ok=True)
        self.metadata: dict[str, Any] = {}
        self.before = self.state()
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self.live)

    def __enter__(self) -> "Guest":
        self.thread.start()
        return self

    def __exit__(self, *reason: object) -> None:
        self.ended.set()
        self.thread.join()

    def state(self) -> tuple[str, str]:
        """Return what wakes the machine when it changes: its status and its metadata."""
        for machine in of_kind({"resources": self.stack.cloud}, "compute.Instance").values():
            has = machine["outputs"]
            self.metadata = has["metadata"]
            return has["currentStatus"], str(sorted(has["metadata"].items()))
        return "", ""

    def live(self) -> None:
        had = self.metadata
        while self.state() == self.before:
            if self.ended.wait(0.2):
                return
        images = (had if self.refuses else self.metadata)["atelier-images"]
        running = hashlib.sha256(images.encode()).hexdigest()
        for phase, message in self.phases:
            report = {"phase": phase, "message": message}
            self.write(report | ({"running": running} if phase == "ready" else {}))
            if self.ended.wait(2.5):
                return

    def write(self, report: dict[str, str]) -> None:
        new = self.file.with_suffix(".new")
        new.write_text(json.dumps({"atelier": report}))
        new.rename(self.file)


OPEN = ("ready", "https://198.51.100.7 is open")
PHASES = (("docker", "preparing docker"), ("pull", "fetching"), ("models", "loading"))
SICK = ("ready", "the new version did not become healthy, the one before it runs: segmentation")


@dataclass
class Life:
    """What each operation on one stack ended with."""

    stack: Stack
    done: dict[str, Result] = field(default_factory=dict)
    asked: dict[str, list[str]] = field(default_factory=dict)

    def does(self, name: str, result: Result) -> None:
        self.done[name] = result
        self.asked[name] = [line for line in self.stack.api.requests if "/instances/" in line]
        self.stack.api.requests.clear()

    def up(self, name: str, *phases: tuple[str, str], refuses: bool = False) -> None:
        with Guest(self.stack, *phases, refuses=refuses):
            self.does(name, self.stack.up(check=False))


@pytest.fixture(scope="module")
def life(make_stack: MakeStack) -> Life:
    stack = make_stack(images="prebuilt", prebuilt=references("a"), workHours="off")
    life = Life(stack)
    log = stack.folder / "cloud" / "serial-port" / "atelier-dev.log"
    log.parent.mkdir(parents=True)
    log.write_text(LOG)
    life.up("denied", *PHASES[:2], ("failed", "the registry denies"))
    with stack.state_of_cloud.open() as data:
        (machine,) = of_kind(data, "compute.Instance").values()
        machine["outputs"]["currentStatus"] = "TERMINATED"
    life.up("mended", *PHASES, OPEN)
    life.does("unchanged", stack.up("--expect-no-changes", check=False))
    stack.config(prebuilt=references("b"))
    life.does("preview", stack.preview(json=True, check=False))
    life.up("sick", PHASES[-1], SICK, refuses=True)
    stack.config(prebuilt=references("c"))
    life.up("healed", PHASES[-1], OPEN)
    stack.web.status = None
    stack.config(allowedRanges=["192.0.2.0/24"], mediaAccess="proxy")
    life.up("from outside", PHASES[-1], OPEN)
    life.does("destroyed", stack.destroy(check=False))
    return life


def phases(result: Result) -> list[str]:
    """Return the phases that were told as they passed, in their order."""
    live = result.stdout.partition("Diagnostics:")[0]
    told = [line.partition("] ")[2] for line in live.splitlines() if " atelier-dev [" in line]
    return [line.partition(":")[0] for line in told]


def test_a_failed_boot_fails_the_update_with_phase_message_and_log(life: Life) -> None:
    denied = life.done["denied"]
    assert denied.returncode != 0
    assert phases(denied)[-3:] == ["docker", "pull", "failed"]
    assert "It says: failed: the registry denies" in denied.stdout
    assert "| 12:00:03 denied" in denied.stdout
    assert "run pulumi up again" in denied.stdout


def test_the_log_is_shown_without_the_password(life: Life) -> None:
    assert "| 12:00:02 said [secret]" in life.done["denied"].stdout
    assert [name for name, result in life.done.items() if PASSWORD in result.said] == []


def test_the_next_up_starts_the_stopped_machine_and_ends_when_it_is_ready(life: Life) -> None:
    mended = life.done["mended"]
    assert mended.returncode == 0, mended.said
    assert "is off, starting it" in mended.stdout
    assert any(line.endswith("atelier-dev/start") for line in life.asked["mended"])
    assert phases(mended)[-5:] == ["docker", "pull", "models", "ready", "ready; https"]
    assert f"{READINESS} created" in mended.stdout


def test_the_studios_address_is_asked_with_its_certificate_checked(life: Life) -> None:
    assert "198.51.100." in life.done["mended"].stdout
    assert life.stack.web.requests == ["/health"] * 2


def test_an_unchanged_stack_is_not_asked_about(life: Life) -> None:
    assert life.done["unchanged"].returncode == 0, life.done["unchanged"].said
    assert life.asked["unchanged"] == []


def test_a_preview_tells_of_the_wait_and_does_not_wait(life: Life) -> None:
    assert touched(life.done["preview"].json()) == {
        "Instance atelier-dev": "update",
        READINESS: "update",
    }
    assert life.asked["preview"] == []


def test_an_update_that_the_machine_rolled_back_fails_and_says_so(life: Life) -> None:
    sick = life.done["sick"]
    assert sick.returncode != 0
    assert "not with the images that were asked for" in sick.stdout
    assert SICK[1] in sick.stdout


def test_the_version_after_it_is_waited_for(life: Life) -> None:
    healed = life.done["healed"]
    assert healed.returncode == 0, healed.said
    assert phases(healed)[-1] == "ready; https"


def test_outside_the_allowed_ranges_the_machines_own_word_counts(life: Life) -> None:
    outside = life.done["from outside"]
    assert outside.returncode == 0, outside.said
    assert "cannot be reached from this computer" in outside.stdout


def test_destroy_asks_nothing_of_it(life: Life) -> None:
    assert life.done["destroyed"].returncode == 0, life.done["destroyed"].said
    assert [line for line in life.asked["destroyed"] if "getGuestAttributes" in line] == []
