#!/usr/bin/env python3
"""Makes the environments that Atelier runs in, in .local/env/, from the compiled requirements.

    python3 scripts/bootstrap.py [--test] operator ml frontend batch policy

Only the standard library is used, and any Python from 3.8 on may run it: uv, which it installs
first, finds a Python between 3.11 and 3.13 or fetches one. An environment whose requirement files
have not changed is left as it is, so a second run takes a fraction of a second.
"""

from __future__ import annotations

import argparse
import fcntl
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parent))  # For whoever imports this file.

from fetch_uv import FetchError, fetch_uv
from registry_settings import registry_settings

ROOT = Path(__file__).resolve().parent.parent
LOCAL = ROOT / ".local"
PYTHONS = ">=3.11,<3.14"
TORCH_LOCK = "backends/requirements-torch.txt"
STAMP = "atelier.json"
PROBE_SECONDS = 10


class BootstrapError(Exception):
    """Something outside this program is missing; the message says what, and what to do."""


class Environment(NamedTuple):
    """A virtual environment: its requirement files, those of its tests, the disk space needed."""

    locks: list[str]
    test_locks: list[str]
    disk_gb: float


ENVIRONMENTS: dict[str, Environment] = {
    "operator": Environment(["requirements.txt"], ["requirements-dev.txt"], 1.2),
    "ml": Environment(
        ["backends/requirements.txt", TORCH_LOCK], ["backends/requirements-test.txt"], 7.0
    ),
    "frontend": Environment(["backends/frontend/requirements.txt"], [], 1.1),
    "batch": Environment(["batch/requirements.txt", TORCH_LOCK], [], 7.2),
    "policy": Environment(["policy/requirements.txt"], [], 0.3),
}


def say(message: str) -> None:
    print("bootstrap: " + message, flush=True)


def sha256(path: str) -> str:
    return hashlib.sha256((ROOT / path).read_bytes()).hexdigest()


def folder(name: str) -> Path:
    return LOCAL / "env" / name


def stamped_locks(name: str) -> dict[str, str]:
    """The requirement files it was last made from, with their hashes; empty if it is not usable."""
    stamp = folder(name) / STAMP
    if not stamp.is_file() or not (folder(name) / "bin" / "python").exists():
        return {}
    made = json.loads(stamp.read_text())
    # Scripts in an environment name their interpreter by its full path: moved, it is made anew.
    return made["locks"] if made["root"] == str(ROOT) else {}


def wanted_locks(name: str, test: bool) -> list[str]:
    environment = ENVIRONMENTS[name]
    return environment.locks + (environment.test_locks if test else [])


def is_current(name: str, test: bool) -> bool:
    made = stamped_locks(name)
    return all(made.get(lock) == sha256(lock) for lock in wanted_locks(name, test))


def check_disk(names: list[str]) -> None:
    needed = sum(ENVIRONMENTS[name].disk_gb for name in names if not folder(name).is_dir())
    free = shutil.disk_usage(ROOT).free / 1e9
    if free < needed:
        raise BootstrapError(
            f"{needed:.1f} GB of disk are needed for {', '.join(names)} and {free:.1f} GB are free "
            f"under {ROOT}. Free some space, or clone onto a larger disk."
        )


def pinned_uv() -> str:
    match = re.search(r"^uv==(\S+)", (ROOT / "scripts/uv.txt").read_text(), re.MULTILINE)
    if match is None:
        raise BootstrapError("scripts/uv.txt names no uv version; restore it with git.")
    return match.group(1)


def ensure_uv() -> str:
    """The path of a uv of exactly the pinned version: one on PATH if it is that, else our own."""
    version = pinned_uv()
    for candidate in (str(LOCAL / "uv/bin/uv"), shutil.which("uv")):
        if candidate and os.access(candidate, os.X_OK):
            answer = subprocess.run(
                [candidate, "--version"], capture_output=True, text=True, check=False
            )
            if answer.stdout.split()[1:2] == [version]:
                return candidate
    say(f"fetching uv {version}")
    path = LOCAL / "uv" / "bin" / "uv"
    try:
        fetch_uv(ROOT / "scripts" / "uv.txt", path, registry_settings())
    except FetchError as error:
        raise BootstrapError(f"uv {version} cannot be fetched: {error}") from error
    return str(path)


def uv_environment() -> dict[str, str]:
    """uv's environment: how to reach the registries, and the machine's own certificates."""
    environ = {"UV_SYSTEM_CERTS": "1", **os.environ, **registry_settings()}
    # It would apply to the hashed files as well, whose hashes are those of the default builds.
    environ.pop("UV_TORCH_BACKEND", None)
    return environ


def run(command: list[str], what: str, environ: dict[str, str] | None = None) -> None:
    """Runs an installing command: a terminal sees its progress, a log its output if it fails."""
    output = None if sys.stderr.isatty() else subprocess.PIPE
    done = subprocess.run(
        command, stdout=output, stderr=output and subprocess.STDOUT, text=True, env=environ
    )
    if done.returncode:
        tail = "\n".join((done.stdout or "").splitlines()[-15:])
        raise BootstrapError(
            f"installing {what} failed.\n{tail}\n"
            "If no package registry was reached: check the network, or name your mirror in "
            "UV_DEFAULT_INDEX or pip's index-url. If no Python was found: install Python 3.11, "
            "3.12 or 3.13."
        )


