"""One demo per state folder, proven by a lock and not by a number in a file."""

import subprocess
import sys
from pathlib import Path

import pytest

from laptop.processes.run_lock import Held, holder_pid, run_lock
from laptop.settings import ROOT

HOLD = """
import sys, time
from pathlib import Path
from laptop.processes.run_lock import run_lock
with run_lock(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(600)
"""


def test_the_holder_is_named_while_it_lives_and_forgotten_when_it_is_killed(run_dir: Path) -> None:
    assert holder_pid(run_dir) is None
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(run_dir)], cwd=ROOT, stdout=subprocess.PIPE
    )
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        assert holder_pid(run_dir) == holder.pid
        with pytest.raises(Held) as raised, run_lock(run_dir):
            pass
        assert raised.value.pid == holder.pid
    finally:
        holder.kill()
        holder.communicate()
    assert (run_dir / "lock").read_text() == str(holder.pid)
    assert holder_pid(run_dir) is None
