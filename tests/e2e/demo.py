"""The demo as a person starts it, and what a test asks of it."""

import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import requests

ROOT = Path(__file__).parents[2]
START_SECONDS = 420


@dataclass
class Demo:
    """A running demo.

    Attributes:
        state: its folder of all state.
        port: Label Studio's port.
        environ: what it is started with beside the environment of the tests.
        facts: the content of demo.json.
        said: what the last start printed.
        seconds: what each start took, in order.
    """

    state: Path
    port: int
    environ: dict[str, str] = field(default_factory=dict)
    facts: dict[str, Any] = field(default_factory=dict)
    said: str = ""
    seconds: list[float] = field(default_factory=list)

    def up(self) -> str:
        """Start it, wait until it is ready, and return what was printed."""
        started = time.monotonic()
        self.said = self._studio("up", "--detach", "--port", str(self.port))
        self.seconds.append(time.monotonic() - started)
        self.facts = json.loads((self.state / "demo.json").read_text())
        return self.said

    def stop(self) -> str:
        return self._studio("stop")

    def backup(self) -> Path:
        """Back it up, and return the newest backup."""
        self._studio("backup")
        return max(Path(self.environ["ATELIER_BACKUPS"]).glob("*.tar.gz"))

    def restore(self, backup: Path) -> str:
        return self._studio("restore-backup", str(backup), "--yes")

    def _studio(self, *arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "laptop", *arguments],
            cwd=ROOT,
            env={**os.environ, "ATELIER_STATE": str(self.state), **self.environ},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=START_SECONDS,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    @property
    def url(self) -> str:
        return self.facts["url"]

    @property
    def user(self) -> str:
        return self.facts["user"]

    @property
    def password(self) -> str:
        return self.facts["password"]

    @property
    def project(self) -> int:
        return self.facts["project"]

    def api(self, method: str, path: str, **arguments: Any) -> Any:
        """Call Label Studio's API as the demo's user and return the answer's JSON."""
        headers = {"Authorization": f"Token {self.facts['token']}"}
        answer = requests.request(
            method, self.url + path, headers=headers, timeout=120, **arguments
        )
        assert answer.ok, f"{method} {path}: {answer.status_code} {answer.text[:500]}"
        return answer.json() if answer.content else None

    def tasks(self) -> list[dict[str, Any]]:
        """All tasks with their annotations and predictions."""
        fields = {"project": self.project, "page_size": 200, "fields": "all"}
        return self.api("GET", "/api/tasks", params=fields)["tasks"]

    def scenes(self) -> list[dict[str, Any]]:
        """The tasks of the drawn garment scenes."""
        return [task for task in self.tasks() if task["data"]["source"].startswith("scene-")]

    def services(self) -> dict[str, str]:
        """Address of each of the three services."""
        backends = self.facts["backends"]
        return {"frontend": self.url, **{name: backends[name]["url"] for name in backends}}

    def kill(self, service: str) -> None:
        """End all processes of a service as the kernel does when memory runs out: kill -9."""
        for process in processes(self.services()[service]):
            process.kill()


def processes(url: str) -> list[psutil.Process]:
    """The processes of the service that listens at an address: its server and its workers."""
    port = int(url.rpartition(":")[2])
    found = psutil.net_connections("tcp")
    listening = [one for one in found if one.status == psutil.CONN_LISTEN]
    holder = next(one.pid for one in listening if tuple(one.laddr)[1:2] == (port,))
    assert holder is not None
    group = os.getpgid(holder)  # The supervisor gives each service a group of its own.
    assert group != os.getpgid(0)
    return [process for process in psutil.process_iter() if group_of(process) == group]


def group_of(process: psutil.Process) -> int | None:
    try:
        return os.getpgid(process.pid)
    except ProcessLookupError:
        return None


def wait_until_up(url: str) -> float:
    """Seconds until /health answers 200."""
    started = time.monotonic()
    while time.monotonic() - started < START_SECONDS:
        try:
            if requests.get(f"{url}/health", timeout=2).status_code == 200:
                return time.monotonic() - started
        except requests.RequestException:
            pass
        time.sleep(0.2)
    raise AssertionError(f"{url} is not back after {START_SECONDS} s")
