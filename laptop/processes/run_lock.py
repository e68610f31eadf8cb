"""At most one demo per state folder: a lock that the system drops when its holder ends, however."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from laptop.settings import LaptopError


class Held(LaptopError):
    """Another living process holds the lock; `pid` is its process id."""

    def __init__(self, pid: int) -> None:
        super().__init__(
            f"Another command is starting the demo (process {pid}). Wait for it, or stop it: "
            "make demo-stop"
        )
        self.pid = pid


@contextmanager
def run_lock(run_dir: Path) -> Iterator[None]:
    """Holds RUN_DIR/lock, which contains the holder's process id, while the block runs.

    Raises Held when another process holds it.
    """
    run_dir.mkdir(parents=True, exist_ok=True)
    with open(run_dir / "lock", "a+", opener=private) as file:
        file.seek(0)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Held(int(file.read() or "0")) from None
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield


def private(path: str, flags: int) -> int:
    """Opens a file that its owner alone can read."""
    return os.open(path, flags, 0o600)


def holder_pid(run_dir: Path) -> int | None:
    """The process id of the running demo, or None. Never a stale one: the lock proves it lives."""
    if not (run_dir / "lock").exists():
        return None
    try:
        with run_lock(run_dir):
            return None
    except Held as held:
        return held.pid
