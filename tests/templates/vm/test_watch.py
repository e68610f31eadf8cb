"""watch.sh: a change of the metadata is seen at once; without one it is looked after what runs."""

import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

import pytest

from tests.templates.vm.conftest import Machine
from tests.templates.vm.metadata_server import Metadata

pytestmark = pytest.mark.integration  # Real waits, for minutes in all.


def test_a_change_is_seen_at_once(machine: Machine, metadata: Metadata) -> None:
    before = metadata.etag()
    timer = threading.Timer(0.5, lambda: metadata.set(atelier_images="FRONTEND_IMAGE=new\n"))
    timer.start()
    started = time.monotonic()
    seen = machine.run(f"changed_since {before} 30", script="watch.sh")
    assert time.monotonic() - started < 10
    assert seen == metadata.etag() != before


def test_without_a_change_the_wait_ends_with_the_same_tag(
    machine: Machine, metadata: Metadata
) -> None:
    assert machine.run(f"changed_since {metadata.etag()} 1", script="watch.sh") == metadata.etag()


@contextmanager
def watching(
    machine: Machine, services: str, known: bool = False, **seconds: int
) -> Iterator[Path]:
    """Run watch.sh with bash lines in the place of services.sh; gives the file that they note in.

    `$rolls` is that file; each call adds a line with the time before its lines run.
    `known`: the boot fetched what is in the metadata now, and not something before it.
    """
    rolls = machine.root / "rolls"
    head = f'#!/bin/bash\nrolls={rolls}\necho "$1 $EPOCHREALTIME" >>$rolls\n'
    machine.metadata.set(atelier_services=head + services)
    machine.run("ensure_scripts")
    (machine.state / "seen").write_text(machine.metadata.etag() if known else "older")
    environment = {
        "PATH": "/usr/bin:/bin",
        "METADATA_URL": machine.metadata.url,
        "ATELIER_ROOT": str(machine.root),
        "WAIT_SECONDS": "600",
        "RETRY_SECONDS": "1",
    }
    environment |= {f"{name.upper()}_SECONDS": str(value) for name, value in seconds.items()}
    script = str(machine.state / "watch.sh")
    process = subprocess.Popen(["bash", script], env=environment, start_new_session=True)
    try:
        yield rolls
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def gaps(rolls: Path) -> list[float]:
    """Return the seconds between the rolls."""
    lines = rolls.read_text().splitlines()
    assert {line.split()[0] for line in lines} == {"roll"}
    times = [float(line.split()[1]) for line in lines]
    return [later - earlier for earlier, later in pairwise(times)]


def test_each_change_is_rolled_once_and_what_runs_is_looked_after(
    machine: Machine, metadata: Metadata
) -> None:
    with watching(machine, "exit 0\n", wait=4) as rolls:
        assert count(rolls, 1)
        metadata.set(atelier_images="FRONTEND_IMAGE=new\n")
        assert count(rolls, 2)
        assert count(rolls, 4)
        assert gaps(rolls)[0] < 3.5
        assert min(gaps(rolls)[1:3]) > 3.9


def test_what_failed_is_tried_again_after_a_pause_that_grows(
    machine: Machine, metadata: Metadata
) -> None:
    with watching(machine, "exit 1\n", longest=4) as rolls:
        assert count(rolls, 5, seconds=60)
        for gap, pause in zip(gaps(rolls), (1, 2, 4, 4), strict=True):
            assert pause - 0.1 < gap < pause + 3.9
        # A change ends the pause, and the next one is the shortest again.
        metadata.set(atelier_images="FRONTEND_IMAGE=new\n")
        assert count(rolls, 7)
        assert gaps(rolls)[5] < 5


def test_what_costs_little_to_try_is_tried_at_least_as_often_as_what_runs_is_looked_after(
    machine: Machine,
) -> None:
    with watching(machine, "exit 3\n", retry=1, wait=2) as rolls:
        assert count(rolls, 6, seconds=60)
        assert max(gaps(rolls)) < 5.9


def test_a_good_roll_ends_the_tries(machine: Machine) -> None:
    with watching(machine, "[[ $(wc -l <$rolls) != 1 ]]\n", wait=6) as rolls:
        assert count(rolls, 3, seconds=30)
        assert gaps(rolls)[0] < 5
        assert gaps(rolls)[1] > 5.9


def test_it_goes_on_from_what_the_boot_fetched(machine: Machine, metadata: Metadata) -> None:
    with watching(machine, "exit 0\n", known=True) as rolls:
        # No roll but that after the pause of 1 s, which finds what the boot may have left.
        assert count(rolls, 1)
        metadata.set(atelier_images="FRONTEND_IMAGE=new\n")
        assert count(rolls, 2)


def test_after_a_boot_nothing_is_tried_at_once(machine: Machine) -> None:
    with watching(machine, "exit 0\n", known=True, retry=6) as rolls:
        assert not count(rolls, 1, seconds=4)
        assert count(rolls, 1)


def test_what_changed_while_the_machine_booted_is_rolled_at_once(machine: Machine) -> None:
    with watching(machine, "exit 0\n", retry=600) as rolls:
        assert count(rolls, 1)


def test_a_change_is_noticed_while_what_runs_is_looked_after(
    machine: Machine, metadata: Metadata
) -> None:
    (machine.state / "phase").write_text("ready\n")
    with watching(machine, "[[ $(wc -l <$rolls) != 1 ]] || sleep 8\n") as rolls:
        assert count(rolls, 1)
        metadata.set(atelier_images="FRONTEND_IMAGE=new\n")
        assert until(lambda: metadata.phases() == ["project"])
        assert not count(rolls, 2, seconds=1)
        assert count(rolls, 2)
        assert gaps(rolls)[0] < 15


def test_a_change_during_an_update_does_not_hide_its_phases(
    machine: Machine, metadata: Metadata
) -> None:
    (machine.state / "phase").write_text("models\n")
    with watching(machine, "[[ $(wc -l <$rolls) != 1 ]] || sleep 4\n") as rolls:
        assert count(rolls, 1)
        metadata.set(atelier_images="FRONTEND_IMAGE=new\n")
        assert count(rolls, 2)
        assert metadata.phases() == []


def test_new_scripts_take_over_from_the_running_ones(machine: Machine, metadata: Metadata) -> None:
    machine.run("ensure_scripts")
    metadata.set(atelier_watch="#!/bin/bash\necho the new one\n")
    assert machine.run(f'bash "{machine.state}/watch.sh"') == "the new one\n"


def until(done: Callable[[], bool], seconds: float = 15) -> bool:
    """Wait until it is so; whether it became so in time."""
    end = time.monotonic() + seconds
    while not done():
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


def count(file: Path, number: int, seconds: float = 15) -> bool:
    """Wait until a file has so many lines."""
    return until(lambda: file.exists() and len(file.read_text().splitlines()) >= number, seconds)
