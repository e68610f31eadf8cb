"""Keeps the cache from growing for ever: images and layers of versions that nobody builds any more.

The Docker daemon's folder and the registry's storage go together. Neither can be told which of its
layers the next run needs, so both begin anew; the run after that costs what a cold one does.
"""

import fcntl
import shutil
from pathlib import Path

from tests.cloud.lab.place import Place, run, say

# Three images and what a changed requirement leaves of those before, twice.
KEPT_GB = 30


def size_gb(folder: Path) -> float:
    """Return how much of the disk a folder takes, in GB (10^9 bytes)."""
    return int(run(["du", "-s", "-B1", folder]).stdout.split()[0]) / 1e9


def trim(place: Place, kept_gb: float = KEPT_GB) -> bool:
    """Empty both where they have grown over `kept_gb`, unless a lab uses them; return whether."""
    grown = [place.cache / "docker-data", place.cache / "registry"]
    with (place.cache / "docker-data.lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        size = sum(size_gb(folder) for folder in grown if folder.exists())
        if size <= kept_gb:
            return False
        say(f"{size:.0f} GB of images in {place.cache}: beginning with none")
        for folder in grown:
            shutil.rmtree(folder, ignore_errors=True)
        return True
