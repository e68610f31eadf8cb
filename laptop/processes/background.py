"""The demo in a process of its own: begun, waited for until it is ready, and ended."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time

from rich.console import Console

from laptop.demo_file import read_demo_file
from laptop.processes.run_lock import Held, holder_pid
from laptop.processes.strays import end_strays
from laptop.settings import LaptopError, LaptopSettings

STOP_SECONDS = 40.0
# Postgres alone may take a minute to write what it holds: templates/vm/compose.yml.
STOP_CONTAINERS_SECONDS = 150.0


def start(settings: LaptopSettings, console: Console) -> dict[str, object]:
    """Starts the demo, its progress printed meanwhile. Returns the content of demo.json.

    Raises LaptopError when it ends instead.
    """
    settings.run_dir.mkdir(parents=True, exist_ok=True)
    settings.demo_file.unlink(missing_ok=True)
    up = [sys.executable, "-m", "laptop", "up", "--port", str(settings.port)]
    with settings.supervisor_log.open("wb") as log:
        child = subprocess.Popen(
            [*up, "--background"],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        follow(settings, child, console)
    except KeyboardInterrupt:
        child.terminate()
        child.wait()
        raise
    demo = read_demo_file(settings.demo_file)
    if demo is None or child.poll() is not None:
        raise LaptopError(f"The demo did not start. The reason is above and in {log.name}.")
    return demo


def follow(settings: LaptopSettings, child: subprocess.Popen[bytes], console: Console) -> None:
    """Copies the demo's log to the console until the demo is ready or has ended."""
    with settings.supervisor_log.open(errors="replace") as log:
        while True:
            over = child.poll() is not None or settings.demo_file.exists()
            console.print(log.read(), end="", markup=False, highlight=False, soft_wrap=True)
            if over:
                return
            time.sleep(0.2)


def stop(settings: LaptopSettings, seconds: float = STOP_SECONDS) -> bool:
    """Ends the demo's process, wherever it was started, by force after `seconds`.

    Returns whether there was one.
    """
    pid = holder_pid(settings.run_dir)
    if pid:
        os.kill(pid, signal.SIGTERM)
        deadline = time.monotonic() + seconds
        while holder_pid(settings.run_dir) == pid and time.monotonic() < deadline:
            time.sleep(0.1)
        if holder_pid(settings.run_dir) == pid:
            os.kill(pid, signal.SIGKILL)
    left = end_strays(settings.run_dir)
    settings.demo_file.unlink(missing_ok=True)
    return bool(pid) or left > 0


def reset(settings: LaptopSettings) -> None:
    """Ends the demo and deletes its data, its logs and its passwords."""
    stop(settings)
    for folder in (settings.data_dir, settings.run_dir):
        if folder.exists():
            shutil.rmtree(folder)


def running(settings: LaptopSettings) -> dict[str, object] | None:
    """The content of demo.json of a demo that is ready, None if none runs.

    Raises Held while one is starting.
    """
    pid = holder_pid(settings.run_dir)
    if pid is None:
        return None
    demo = read_demo_file(settings.demo_file)
    if demo is None:
        raise Held(pid)
    return demo
