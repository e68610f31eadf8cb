"""The Caddy that the machine runs, here: installed once, checked, run on loopback."""

import json
import os
import socket
import subprocess
import time
from collections.abc import Generator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[3]


@cache
def installed() -> str:
    """Return the path of the program; built on the first call of all."""
    done = subprocess.run(
        ["scripts/install_caddy.sh"], cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True
    )
    return done.stdout.strip()


def adapted(text: str, folder: Path) -> dict[str, Any]:
    """Return what Caddy makes of a Caddyfile, once it is sure that it would run."""
    file = folder / "Caddyfile"
    file.write_text(text)
    command = [installed(), "validate", "--adapter", "caddyfile", "--config", str(file)]
    valid = subprocess.run(
        command, capture_output=True, text=True, check=False, env=_environment(folder)
    )
    assert valid.returncode == 0, valid.stderr
    assert '"level":"warn"' not in valid.stderr
    command[1] = "adapt"
    return json.loads(subprocess.run(command, capture_output=True, check=True).stdout)


@contextmanager
def running(text: str, port: int, folder: Path) -> Generator[Path]:
    """Run Caddy until the block ends, from when it answers on `port`; yields its log."""
    file, log = folder / "Caddyfile", folder / "caddy.log"
    file.write_text(text)
    command = [installed(), "run", "--adapter", "caddyfile", "--config", str(file)]
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, env=_environment(folder), stdout=output, stderr=subprocess.STDOUT
        )
    try:
        wait_for(port, process, log)
        yield log
    finally:
        # Gently, it would wait for connections that a failed test left open.
        process.kill()
        process.wait()


def wait_for(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    """Wait until a port of a program takes connections, 20 s at most."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        assert process.poll() is None, log.read_text()
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise AssertionError(f"nothing listens on port {port}:\n{log.read_text()}")


def free_ports(count: int) -> list[int]:
    """Return ports of 127.0.0.1 that are free now."""
    probes = [socket.socket() for _ in range(count)]
    for probe in probes:
        probe.bind(("127.0.0.1", 0))
    ports = [probe.getsockname()[1] for probe in probes]
    for probe in probes:
        probe.close()
    return ports


def replaced(text: str, places: dict[str, str]) -> str:
    """Return the text with each place, which must be there once, replaced."""
    for own, here in places.items():
        assert text.count(own) == 1, own
        text = text.replace(own, here)
    return text


def _environment(folder: Path) -> dict[str, str]:
    """Certificates and the saved configuration stay in the test's folder."""
    home = str(folder)
    return {**os.environ, "XDG_DATA_HOME": home, "XDG_CONFIG_HOME": home, "HOME": home}
