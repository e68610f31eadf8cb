"""The registries: Artifact Registry's host with logins by token, and Docker Hub's without."""

import json
from pathlib import Path
from typing import IO, Any, NamedTuple

from tests.cloud.lab import cache
from tests.cloud.lab.authority import Authority
from tests.cloud.lab.network import HUB_ADDRESS, REGISTRY_ADDRESS, Network
from tests.cloud.lab.place import HERE, Place, write
from tests.cloud.lab.processes import Processes, wait_until

HUB_NAMES = ("registry-1.docker.io", "index.docker.io", "auth.docker.io", "docker.io")
BACKEND = "127.0.0.1:5000"
CHECKOUT = HERE.parents[2]


class Answer(NamedTuple):
    """A line of a front's log."""

    time: float
    method: str
    path: str
    status: int
    size: int


class Registry:
    """One storage with two fronts. `python` runs the fronts."""

    def __init__(
        self, place: Place, network: Network, processes: Processes, authority: Authority
    ) -> None:
        self.place, self.network, self.processes = place, network, processes
        self.authority = authority
        self.lock: IO[str] | None = None
        self.python = CHECKOUT / ".local" / "env" / "operator" / "bin" / "python"

    def settings_file(self, front: str) -> Path:
        return self.place.folder("registry") / f"{front}.json"

    def up(self, names: tuple[str, ...], tokens: tuple[str, ...], *, kept: bool = True) -> None:
        """Start storage and fronts. `names` are Artifact Registry's, `tokens` are let in there.

        With `kept`, a layer that is there since a lab before is not compressed and pushed again.
        """
        storage, self.lock = cache.borrow(self.place, cache.REGISTRY, kept=kept)
        config = {
            "version": "0.1",
            "log": {"level": "warn"},
            "storage": {"filesystem": {"rootdirectory": str(storage)}, "delete": {"enabled": True}},
            "http": {"addr": BACKEND, "relativeurls": True},
        }
        file = self.place.folder("registry") / "config.yml"
        file.write_text(json.dumps(config))  # JSON is YAML.
        program = self.place.programs / "usr/bin/docker-registry"
        inside = self.network.inside(program, "serve", file)
        self.processes.start("registry", inside, lock=self.lock)
        served = {
            "artifact": (REGISTRY_ADDRESS, names, {"anonymous": False, "accepted": list(tokens)}),
            "hub": (HUB_ADDRESS, HUB_NAMES, {"anonymous": True, "accepted": []}),
        }
        for front, (address, hosts, access) in served.items():
            folder = self.place.folder("registry", front)
            certificate, key = self.authority.issue(folder, hosts)
            settings = {"address": address, "backend": BACKEND, "hold_after": None}
            files = {"certificate": str(certificate), "key": str(key)}
            self.settings_file(front).write_text(json.dumps(settings | files | access))
            self.open(front)

    def open(self, front: str) -> None:
        """Let a registry answer."""
        command = ["env", f"PYTHONPATH={CHECKOUT}", self.python, "-m", "tests.cloud.lab.front"]
        inside = self.network.inside(*command, self.settings_file(front))
        self.processes.start(f"front-{front}", inside)
        address = json.loads(self.settings_file(front).read_text())["address"]
        probe = ("curl", "-ks", "-o", "/dev/null", "--max-time", "2", f"https://{address}/v2/")
        wait_until(
            f"the registry {front}",
            60,
            lambda: self.network.run(*probe, check=False).returncode == 0,
        )

    def down(self) -> None:
        """End the storage, once nobody pushes any more, and give it back."""
        runs = self.processes.pid("registry") is not None
        self.processes.end("registry")
        if runs:
            cache.give_back(self.place, cache.REGISTRY, self.lock)
        elif self.lock:
            self.lock.close()

    def shut(self, front: str) -> None:
        """Let a registry be down: connections to it are refused."""
        self.processes.end(f"front-{front}", force=True)

    def change(self, front: str = "artifact", **settings: Any) -> None:
        """Change a front's settings while it runs (see `front`)."""
        file = self.settings_file(front)
        write(file, json.dumps(json.loads(file.read_text()) | settings))

    def answers(self, front: str = "artifact") -> list[Answer]:
        """Return what a front has answered so far."""
        log = self.processes.log(f"front-{front}")
        found: list[Answer] = []
        for line in log.read_text().splitlines() if log.exists() else []:
            words = line.split()
            if len(words) == 5 and words[3].isdigit() and words[4].isdigit():
                time, method, path, status, size = words
                found.append(Answer(float(time), method, path, int(status), int(size)))
        return found

    def pulled(self, since: float = 0) -> int:
        """Return the bytes of image layers that were served since a time, by both fronts."""
        return sum(
            answer.size
            for front in ("artifact", "hub")
            for answer in self.answers(front)
            if answer.method == "GET" and "/blobs/" in answer.path and answer.time >= since
        )
