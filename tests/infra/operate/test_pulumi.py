"""The terminal and its signals stay pulumi's."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from infra.settings.facts import REPOSITORY

# Stands where pulumi stands, and tells what reaches it.
CHILD = """\
import os, signal, sys, time
count = 0
def told(number, frame):
    global count
    count += 1
signal.signal(signal.SIGINT, told)
print("args", *sys.argv[1:], flush=True)
print("complaint", file=sys.stderr, flush=True)
end = time.monotonic() + 20
while not count and time.monotonic() < end:
    time.sleep(0.02)
time.sleep(0.3)
print("interrupts", count, flush=True)
sys.exit(7)
"""
PARENT = """\
import os, sys
from infra.operate.pulumi import Target, operate
outcome = operate(Target(sys.argv[1], os.environ, "dev"), "up", ("--yes",))
print("status", outcome.status, "complaints", outcome.complaints.split())
"""


def begin(tmp_path: Path) -> "subprocess.Popen[str]":
    child = tmp_path / "pulumi"
    child.write_text(f"#!{sys.executable}\n{CHILD}")
    child.chmod(0o755)
    process = subprocess.Popen(
        [sys.executable, "-c", PARENT, str(child)],
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line.startswith("args up --stack dev --event-log ")
    assert line.endswith(" --yes\n")
    return process


def end(process: "subprocess.Popen[str]") -> str:
    try:
        said, _ = process.communicate(timeout=15)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        pytest.fail("the operation did not end after the signal")
    return said


def test_ctrl_c_reaches_pulumi_once_and_is_waited_for(tmp_path: Path) -> None:
    process = begin(tmp_path)
    time.sleep(0.2)
    os.killpg(process.pid, signal.SIGINT)  # As a terminal does: to the whole group.
    said = end(process)
    assert "interrupts 1\n" in said
    assert "status 7 complaints ['complaint']" in said


def test_a_request_to_end_is_handed_on_as_an_interrupt(tmp_path: Path) -> None:
    process = begin(tmp_path)
    time.sleep(0.2)
    process.terminate()
    said = end(process)
    assert "interrupts 1\n" in said
    assert "status 7" in said
