"""The containers of templates/vm/compose.yml on this machine: started, looked at, taken down."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

from laptop.docker.causes import explain
from laptop.docker.client import Docker
from laptop.docker.settings import TEMPLATES, DockerSettings
from laptop.docker.variables import variables
from laptop.processes.process import APPLIED
from laptop.settings import LaptopError

# compose.yml fixes the name, as it fixes addresses: one studio for each Docker.
NAME = "atelier"
LABEL = "com.docker.compose"
# The first start makes Label Studio's database.
HEALTHY_SECONDS = 600
LOG_LINES = 15


@dataclass(frozen=True)
class Container:
    """A container as `docker ps` shows it; `folder` is that of the studio which it belongs to."""

    service: str
    state: str
    status: str
    ports: str
    folder: str

    @property
    def trouble(self) -> str:
        """What is wrong with it, or nothing. One that waits for another has no trouble."""
        if self.state == "running":
            return "unhealthy" if "(unhealthy)" in self.status else ""
        return "" if self.state == "created" else self.status.lower() or self.state

    @property
    def doing(self) -> str:
        """What one that was well before does now: it is in trouble, starts again, or nothing."""
        return self.trouble or ("starting again" if "(health: starting)" in self.status else "")


class Stack:
    """One studio's containers. Raises LaptopError wherever Docker refuses."""

    def __init__(self, settings: DockerSettings, docker: Docker) -> None:
        self._settings = settings
        self._docker = docker

    def up(self, *services: str) -> None:
        """Starts what does not run, replaces what changed, and waits until it is healthy.

        Without the names of services, all of them.
        """
        wait = ["--wait", "--wait-timeout", str(HEALTHY_SECONDS)]
        what = f"starting {' and '.join(services) or 'the containers'}"
        try:
            self._compose("up", what, ["up", "--detach", *wait, *services])
        except LaptopError as error:
            raise LaptopError(self._reason(str(error)) or explain(str(error))) from None

    def apply(self) -> str:
        """Runs `studio apply --json -` in the one-shot container. Returns what it printed."""
        command = [
            "python",
            "-m",
            "studio",
            "apply",
            f"/project/{self._settings.project_file}",
            "--json",
            "-",
        ]
        run = ["run", "--rm", "--no-TTY", "apply", *command]
        what = self._settings.images.name if self._settings.images else "the demo project"
        return self._compose("apply", f"applying {what}", run, "quiet", APPLIED)

    def down(self) -> None:
        """Removes containers and networks; the data is in folders, and stays."""
        self._compose("down", "stopping the containers", ["down", "--remove-orphans"])

    def containers(self) -> list[Container]:
        """Those of the name's studio, whichever folder it belongs to."""
        label = '{{{{.Label "{}"}}}}'
        columns = (
            *(label.format(f"{LABEL}.service"), "{{.State}}", "{{.Status}}", "{{.Ports}}"),
            label.format(f"{LABEL}.project.working_dir"),
        )
        only = [f"label={LABEL}.project={NAME}", f"label={LABEL}.oneoff=False"]
        filters = [word for one in only for word in ("--filter", one)]
        listed = self._docker.answer("ps", "--all", *filters, "--format", "\t".join(columns))
        return [Container(*line.split("\t")) for line in listed.splitlines()]

    def is_anothers(self) -> str:
        """The folder of another studio that has the name now, or nothing."""
        own = str(self._settings.folder)
        return next((one.folder for one in self.containers() if one.folder != own), "")

    def require_own(self) -> None:
        """Raises LaptopError while the name is another studio's."""
        if other := self.is_anothers():
            raise LaptopError(
                f"Docker runs a studio already, whose data is in {other}. End that one first, with "
                "make demo-stop and its ATELIER_STATE: one Docker holds one studio."
            )

    def has_port(self, port: int) -> bool:
        """Whether the port is this studio's own already."""
        return any(f":{port}->" in one.ports for one in self.containers())

    def _reason(self, said: str) -> str:
        """The services in trouble, with the last lines of their logs; nothing if there is none.

        One that crashes again and again may look well now: compose has `said` which it gave up.
        """
        troubles = named_by_compose(said)
        troubles |= {one.service: one.trouble for one in self.containers() if one.trouble}
        words = []
        for service, trouble in troubles.items():
            log = self._settings.run_dir / f"{service}.log"
            log.write_text(self._log(service))
            tail = "\n".join(log.read_text().splitlines()[-LOG_LINES:])
            words.append(f"{service} is {trouble}. The end of {log}:\n{tail}")
        return "\n".join(words)

    def _log(self, service: str) -> str:
        done = self._docker.ask("logs", "--tail", "500", f"{NAME}-{service}-1")
        return done.stdout + done.stderr

    def _compose(
        self,
        name: str,
        what: str,
        words: list[str],
        progress: str = "plain",
        good: Collection[int] = (0,),
    ) -> str:
        settings = self._settings
        files = ["compose.yml", *(["compose.gpu.yml"] if settings.gpu else [])]
        chosen = [word for file in files for word in ("--file", str(TEMPLATES / file))]
        before = ["compose", "--ansi", "never", "--progress", progress, *chosen]
        before += ["--project-directory", str(settings.folder)]
        return self._docker.run(name, what, [*before, *words], variables(settings), good)


def named_by_compose(said: str) -> dict[str, str]:
    """The services that `up --wait` gave up, each with what it is: `unhealthy`, `exited (1)`."""
    named = re.findall(rf"\bcontainer {NAME}-(\w+)-1 (?:is )?(.+)", said)
    return {service: trouble.strip() for service, trouble in named}
