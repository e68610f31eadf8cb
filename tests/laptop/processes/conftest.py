"""Real processes for the tests of the local demo; whatever a test leaves is ended after it."""

import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from laptop.processes.ports import free_port
from laptop.processes.process import Command
from laptop.processes.strays import end_strays
from laptop.processes.supervisor import Policy, Service, Supervisor

TINY_SERVICE = Path(__file__).with_name("tiny_service.py")
QUICK = Policy(
    first_delay_seconds=0.05,
    steady_seconds=0.2,
    hung_seconds=1.0,
    probe_seconds=0.05,
    steady_probe_seconds=0.1,
)


@pytest.fixture
def run_dir(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "run"
    folder.mkdir()
    yield folder
    end_strays(folder, deadline_seconds=1)


def tiny(name: str = "tiny", mode: str = "") -> Service:
    """The service of tiny_service.py, in one of its modes."""
    port = free_port()
    argv = (sys.executable, str(TINY_SERVICE), str(port), mode)
    command = Command(name, argv, {"PYTHONUNBUFFERED": "1"})
    return Service(command, f"http://127.0.0.1:{port}/health", boot_seconds=20)


def tick_until(supervisor: Supervisor, done: Callable[[], bool], seconds: float = 20) -> None:
    """Supervises until the condition holds; fails at the deadline."""
    deadline = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < deadline, f"not within {seconds} s: {supervisor.waiting_for()}"
        supervisor.tick()
        time.sleep(0.02)
