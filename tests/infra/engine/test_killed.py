"""The engine dies while much is being made: who follows what is printed ends with one of each.

Everything that can be made at one time is held until all of it has been made, and then the engine
is killed, so that it hears of none of it: a thing of each way in which it can be found again.
"""

import sys
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.cloud import warm
from tests.cloud.workspace import Result, Stack
from tests.infra.engine.conftest import MakeStack
from tests.infra.engine.test_buckets import SOURCE, THEIRS, bucket, plant
from tests.infra.engine.test_life import NEW_STACK

pytestmark = pytest.mark.integration

# A name that is made up, Google's own, a number, a fixed one.
NATIVE = ("compute.Disk", "serviceaccount.Key", "secretmanager.SecretVersion", "storage.Bucket")
ACCOUNT = "012345-6789AB-CDEF01"
DYNAMIC = (f"PATCH /storage/v1/b/{SOURCE}", f"POST /billing/v1/billingAccounts/{ACCOUNT}")
IMAGES = 3
# What the engine starts is forked by a process of its own, and goes when its client does.
CLIENT = str(warm.HERE / "client.py")
# One line for each call, and then it waits for the end of who called, for half a minute at most. An
# answer before that end would say that nothing was made.
HOLD = """#!/bin/sh
cat >/dev/null
echo held >>"FOLDER/held"
for i in $(seq 300); do kill -0 $PPID 2>/dev/null || exit 1; sleep 0.1; done
exit 1
"""


class Killer:
    """Kills the engine when it waits for the answers of that many calls, which were carried out."""

    def __init__(self, stack: Stack, folder: Path) -> None:
        self.stack, self.folder = stack, folder
        self.hold = folder / "hold"
        self.hold.write_text(HOLD.replace("FOLDER", str(folder)))
        self.hold.chmod(0o755)
        self.answer, stack.api.answer = stack.api.answer, self.held  # type: ignore[method-assign]
        self.calls: tuple[str, ...] = ()

    def held(self, verb: str, path: str, query: Any, body: Any) -> tuple[int, dict[str, Any]]:
        """Answer as the API does, a call that is held when the engine is dead."""
        said = self.answer(verb, path, query, body)
        if said[0] == 200 and f"{verb} {path}".startswith(self.calls):
            with (self.folder / "held").open("a") as lines:
                lines.write("held\n")
            self.dead.wait(30)
        return said

    def up(self, kinds: tuple[str, ...], calls: tuple[str, ...] = (), images: int = 0) -> Result:
        """Run an update until it is killed."""
        self.dead = threading.Event()
        (self.folder / "held").write_text("")
        self.calls = calls or ("nothing",)
        env = {"CLOUD_DOUBLE_HOOK": str(self.hold), "CLOUD_DOUBLE_HOOK_TYPES": ",".join(kinds)}
        env |= {"CLOUD_DOUBLE_BUILD": str(self.hold)} if images else {}
        watch = threading.Thread(target=self.kill, args=(len(kinds) + len(calls) + images,))
        watch.start()
        result = operate(self.stack, "up", "--no-doctor", "--no-check-builder", env=env)
        self.dead.set()
        watch.join()
        self.calls = ("nothing",)
        return result

    def kill(self, count: int) -> None:
        """Kill the engine as soon as that many calls are held, and what it has started."""
        while not self.dead.wait(0.05):
            if (self.folder / "held").read_text().count("\n") >= count:
                for process in list(started_by_engine(self.stack.env["PULUMI_HOME"])):
                    with suppress(psutil.NoSuchProcess):
                        process.kill()
                self.dead.set()


def started_by_engine(home: str) -> Iterator[psutil.Process]:
    """Yield the engine that works in this home, and what stands in its tree, which outlives it."""
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            is_its = process.name() == "pulumi" or CLIENT in process.cmdline()
            if is_its and process.environ().get("PULUMI_HOME") == home:
                yield process


def operate(stack: Stack, verb: str, *options: str, env: dict[str, str] | None = None) -> Result:
    """Run what `make VERB` runs, which prints what a person follows."""
    scope = ["--stack", "dev", "--config-file", str(stack.config_file)]
    # The update has been previewed when it dies, and all that can be made at once is.
    extra = ["--", "--skip-preview", "--parallel", "32"]
    command = [sys.executable, "-m", "infra.operate", verb, *scope, "--yes", *options, *extra]
    return stack.run(*command, check=False, env=env)


@dataclass
class Killed:
    """What the commands said, in order, and what there was at the end."""

    said: dict[str, Result] = field(default_factory=dict)
    pending: dict[str, Counter[str]] = field(default_factory=dict)
    left: dict[str, dict[str, Any]] = field(default_factory=dict)
    cloud: dict[str, Any] = field(default_factory=dict)
    state: list[dict[str, Any]] = field(default_factory=list)
    theirs: list[dict[str, Any]] = field(default_factory=list)


