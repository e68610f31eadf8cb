"""watch.sh: a change of the metadata is seen at once, and leads to one roll."""

import subprocess
import threading
import time

from tests.templates.vm.conftest import Machine
from tests.templates.vm.metadata_server import Metadata


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


def test_each_change_is_rolled_once_and_a_failed_roll_again(
    machine: Machine, metadata: Metadata
) -> None:
    rolls = machine.root / "rolls"
    # In the place of services.sh: notes each call, and fails the second one.
    metadata.set(
        atelier_services=f'#!/bin/bash\necho "$1" >>{rolls}\n[[ $(wc -l <{rolls}) != 2 ]]\n'
    )
    machine.run("ensure_scripts")
    watching = subprocess.Popen(
        ["bash", str(machine.state / "watch.sh")],
        env={
            "PATH": "/usr/bin:/bin",
            "METADATA_URL": metadata.url,
            "ATELIER_ROOT": str(machine.root),
            "WAIT_SECONDS": "2",
            "RETRY_SECONDS": "1",
        },
    )
    try:
        assert count(rolls, 1)
        metadata.set(atelier_images="FRONTEND_IMAGE=new\n")
        assert count(rolls, 3)
        # Two waits pass without a change, and without a roll.
        time.sleep(5)
        assert rolls.read_text() == "roll\n" * 3
    finally:
        watching.kill()
        watching.wait()


def test_new_scripts_take_over_from_the_running_ones(machine: Machine, metadata: Metadata) -> None:
    machine.run("ensure_scripts")
    metadata.set(atelier_watch="#!/bin/bash\necho the new one\n")
    assert machine.run(f'bash "{machine.state}/watch.sh"') == "the new one\n"


def count(file, number: int) -> bool:
    """Wait until a file has so many lines, 15 s at most."""
    for _ in range(150):
        if file.exists() and len(file.read_text().splitlines()) >= number:
            return True
        time.sleep(0.1)
    return False
