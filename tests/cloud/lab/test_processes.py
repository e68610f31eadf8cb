import json
import subprocess
from pathlib import Path

import pytest

from tests.cloud.lab.place import LabError, Place
from tests.cloud.lab.processes import Processes, started_at, wait_until


@pytest.fixture
def processes(tmp_path: Path) -> Processes:
    return Processes(Place(tmp_path / "state", tmp_path / "cache"))


def test_a_process_is_found_again_by_name_and_ended_with_what_it_started(
    processes: Processes,
) -> None:
    pid = processes.start("server", ["sh", "-c", "sleep 60 & echo $!; wait"])
    wait_until("the inner process", 5, lambda: processes.log("server").read_text().strip())
    inner = int(processes.log("server").read_text())
    assert Processes(processes.place).pid("server") == pid
    with pytest.raises(LabError, match="runs already"):
        processes.start("server", ["sleep", "60"])
    processes.end("server")
    assert processes.pid("server") is None
    wait_until("the end of the inner process", 5, lambda: started_at(inner) is None)
    assert processes.names() == []


def test_a_stranger_with_the_same_number_is_left_alone(processes: Processes) -> None:
    with subprocess.Popen(["sleep", "60"]) as stranger:
        note = {"pid": stranger.pid, "started": 1}
        processes.note("server").write_text(json.dumps(note))
        assert processes.pid("server") is None
        processes.end("server", force=True)
        assert stranger.poll() is None
        stranger.kill()


def test_a_wait_that_is_too_long_says_what_it_waited_for() -> None:
    with pytest.raises(LabError, match="the moon: not within 0 s"):
        wait_until("the moon", 0.05, lambda: False, every=0.01)