@pytest.fixture(scope="module")
def killed(make_stack: MakeStack, tmp_path_factory: pytest.TempPathFactory) -> Killed:
    stack, run = make_stack(), Killed()
    stack.config(keepData=False, sourceBucket=SOURCE, billingAccount=ACCOUNT, budgetUsd=100)
    plant(stack, SOURCE, cors=[THEIRS], uniformBucketLevelAccess=False)
    killer = Killer(stack, tmp_path_factory.mktemp("killer"))

    def unlock() -> None:
        stack.pulumi("cancel", "dev", "--yes")

    def die(name: str, *kinds: str, calls: tuple[str, ...] = (), images: int = 0) -> None:
        run.said[name] = killer.up(kinds, calls, images)
        notes = stack.state()["deployment"].get("pending_operations") or []
        run.pending[name] = Counter(note["resource"]["type"].split(":")[-1] for note in notes)

    die("many", *NATIVE, calls=DYNAMIC, images=IMAGES)
    unlock()
    run.said["destroy"] = operate(stack, "destroy", "--no-check-builder")
    run.left["destroy"] = stack.cloud
    die("many again", *NATIVE, calls=DYNAMIC, images=IMAGES)
    run.said["locked"] = operate(stack, "up", "--no-doctor", "--no-check-builder")
    unlock()
    die("machine", "compute.Instance")
    unlock()
    run.said["up"] = operate(stack, "up", "--no-check-builder")
    run.cloud, run.state = stack.cloud, stack.resources()
    run.theirs = bucket(stack, SOURCE)["cors"]
    run.said["again"] = stack.preview("--expect-no-changes", check=False)
    run.said["destroy at last"] = operate(stack, "destroy", "--no-check-builder")
    run.left["destroy at last"] = stack.cloud
    return run


@pytest.mark.parametrize("name", ["many", "many again"])
def test_it_died_at_one_of_each(killed: Killed, name: str) -> None:
    assert killed.said[name].returncode
    one = Counter(("Disk", "Key", "SecretVersion", "Bucket", "BucketGuest", "Budget"))
    # And at what happened to be made at that moment.
    assert killed.pending[name] >= one + Counter(Image=IMAGES)


def test_and_at_the_machine(killed: Killed) -> None:
    assert killed.pending["machine"] >= Counter(Instance=1)


def test_as_long_as_it_is_locked_it_is_said_what_to_do(killed: Killed) -> None:
    said = killed.said["locked"].said
    assert killed.said["locked"].returncode == 2
    assert "pulumi cancel dev --yes\n    make up" in said
    assert "nothing else was begun" in said


def test_the_next_update_takes_it_up_and_ends(killed: Killed) -> None:
    assert killed.said["up"].returncode == 0, killed.said["up"].said[-3000:]
    assert "The last update did not end while it made: machine" in killed.said["up"].said


def test_there_is_one_of_each_in_the_cloud_and_in_the_state(killed: Killed) -> None:
    held = Counter(it["type"] for it in killed.state if it["type"].startswith("gcp:"))
    new = {kind: many for kind, many in NEW_STACK.items() if kind.startswith("gcp:")}
    # One of the buckets is another's, and the budget's API is on as well.
    new |= {"gcp:storage/bucket:Bucket": 1, "gcp:projects/service:Service": 10}
    assert held == new
    there = Counter(key.split()[0] for key in killed.cloud)
    there.pop("docker.Image")
    assert there.pop("billing.Budget") == 1
    # Google gives a key its name, and its secret half once: what is printed deletes the lost one.
    assert there["serviceaccount.Key"] == 2
    said = "".join(result.said for result in killed.said.values())
    assert said.count("gcloud iam service-accounts keys delete") == 1
    assert there["storage.Bucket"] == 2
    assert there.total() == held.total() + 2


def test_the_rule_in_anothers_bucket_is_there_once(killed: Killed) -> None:
    assert killed.theirs[0] == THEIRS
    assert len(killed.theirs) == 2


def test_nothing_is_left_to_change(killed: Killed) -> None:
    assert killed.said["again"].returncode == 0, killed.said["again"].said[-3000:]


def test_no_machine_is_said_only_where_there_is_none(killed: Killed) -> None:
    assert not any("There is no machine" in result.said for result in killed.said.values())


@pytest.mark.parametrize("name", ["destroy", "destroy at last"])
def test_destroy_leaves_none(killed: Killed, name: str) -> None:
    assert killed.said[name].returncode == 0, killed.said[name].said[-3000:]
    left = killed.left[name]
    # APIs stay on: other things in the project may need them.
    assert {key for key in left if not key.startswith("projects.Service")} == {
        f"storage.Bucket {SOURCE}"
    }
    assert left[f"storage.Bucket {SOURCE}"]["outputs"]["cors"] == [THEIRS]
