"""The cgroups of a machine or a daemon: one folder in each of the host's hierarchies."""

import contextlib
import os
from pathlib import Path

ROOT = Path("/sys/fs/cgroup")


def hierarchies() -> list[Path]:
    """Return the hierarchies of version 1 (and a hybrid's second), or the one of version 2."""
    if (ROOT / "cgroup.procs").exists():
        return [ROOT]
    return sorted(
        folder
        for folder in ROOT.iterdir()
        if not folder.is_symlink() and (folder / "cgroup.procs").exists()
    )


def make(name: str) -> list[Path]:
    """Make the folders; return their files that a process joins by writing its id."""
    joined: list[Path] = []
    for hierarchy in hierarchies():
        folder = hierarchy / name
        folder.mkdir(exist_ok=True)
        if (folder / "cpuset.cpus").exists() and not (folder / "cpuset.cpus").read_text().strip():
            for setting in ("cpuset.cpus", "cpuset.mems"):  # Empty means: no process may join.
                (folder / setting).write_text((hierarchy / setting).read_text())
        if (folder / "cgroup.clone_children").exists():
            (folder / "cgroup.clone_children").write_text("1")
        joined.append(folder / "cgroup.procs")
    return joined


def remove(name: str) -> None:
    """Remove the folders of what has ended, innermost first."""
    for hierarchy in hierarchies():
        for folder, _, _ in os.walk(hierarchy / name, topdown=False):
            # Still busy for a moment after a process was killed; the next clean-up gets it.
            with contextlib.suppress(OSError):
                Path(folder).rmdir()
