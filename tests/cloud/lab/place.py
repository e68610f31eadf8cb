"""Where a lab keeps its things, and how it runs commands and reports trouble."""

import hashlib
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.cloud import kept

HERE = Path(__file__).resolve().parent
SUITE = "trixie"
# The packages of its programs, which are not installed.
UNPACKED = ("docker.io", "docker-cli", "docker-compose", "docker-buildx", "containerd")
UNPACKED += ("docker-registry", "busybox-static")


class LabError(Exception):
    """Something in the lab did not work; the message says what, and what to do if known."""


@dataclass(frozen=True)
class Place:
    """`state` belongs to one lab and goes with it; `cache` is shared by all labs and is kept."""

    state: Path
    cache: Path

    @property
    def name(self) -> str:
        """Return a short name that no other lab on this host has: cgroups are named by it."""
        return f"atelier-{short_hash(str(self.state))}"

    @property
    def programs(self) -> Path:
        """Return the folder that `tools` unpacks Docker and the rest into."""
        return self.cache / f"programs-{short_hash(SUITE, *UNPACKED)}"

    def folder(self, *parts: str) -> Path:
        """Return a folder of the state, made where it was not there."""
        folder = self.state.joinpath(*parts)
        folder.mkdir(parents=True, exist_ok=True)
        return folder


def short_hash(*texts: str) -> str:
    """Return a name of eight characters for some texts."""
    return hashlib.sha256("\n".join(texts).encode()).hexdigest()[:8]


def default_place() -> Place:
    """Return the place of `python -m tests.cloud.lab`: state in .local/lab of the checkout."""
    return Place(state=HERE.parents[2] / ".local" / "lab", cache=default_cache())


def default_cache() -> Path:
    """Return the folder that packages and root file systems are kept in."""
    return kept.cache() / "lab"


def run(
    command: Sequence[str | Path],
    *,
    timeout: float = 600,
    stdin: str | None = None,
    check: bool = True,
    env: dict[str, str] | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run a command to its end and return it with its output.

    Raises:
        LabError: when it fails (unless `check` is off) or takes longer than `timeout` seconds.
    """
    shown = " ".join(str(word) for word in command)[:300]
    try:
        done = subprocess.run(
            [str(word) for word in command],
            input=stdin,
            stdin=subprocess.DEVNULL if stdin is None else None,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=timeout,
            env=env,
        )
    except subprocess.TimeoutExpired as late:
        raise LabError(f"`{shown}` had not ended after {timeout:.0f} s") from late
    except FileNotFoundError as missing:
        raise LabError(f"`{command[0]}` is not installed") from missing
    if check and done.returncode:
        said = (done.stdout + done.stderr).strip()[-3000:]
        raise LabError(f"`{shown}` exited with {done.returncode}:\n{said}")
    return done


def write(file: Path, text: str) -> None:
    """Write a file that others read, or that a kill may cut short: they find the old or the new."""
    new = file.with_name(f"{file.name}.new")
    new.write_text(text)
    new.rename(file)


def say(message: str) -> None:
    """Write a line of progress."""
    print(f"lab: {message}", file=sys.stderr, flush=True)
