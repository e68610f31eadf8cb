import subprocess
import sys
import threading
import time

import pytest

from backends.serving import memory
from tests.backends.servers import ROOT

# Blocks too small to be mapped on their own, made and freed in a thread; one stays behind them.
MEASURE = """
import threading
from pathlib import Path
from backends.serving.memory import give_back

def resident():
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) // 1024

kept = []
def work():
    blocks = [bytearray(100_000) for _ in range(1000)]
    kept.append(bytearray(100_000))
    del blocks

before = resident()
thread = threading.Thread(target=work)
thread.start()
thread.join()
used = resident() - before
give_back()
print(used, resident() - before)
"""

# What a click needs for a moment, in a thread that stays: how many pages the kernel has to bring.
AGAIN = """
import resource
from concurrent.futures import ThreadPoolExecutor
from backends.serving.memory import keep_for_next

def click():
    bytearray(4 * 2**20), bytearray(12 * 2**20), bytearray(36 * 2**20)

keep_for_next()
with ThreadPoolExecutor(1) as thread:
    thread.submit(click).result()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(10):
        thread.submit(click).result()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def test_the_next_click_has_the_memory_of_the_last_one() -> None:
    done = subprocess.run(
        [sys.executable, "-c", AGAIN], cwd=ROOT, capture_output=True, text=True, check=True
    )
    # Without it, and with pages of 4 kB, 96,000; 92,000 where glibc may map what is large.
    assert int(done.stdout) < 400


def test_what_a_thread_freed_goes_back_to_the_system() -> None:
    done = subprocess.run(
        [sys.executable, "-c", MEASURE], cwd=ROOT, capture_output=True, text=True, check=True
    )
    used, left = map(int, done.stdout.split())
    assert used > 80
    assert left < 20


def test_what_is_kept_goes_back_once_when_nothing_was_done_for_some_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    given, times = threading.Event(), []

    def give_back() -> None:
        times.append(time.monotonic())
        given.set()

    monkeypatch.setattr(memory, "give_back", give_back)
    giving = memory.GivingBack(1.0)
    for _ in range(20):
        with giving.afterwards():
            pass
    with giving.afterwards(), giving.afterwards():
        # Something else ends, and this goes on for longer than that.
        with giving.afterwards():
            pass
        time.sleep(1.2)
        last = time.monotonic()
    assert given.wait(10)
    time.sleep(0.1)
    assert len(times) == 1
    assert times[0] - last >= 1.0
