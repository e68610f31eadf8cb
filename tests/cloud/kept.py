"""Folders that take long to make, made once and shared by every checkout and run: `kept`.

    python3 -m tests.cloud.kept NAME COMMAND...

prints the folder NAME of the cache. Where it is missing or damaged, COMMAND makes it: it is run
with one more word, an empty folder to fill. Only the standard library is used, and any Python from
3.9 on may run it.
"""

import fcntl
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import IO

SEAL = ".kept.json"


class KeptError(Exception):
    """What was made is not what it should be; the message says where."""


def cache() -> Path:
    """Return the user's folder for what is kept, ${XDG_CACHE_HOME:-~/.cache}/atelier."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "atelier"


def kept(
    place: Path, make: Callable[[Path], object], is_good: Callable[[Path], bool] = lambda _: True
) -> Path:
    """Return the folder `place`, made by `make` unless it is there, whole and good.

    `make` fills an empty folder beside it, which takes its place when all of it is there. Of two
    processes one makes it while the other waits. One that is killed leaves a folder that nobody
    takes for the whole, and that goes when the next thing is made.

    Raises:
        KeptError: when `is_good` refuses what was just made.
    """
    if is_sealed(place) and is_good(place):
        return place
    place.parent.mkdir(parents=True, exist_ok=True)
    with locked(place.with_name(f".{place.name}.lock")):
        if is_sealed(place) and is_good(place):
            return place
        with scratch(place.parent) as folder:
            new = folder / "new"
            new.mkdir()
            make(new)
            if not is_good(new):
                raise KeptError(f"{place} was created again and is still not good")
            seal(new)
            if place.exists():
                place.rename(folder / "damaged")
            new.rename(place)
    return place


def seal(folder: Path) -> None:
    """Write down every file with its size and time, so that `is_sealed` notices a change."""
    files = {str(file.relative_to(folder)): facts(file) for file in regular(folder)}
    new = folder / f"{SEAL}.new"
    new.write_text(json.dumps(files))
    new.rename(folder / SEAL)


def is_sealed(folder: Path) -> bool:
    """Return whether every file is there as it was sealed; new ones beside them do no harm."""
    try:
        known = json.loads((folder / SEAL).read_text())
        return all(facts(folder / name) == then for name, then in known.items())
    except (OSError, ValueError, AttributeError):
        return False


def break_seal(folder: Path) -> None:
    """Let a folder count as damaged until it is sealed again: while a program writes to it."""
    (folder / SEAL).unlink(missing_ok=True)


def regular(folder: Path) -> Iterator[Path]:
    for parent, _, names in os.walk(folder):
        for name in names:
            file = Path(parent, name)
            if name != SEAL and file.is_file() and not file.is_symlink():
                yield file


def facts(file: Path) -> list[int]:
    """Return the size in bytes and the time of the last change in seconds, which a copy keeps."""
    status = file.lstat()
    return [status.st_size, int(status.st_mtime)]


def locked(file: Path, *, wait: bool = True) -> IO[str]:
    """Return a lock on a file, which is made where it is missing: held until all close it.

    Raises:
        BlockingIOError: when another process holds it, without `wait`.
    """
    lock = file.open("a")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except BlockingIOError:
        lock.close()
        raise
    return lock


@contextmanager
def scratch(parent: Path) -> Iterator[Path]:
    """Yield a new folder in `parent` that goes at the end, after those of processes that died."""
    with ExitStack() as held:
        # Nobody else may find the new folder before its lock is held.
        with directory_locked(parent):
            for left in parent.glob(".atelier-*.part"):
                with suppress(OSError), directory_locked(left, fcntl.LOCK_NB):
                    shutil.rmtree(left, ignore_errors=True)
            folder = Path(tempfile.mkdtemp(prefix=".atelier-", suffix=".part", dir=parent))
            held.enter_context(directory_locked(folder))
        folder.chmod(0o755)
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def directory_locked(folder: Path, how: int = 0) -> Iterator[None]:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | how)
        yield
    finally:
        os.close(descriptor)


def main(name: str, *command: str) -> int:
    def make(folder: Path) -> None:
        subprocess.run([*command, str(folder)], check=True, stdout=sys.stderr)

    try:
        print(kept(cache() / name, make))
    except subprocess.CalledProcessError as failed:
        return failed.returncode
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
