"""Finds and ends processes that an earlier run left behind, whatever their ids have become.

Every process of a run carries the run's folder in one environment variable, and so do the
processes that it starts. So nothing depends on a recorded id, which by now may be somebody else's.
"""

from __future__ import annotations

from pathlib import Path

import psutil

MARK = "ATELIER_RUN"


def marked(run_dir: Path) -> list[psutil.Process]:
    """The living processes of this user that were started for this run folder."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get(MARK) == str(run_dir):
                found.append(process)
        except (psutil.Error, OSError):
            continue  # Another user's, or gone meanwhile: not ours either way.
    return found


def end_strays(run_dir: Path, deadline_seconds: float = 10.0) -> int:
    """Ends them, gently first. Returns how many there were."""
    strays = marked(run_dir)
    for stray in strays:
        try:
            stray.terminate()
        except psutil.NoSuchProcess:
            continue
    _, alive = psutil.wait_procs(strays, timeout=deadline_seconds)
    for stray in alive:
        try:
            stray.kill()
        except psutil.NoSuchProcess:
            continue
    psutil.wait_procs(alive, timeout=deadline_seconds)
    return len(strays)
