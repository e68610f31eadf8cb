"""What is left of a run whose supervisor was killed, and what must never be taken for it."""

import json
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from laptop.processes.strays import end_strays, marked
from laptop.settings import ROOT
from tests.laptop.processes.conftest import TINY_SERVICE, tiny

pytestmark = pytest.mark.integration

SUPERVISE = """
import json, sys, time
from pathlib import Path
from tests.laptop.processes.conftest import tiny
from laptop.processes.supervisor import Supervisor
supervisor = Supervisor([tiny()], Path(sys.argv[1]), print)
while not supervisor.all_up():
    supervisor.tick()
    time.sleep(0.05)
print(json.dumps(supervisor.pids()), flush=True)
time.sleep(600)
"""


def wait_gone(process: psutil.Process, seconds: float = 10) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if not process.is_running() or process.status() == psutil.STATUS_ZOMBIE:
            return True
        time.sleep(0.05)
    return False


def test_services_end_when_their_supervisor_is_killed_and_a_next_start_ends_the_rest(
    run_dir: Path,
) -> None:
    supervisor = subprocess.Popen(
        [sys.executable, "-c", SUPERVISE, str(run_dir)], cwd=ROOT, stdout=subprocess.PIPE
    )
    assert supervisor.stdout is not None
    service = psutil.Process(json.loads(supervisor.stdout.readline())["tiny"])
    supervisor.kill()
    supervisor.communicate()
    if sys.platform == "linux":
        assert wait_gone(service)
    # Its helper got no signal of the system's: that is what the next start looks for.
    assert end_strays(run_dir) >= 1
    assert marked(run_dir) == []


def test_a_process_of_another_run_or_of_no_run_is_left_alone(run_dir: Path, tmp_path: Path) -> None:
    argv = list(tiny().command.argv)
    assert str(TINY_SERVICE) in argv
    others = [
        subprocess.Popen(argv, env={"ATELIER_RUN": str(tmp_path / "other")}),
        subprocess.Popen(argv, env={"ATELIER_RUN": f"{run_dir}-2"}),
        subprocess.Popen(argv, env={}),
    ]
    try:
        assert end_strays(run_dir) == 0
        assert [other.poll() for other in others] == [None, None, None]
    finally:
        for other in others:
            for helper in psutil.Process(other.pid).children():
                helper.kill()
            other.kill()
            other.wait()
