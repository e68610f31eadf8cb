"""At most one demo per state folder: a lock that the system drops when its holder ends, however."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from types import TracebackType

from laptop.settings import LaptopError


class Held(LaptopError):
    """Another living process holds the lock; `pid` is its process id."""

    def __init__(self, pid: int) -> None:
        super().__init__(
            f"Another command is starting the demo (process {pid}). Wait for it, or stop it: "
            "make demo-stop"
        )
        self.pid = pid


class RunLock:
    """Holds RUN_DIR/lock, in which the holder's process id stands, while the block runs."""

    def __init__(self, run_dir: Path) -> None:
        self._path = run_dir / "lock"
        self._descriptor = -1

    def __enter__(self) -> RunLock:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            pid = int(os.read(descriptor, 32) or b"0")
            os.close(descriptor)
            raise Held(pid) from None
        os.ftruncate(descriptor, 0)
        os.write(descriptor, str(os.getpid()).encode())
        self._descriptor = descriptor
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        os.close(self._descriptor)


def holder_pid(run_dir: Path) -> int | None:
    """The process id of the running demo, or None. Never a stale one: the lock proves it lives."""
    if not (run_dir / "lock").exists():
        return None
    try:
        with RunLock(run_dir):
            return None
    except Held as held:
        return held.pid
