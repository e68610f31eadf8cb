"""The Docker daemon that builds and pushes images: an operator's, inside the lab's network."""

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import IO

from tests.cloud.lab import cache, cgroups
from tests.cloud.lab.authority import Authority
from tests.cloud.lab.network import METADATA_ADDRESS, Network
from tests.cloud.lab.place import LabError, Place, run, say
from tests.cloud.lab.processes import Processes, wait_until


class Daemon:
    """One daemon; its clients speak to it through a socket in the lab's state."""

    def __init__(self, place: Place, network: Network, processes: Processes) -> None:
        self.place, self.network, self.processes = place, network, processes
        self.programs = place.programs
        self.lock: IO[str] | None = None

    @property
    def socket(self) -> Path:
        return self.place.state / "docker.sock"

    def up(self, authority: Authority, *, kept: bool = True) -> None:
        """Start the daemon; with `kept`, on the images of the labs before.

        Raises:
            LabError: when it does not answer in time, with the end of its log.
        """
        plugins = self.place.folder("docker-config", "cli-plugins")
        for plugin in (self.programs / "usr/libexec/docker/cli-plugins").iterdir():
            link = plugins / plugin.name
            link.unlink(missing_ok=True)
            link.symlink_to(plugin)
        # A daemon that was killed leaves process ids there, which by now are others'.
        shutil.rmtree(self.place.state / "docker-exec", ignore_errors=True)
        execution = self.place.folder("docker-exec")
        path = f"{self.programs}/usr/sbin:{self.programs}/usr/bin:{os.environ['PATH']}"
        command = ["env", f"PATH={path}", f"SSL_CERT_FILE={authority.bundle}"]
        data, self.lock = cache.borrow(self.place, cache.DOCKER, kept=kept)
        command += ["dockerd", "--storage-driver=overlay2", "--exec-root", str(execution)]
        command += ["--data-root", str(data)]
        command += ["--pidfile", str(self.pid_file), "-H", f"unix://{self.socket}"]
        command += ["--config-file", str(self.config())]
        inside = self.network.inside(*command)
        self.processes.start("dockerd", inside, lowest=True, lock=self.lock)
        wait_until("the Docker daemon", 120, lambda: self.answers())

    @property
    def pid_file(self) -> Path:
        return self.place.state / "docker-exec" / "docker.pid"

    def down(self) -> None:
        """End the daemon with what it runs, and give its images back."""
        runs = self.processes.pid("dockerd") is not None
        # That ends nsenter at once, while the daemon still stops its containers.
        self.processes.end("dockerd")
        try:
            if runs:
                wait_until("the end of the Docker daemon", 60, lambda: not self.pid_file.exists())
                cache.give_back(self.place, cache.DOCKER, self.lock)
        except LabError as late:
            say(f"{late}: the next lab begins without its images")
        finally:
            if self.lock:
                self.lock.close()

    def config(self) -> Path:
        file = self.place.folder("docker-config") / "daemon.json"
        # The lab's name server: a build that reads a bucket has to find the lab's. (With the hosts
        # as options of a build, BuildKit would take each of its steps for another one.)
        known = {"cgroup-parent": f"/{self.place.name}-docker", "dns": [METADATA_ADDRESS]}
        file.write_text(json.dumps(known))
        return file

    def answers(self) -> bool:
        if self.processes.pid("dockerd") is None:
            raise LabError("the Docker daemon ended:\n" + self.processes.end_of_log("dockerd"))
        return self.docker("version", check=False).returncode == 0

    def environment(self) -> dict[str, str]:
        """Return the variables with which any Docker client uses this daemon."""
        return {
            "DOCKER_HOST": f"unix://{self.socket}",
            "DOCKER_CONFIG": str(self.place.folder("docker-config")),
            "PATH": f"{self.programs}/usr/bin:{os.environ['PATH']}",
        }

    def docker(
        self,
        *command: str | Path,
        check: bool = True,
        stdin: str | None = None,
        timeout: float = 1800,
    ) -> subprocess.CompletedProcess[str]:
        """Run the Docker client. Raises LabError as `place.run` does."""
        env = os.environ | self.environment()
        words = [self.programs / "usr/bin/docker", *command]
        return run(words, check=check, stdin=stdin, timeout=timeout, env=env)

    def remove_traces(self) -> None:
        """Remove the cgroups of what it ran, once it has ended."""
        cgroups.remove(f"{self.place.name}-docker")
