import subprocess
import sys

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


def test_what_a_thread_freed_goes_back_to_the_system() -> None:
    done = subprocess.run(
        [sys.executable, "-c", MEASURE], cwd=ROOT, capture_output=True, text=True, check=True
    )
    used, left = map(int, done.stdout.split())
    assert used > 80
    assert left < 20
