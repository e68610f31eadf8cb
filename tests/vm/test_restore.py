"""`make restore` on a machine that runs: the real engine, systemd, Postgres and ext4.

The images are small ones; rows of the database stand for annotations.
"""

import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from infra.dynamic.compute import Compute
from infra.settings.facts import DATA_DEVICE
from tests.cloud.lab.disks import Disk
from tests.cloud.lab.lab import Lab
from tests.cloud.workspace import Result
from tests.vm.sprint import NAME, Sprint
from tests.vm.stack import PROJECT
from tests.vm.tiny_images import Tiny

ZONE = "us-central1-a"


@pytest.fixture(scope="module")
def sprint(
    lab: Lab, tiny: Tiny, installed: Disk, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Sprint]:
    before = lab.cloud
    sprint = Sprint(lab, tmp_path_factory.mktemp("restore"))
    # No working day: what is asked for by hand is done at any hour.
    day = datetime.now(UTC) + timedelta(days=3)
    # Prebuilt images bring their weights along, so that no model may be chosen.
    sprint.stack.config(
        images="prebuilt",
        prebuilt=tiny.references(),
        interactiveModel=None,
        segmentationModel=None,
        workDays=f"{day:%a}",
    )
    installed.copy(sprint.machine.folder / "boot.img")
    yield sprint
    sprint.close()
    lab.follow(before)


@pytest.fixture
def compute(sprint: Sprint, monkeypatch: pytest.MonkeyPatch) -> Compute:
    monkeypatch.setenv("GOOGLE_COMPUTE_CUSTOM_ENDPOINT", sprint.stack.api.url)
    return Compute(PROJECT)


def sql(sprint: Sprint, statement: str) -> str:
    psql = ("psql", "--username=labelstudio", "--dbname=postgres", "-Atc", statement)
    return sprint.machine.run("docker", "exec", "atelier-postgres-1", *psql).stdout.strip()


def labeled(sprint: Sprint) -> str:
    return sql(sprint, "SELECT string_agg(work, ' ' ORDER BY work) FROM labeled")


def restore(sprint: Sprint, snapshot: str) -> Result:
    """Run what `make restore SNAPSHOT=...` runs."""
    stack = sprint.stack
    words = ("--stack", stack.name, "--config-file", str(stack.config_file), "--yes")
    command = (sys.executable, "-m", "infra.operate", "restore", "--snapshot", snapshot, *words)
    return stack.run(*command, "--no-check-builder", "--", "--skip-preview", check=False)


def test_a_snapshot_is_taken_while_people_work(sprint: Sprint, compute: Compute) -> None:
    done = sprint.stack.up()
    assert f"ready; {sprint.url} answers" in done.said
    sql(sprint, "CREATE TABLE labeled (work text); INSERT INTO labeled VALUES ('monday')")
    machine = compute.machine(NAME, ZONE)
    assert machine is not None
    (disk,) = (one for one in compute.disks() if one.name == machine.disks[DATA_DEVICE])
    compute.take_snapshot(disk, "yesterday", {})
    sql(sprint, "INSERT INTO labeled VALUES ('tuesday')")
    assert labeled(sprint) == "monday tuesday"


def test_the_data_goes_back_to_it_in_place(sprint: Sprint) -> None:
    before = sprint.url
    done = restore(sprint, "yesterday")
    assert done.returncode == 0, done.said[-4000:]
    print(f"make restore, until people can log in: {done.seconds:.0f} s")
    assert labeled(sprint) == "monday"
    assert sprint.url == before
    assert sprint.report()["phase"] == "ready"


def test_what_it_replaced_is_kept_and_comes_back_the_same_way(
    sprint: Sprint, compute: Compute
) -> None:
    (kept,) = (one.name for one in compute.snapshots() if one.name.startswith(f"{NAME}-before-"))
    done = restore(sprint, kept)
    assert done.returncode == 0, done.said[-4000:]
    assert labeled(sprint) == "monday tuesday"


def test_a_snapshot_that_is_not_there_leaves_everything_as_it_is(sprint: Sprint) -> None:
    containers = sprint.containers()
    assert restore(sprint, "tomorrow").returncode != 0
    assert sprint.containers() == containers
    assert labeled(sprint) == "monday tuesday"