class Installer:
    """uv, installing into one environment."""

    def __init__(self, uv: str, name: str, environ: dict[str, str]) -> None:
        self.uv = uv
        self.name = name
        self.environ = environ
        self.python = str(folder(name) / "bin" / "python")

    def pip(self, verb: str, *arguments: str) -> list[str]:
        return [self.uv, "pip", verb, "--python", self.python, *arguments]

    def sync(self, locks: list[str]) -> None:
        """Makes the environment hold exactly what the files list, each file checked by its hash."""
        what = f"the {self.name} environment"
        run(self.pip("sync", "--require-hashes", *locks), what, self.environ)

    def installed(self, name: str) -> str:
        """The version of the package that is installed; empty if there is none."""
        found = list(folder(self.name).glob(f"lib/python*/site-packages/{name}-*.dist-info"))
        return found[0].name[len(name) + 1 : -len(".dist-info")] if found else ""

    def torch_backend(self, pins: list[str]) -> str | None:
        """The build to take from PyTorch's own index (`auto` finds a GPU); None: out of reach."""
        if not sys.platform.startswith("linux"):
            return None  # Elsewhere the default build is the small one.
        backend = os.environ.get("UV_TORCH_BACKEND", "auto")
        # What is installed or cached must not pass for an answer of the index.
        ask = ["--dry-run", "--no-deps", "--reinstall", "--refresh"]
        probe = self.pip("install", *ask, "--torch-backend", backend, *pins)
        limits = {"UV_HTTP_RETRIES": "0", "UV_HTTP_TIMEOUT": "5", "UV_HTTP_CONNECT_TIMEOUT": "3"}
        environ = {**self.environ, **limits}
        try:
            subprocess.run(
                probe, env=environ, capture_output=True, timeout=PROBE_SECONDS, check=True
            )
        except (subprocess.TimeoutExpired, subprocess.CalledProcessError):
            return None
        return backend

    def sync_with_torch(self, locks: list[str]) -> None:
        """Installs the backends' environment, PyTorch in its small build where that is reached.

        torch and torchvision come from one index: a mixed pair installs and fails at import.
        """
        text = (ROOT / TORCH_LOCK).read_text()
        pins = re.findall(r"^((?:torch|torchvision)==\S+)", text, re.MULTILINE)
        others = [lock for lock in locks if lock != TORCH_LOCK]
        versions = [(self.installed(pin.split("==")[0]), pin.split("==")[1]) for pin in pins]
        if all(installed.startswith(wanted + "+") for installed, wanted in versions):
            # They are PyTorch's own builds already, which a sync would remove.
            files = [word for lock in others for word in ("-r", lock)]
            kept = self.pip("install", "--require-hashes", "--no-deps", *files)
            run(kept, f"the {self.name} environment", self.environ)
            return
        there = all(installed == wanted for installed, wanted in versions)
        backend = None if there else self.torch_backend(pins)
        if backend is None:
            say(f"{pins[0]}: the registry's default build (on Linux with CUDA, about 5 GB)")
            self.sync(locks)
            return
        say(f"{pins[0]}: the {backend} build of PyTorch's own index (without a GPU about 1 GB)")
        self.sync(others)
        # No hashes: that index has other files under these versions. All else is already there.
        locked = [word for lock in others for word in ("-c", lock)]
        torch = self.pip("install", "--torch-backend", backend, *locked, *pins)
        run(torch, "PyTorch", self.environ)


def build(uv: str, name: str, test: bool, environ: dict[str, str]) -> None:
    started = time.monotonic()
    home = folder(name)
    # Test tools that are there stay: a demo must not take them from the next test run.
    kept = [lock for lock in ENVIRONMENTS[name].test_locks if lock in stamped_locks(name)]
    locks = list(dict.fromkeys(wanted_locks(name, test) + kept))
    say(f"making the {name} environment from {', '.join(locks)}")
    if stamped_locks(name):
        (home / STAMP).unlink()
    else:
        venv = [uv, "venv", "--clear", "--quiet", "--python", PYTHONS, str(home)]
        run(venv, f"a Python {PYTHONS}", environ)
    installer = Installer(uv, name, environ)
    if TORCH_LOCK in locks:
        installer.sync_with_torch(locks)
    else:
        installer.sync(locks)
    stamp = {"root": str(ROOT), "locks": {lock: sha256(lock) for lock in locks}}
    (home / STAMP).write_text(json.dumps(stamp))
    size = sum(file.lstat().st_size for file in home.rglob("*")) / 1e9
    say(f"{name}: {size:.1f} GB in {time.monotonic() - started:.0f} s")


def main() -> int:
    parser = argparse.ArgumentParser(description="Makes Atelier's environments under .local/env/.")
    parser.add_argument("--test", action="store_true", help="with the test tools")
    parser.add_argument("environments", nargs="+", choices=sorted(ENVIRONMENTS))
    options = parser.parse_args()
    try:
        if all(is_current(name, options.test) for name in options.environments):
            return 0
        os.chdir(ROOT)
        (LOCAL / "env").mkdir(parents=True, exist_ok=True)
        with (LOCAL / "env" / ".lock").open("w") as lock:
            fcntl.flock(
                lock, fcntl.LOCK_EX
            )  # A second bootstrap waits, and then finds the work done.
            names = [name for name in options.environments if not is_current(name, options.test)]
            check_disk(names)
            uv = ensure_uv()
            environ = uv_environment()
            for name in names:
                build(uv, name, options.test, environ)
    except BootstrapError as error:
        print(f"bootstrap: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
