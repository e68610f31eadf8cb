"""A laptop with Docker: the lab's daemon, and the commands that a person types beside it."""

import json
import os
import signal
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.cloud.lab.images import CHECKOUT
from tests.cloud.lab.lab import Lab
from tests.cloud.lab.place import run
from tests.cloud.lab.processes import wait_until

PORT = 18080
BUILD_SECONDS = 1800
START_SECONDS = 900


PYTHON = ".local/env/operator/bin/python"
PERSON = 1000
NONE: Mapping[str, str] = {}
# The checkout and Docker's programs may lie in folders of root's, which a laptop has not: they can
# be read. Every file that is made is the person's own.
MAY_READ = ("--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search")


class Laptop:
    """One user's: `home` holds the demo's state. Commands and containers are in the lab's network.

    The user may use Docker, by the group of its socket; 0 is root.
    """

    def __init__(self, lab: Lab, home: Path, user: int = PERSON, port: int = PORT) -> None:
        self.lab, self.home, self.user, self.port = lab, home, user, port
        self.state = home / "state"
        self.address = f"http://127.0.0.1:{port}"
        plugins = home / ".docker" / "cli-plugins"
        plugins.parent.mkdir(parents=True)
        plugins.symlink_to(Path(lab.daemon.environment()["DOCKER_CONFIG"]) / plugins.name)
        for folder in (home, plugins.parent):
            os.chown(folder, user, user)
        os.chown(lab.daemon.socket, 0, PERSON)

    def words(self, *command: str, environ: Mapping[str, str] = NONE) -> list[str]:
        """Return a command as it runs on the laptop, its environment given as words."""
        known = {**self.lab.daemon.environment(), "ATELIER_STATE": str(self.state)}
        known |= {"HOME": str(self.home), "DOCKER_CONFIG": str(self.home / ".docker")}
        known |= environ
        given = [f"{name}={value}" for name, value in known.items()]
        who = (f"--reuid={self.user}", f"--regid={self.user}", "--clear-groups")
        become = ("setpriv", *who, *MAY_READ) if self.user else ()
        return self.lab.network.inside("env", "--chdir", CHECKOUT, *given, *become, *command)

    def run(
        self,
        *command: str,
        fails: bool = False,
        seconds: float = START_SECONDS,
        environ: Mapping[str, str] = NONE,
    ) -> str:
        """Run a command to its end; return what it said, errors included."""
        done = run(self.words(*command, environ=environ), check=False, timeout=seconds)
        said = done.stdout + done.stderr
        assert (done.returncode != 0) == fails, said
        return said

    def local(self, *words: str, fails: bool = False, environ: Mapping[str, str] = NONE) -> str:
        """Run the demo's own command, which make calls."""
        return self.run(PYTHON, "-m", "laptop", *words, fails=fails, environ=environ)

    def up(self, fails: bool = False, environ: Mapping[str, str] = NONE) -> str:
        """Start the demo in the background."""
        start = ("up", "--docker", "--detach", "--port", str(self.port))
        return self.local(*start, fails=fails, environ=environ)

    def stop(self) -> str:
        return self.local("stop")

    @property
    def facts(self) -> dict[str, Any]:
        """Return the content of demo.json; nothing while no demo is ready."""
        file = self.state / "demo.json"
        return json.loads(file.read_text()) if file.exists() else {}

    def api(self, path: str, body: object = None) -> Any:
        """Ask Label Studio through the published port."""
        token = f"Authorization: Token {self.facts['token']}"
        command = ["curl", "-sS", "--fail-with-body", "--max-time", "120", "-H", token]
        sent = None
        if body is not None:
            # Masks are longer than a word of a command may be.
            sent = json.dumps(body)
            command += ["-H", "Content-Type: application/json", "--data-binary", "@-"]
        return json.loads(self.lab.network.run(*command, self.address + path, stdin=sent).stdout)

    def tasks(self) -> list[dict[str, Any]]:
        """Return all tasks with their annotations and predictions."""
        project = self.facts["project"]
        return self.api(f"/api/tasks?project={project}&page_size=200&fields=all")["tasks"]

    def picture(self) -> str:
        """Return the SHA-256 of a task's picture, as Label Studio gives it to a browser."""
        token = f"Authorization: Token {self.facts['token']}"
        address = self.address + self.tasks()[0]["data"]["image"]
        fetch = f"curl -sS --fail -H '{token}' '{address}' | sha256sum"
        return self.lab.network.run("bash", "-o", "pipefail", "-c", fetch).stdout

    def logs_in(self) -> bool:
        """Whether a person who types the demo's password gets in."""
        script = """
        curl() { command curl -sS --max-time 60 -b "$jar" -c "$jar" "$@"; }
        jar=$(mktemp) page=$1/user/login/
        curl -o /dev/null "$page"
        csrf=$(awk '$6 == "csrftoken" { print $7 }' "$jar")
        curl -L -o /dev/null -w '%{http_code} %{url_effective}' -e "$page" \\
          --data-urlencode "email=$2" --data-urlencode "password=$3" \\
          --data-urlencode "csrfmiddlewaretoken=$csrf" "$page"
        rm "$jar"
        """
        facts = self.facts
        words = (self.address, facts["user"], facts["password"])
        said = self.lab.network.run("bash", "-euc", script, "login", *words).stdout
        return said.startswith("200 ") and "/user/login" not in said

    def containers(self) -> dict[str, dict[str, str]]:
        """Return what there is of the studio, running or not: service -> id, ports."""
        form = '{"service":{{json (.Label "com.docker.compose.service")}},"id":{{json .ID}},'
        form += '"ports":{{json .Ports}}}'
        only = ("--filter", "label=com.docker.compose.project=atelier")
        listed = self.lab.docker("ps", "--all", *only, "--format", form).stdout
        rows = [json.loads(line) for line in listed.splitlines()]
        return {row.pop("service"): row for row in rows}

    def ids(self) -> dict[str, str]:
        return {service: row["id"] for service, row in self.containers().items()}

    def networks(self) -> list[str]:
        listed = self.lab.docker("network", "ls", "--format", "{{.Name}}").stdout
        return [name for name in listed.split() if name.startswith("atelier_")]

    @contextmanager
    def foreground(self, log: Path) -> Iterator[None]:
        """Start the demo in the foreground; the block runs when it is ready, then comes Ctrl-C.

        It may go on after this: nsenter, which hears the signal too, does not wait for it.
        """
        with log.open("wb") as file:
            up = ("-m", "laptop", "up", "--docker", "--port", str(self.port))
            command = self.words(PYTHON, *up)
            process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=file, stderr=file, start_new_session=True
            )
            try:
                wait_until(
                    "the demo", START_SECONDS, lambda: self.facts or process.poll() is not None
                )
                yield
            finally:
                # A terminal sends it to the whole group.
                os.killpg(process.pid, signal.SIGINT)
                process.wait(timeout=180)

    def crash(self, service: str) -> None:
        """End a container's first process as the kernel does when memory runs out."""
        container = self.ids()[service]
        pid = self.lab.docker("inspect", "--format", "{{.State.Pid}}", container).stdout.strip()
        self.lab.network.run("kill", "-9", pid)

    def remove(self) -> None:
        """Take everything down that a test left."""
        self.stop()
        assert self.containers() == {}
