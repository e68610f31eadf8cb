"""Crashes, hangs and ends of real processes under the supervisor."""

import os
import signal
import socket
import time
from pathlib import Path

import psutil
import pytest

from laptop.processes.strays import marked
from laptop.processes.supervisor import Supervisor
from laptop.settings import LaptopError
from tests.laptop.processes.conftest import QUICK, tick_until, tiny

pytestmark = pytest.mark.integration


def supervise(run_dir: Path, *modes: str) -> tuple[Supervisor, list[str]]:
    said: list[str] = []
    services = [tiny(f"tiny{number}", mode) for number, mode in enumerate(modes)]
    return Supervisor(services, run_dir, said.append, QUICK), said


def test_a_service_killed_with_sigkill_is_back_on_its_port_and_the_other_is_left_alone(
    run_dir: Path,
) -> None:
    supervisor, said = supervise(run_dir, "", "")
    tick_until(supervisor, supervisor.all_up)
    before = supervisor.pids()
    os.kill(before["tiny0"], signal.SIGKILL)
    tick_until(supervisor, lambda: any("is back" in line for line in said))
    after = supervisor.pids()
    supervisor.stop()
    assert after["tiny1"] == before["tiny1"]
    assert after["tiny0"] != before["tiny0"]
    assert said[0] == "tiny0 crashed (ended by SIGKILL); starting it again"
    assert len(said) == 2


def test_the_helpers_of_a_killed_service_do_not_outlive_it(run_dir: Path) -> None:
    supervisor, said = supervise(run_dir, "")
    tick_until(supervisor, supervisor.all_up)
    leader = supervisor.pids()["tiny0"]
    helpers = {process.pid for process in marked(run_dir)} - {leader}
    assert len(helpers) == 1
    os.kill(leader, signal.SIGKILL)
    tick_until(supervisor, lambda: bool(said))
    _, alive = psutil.wait_procs([psutil.Process(pid) for pid in helpers & set(psutil.pids())], 5)
    supervisor.stop()
    assert alive == []


def test_a_stop_leaves_no_process_and_no_listener(run_dir: Path) -> None:
    supervisor, _ = supervise(run_dir, "", "hang-after-start")
    tick_until(supervisor, supervisor.all_up)
    port = psutil.Process(supervisor.pids()["tiny0"]).net_connections()[0].laddr.port
    assert len(marked(run_dir)) == 4
    supervisor.stop()
    assert marked(run_dir) == []
    with socket.socket() as client:
        assert client.connect_ex(("127.0.0.1", port)) != 0


def test_a_service_that_stops_answering_is_started_again(run_dir: Path) -> None:
    supervisor, said = supervise(run_dir, "hang-after-start")
    tick_until(supervisor, supervisor.all_up)
    tick_until(supervisor, lambda: bool(said), seconds=40)
    supervisor.stop()
    assert said[0].startswith("tiny0 crashed (no answer for ")


def test_three_crashes_in_a_row_end_it_with_the_last_lines_of_the_log(run_dir: Path) -> None:
    supervisor, said = supervise(run_dir, "crash")
    with pytest.raises(LaptopError) as raised:
        tick_until(supervisor, lambda: False)
    message = str(raised.value)
    assert "tiny0 failed 3 times in a row (exit code 1)" in message
    assert "line before the end" in message
    assert message.endswith("cannot read the label map")
    assert len(said) == 2


def test_a_service_that_says_it_cannot_work_is_not_tried_again(run_dir: Path) -> None:
    supervisor, said = supervise(run_dir, "fail")
    with pytest.raises(LaptopError, match=r"no such checkpoint: nothing\.pth"):
        tick_until(supervisor, lambda: False)
    supervisor.stop()
    assert said == []


def test_crashes_far_apart_are_never_too_many(run_dir: Path) -> None:
    supervisor, said = supervise(run_dir, "")
    for crash in range(1, 5):
        tick_until(supervisor, lambda: supervisor.all_up())
        time.sleep(QUICK.steady_seconds * 1.5)
        os.kill(supervisor.pids()["tiny0"], signal.SIGKILL)
        tick_until(supervisor, lambda crash=crash: len(said) == 2 * crash)
    supervisor.stop()
    assert sum("is back" in line for line in said) == 4
