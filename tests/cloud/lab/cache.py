"""The data of Docker and of the registry, which one lab writes to and the next goes on with.

One lab borrows a folder at a time, and its program holds the lock. While it does, the seal is
broken, so that a folder whose program was killed, or that was changed since, is not used again.
"""

import shutil
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import IO

from tests.cloud.kept import break_seal, is_sealed, locked, seal
from tests.cloud.lab.place import LabError, Place, run, say
from tests.cloud.lab.processes import wait_until

DOCKER, REGISTRY = "docker-data", "registry-data"

# Three images and what a changed requirement leaves of those before, twice.
KEPT_GB = 30


def size_gb(folder: Path) -> float:
    """Return how much of the disk a folder takes, in GB (10^9 bytes)."""
    return int(run(["du", "-s", "-B1", folder]).stdout.split()[0]) / 1e9


def trim(place: Place, kept_gb: float = KEPT_GB) -> bool:
    """Empty both where they have grown over `kept_gb`, unless a lab uses them; return whether.

    Neither can be told which of its layers the next run needs, so both begin anew; the run after
    that costs what a cold one does.
    """
    grown = [place.cache / DOCKER, place.cache / REGISTRY]
    with ExitStack() as locks:
        try:
            for folder in grown:
                locks.enter_context(locked(lock_of(folder), wait=False))
        except BlockingIOError:
            return False
        size = sum(size_gb(folder) for folder in grown if folder.exists())
        if size <= kept_gb:
            return False
        say(f"{size:.0f} GB of images in {place.cache}: beginning with none")
        for folder in grown:
            shutil.rmtree(folder, ignore_errors=True)
        return True


def borrow(place: Place, name: str, *, kept: bool = True) -> tuple[Path, IO[str]]:
    """Return a folder for a program of this lab to write to, and its lock, which it shall hold.

    The one in the cache; an empty one of the lab's own without `kept` or where another lab has it.
    Either way `place.state / name` leads to it until it is given back.

    Raises:
        LabError: where the program of this lab still runs.
    """
    own = place.folder() / name
    for folder in (place.cache / name, own) if kept else (own,):
        folder.parent.mkdir(parents=True, exist_ok=True)
        try:
            lock = locked(lock_of(folder), wait=False)
        except BlockingIOError:
            continue
        if own.is_symlink():
            own.unlink()
        if folder.exists() and not is_sealed(folder):
            say(f"{folder} was in use when its lab was killed, or was changed since: emptying it")
            shutil.rmtree(folder)
        folder.mkdir(exist_ok=True)
        break_seal(folder)
        if folder != own:
            shutil.rmtree(own, ignore_errors=True)
            own.symlink_to(folder)
        return folder, lock
    raise LabError(f"another program uses {own}")


def give_back(place: Place, name: str, lock: IO[str] | None) -> None:
    """Seal a folder whose program has ended in order, for the next lab.

    `lock` is what `borrow` returned, or None where that was in another process.
    """
    folder = (place.state / name).resolve()
    held = [lock] if lock else []

    def is_held() -> bool:
        with suppress(BlockingIOError):
            held.extend(() if held else [locked(lock_of(folder), wait=False)])
        return bool(held)

    try:
        wait_until(f"{folder} to be free", 60, is_held)
    except LabError as late:
        say(f"{late}: the next lab begins with an empty one")
        return
    with held[0]:
        seal(folder)


def lock_of(folder: Path) -> Path:
    return folder.with_name(f"{folder.name}.lock")
